// JSON for the program behind ours: whatever servers and mail hold, each line can be read.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::cli {

/// The same JSON, valid: octets that are not UTF-8, which only its strings can hold, become U+FFFD.
[[nodiscard]] std::string to_valid_json(std::string_view serialized);

/// Prints one object as a line on standard output.
void print_json_line(std::string_view serialized);

}  // namespace mailferry::cli
