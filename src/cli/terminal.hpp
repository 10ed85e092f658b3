// What the program knows of the terminal in front of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace mailferry::cli {

enum class Stream { input, output, error };

[[nodiscard]] bool is_terminal(Stream stream) noexcept;
/// Somebody sits there: standard input and standard error are terminals, so that a question can be asked and answered.
[[nodiscard]] bool is_interactive() noexcept;
/// Columns of the terminal; 80 when it does not tell or there is none.
[[nodiscard]] std::size_t terminal_width(Stream stream) noexcept;

/// Asks on standard error and reads a line from standard input. True only for "y" or "yes" in any case; end of input, a
/// signal and no answer within `patience` mean no.
[[nodiscard]] bool ask_yes_no(std::string_view question, std::chrono::milliseconds patience = std::chrono::minutes(10));

/// The same between descriptors.
[[nodiscard]] bool ask_yes_no(int input, int output, std::string_view question, std::chrono::milliseconds patience);

}  // namespace mailferry::cli
