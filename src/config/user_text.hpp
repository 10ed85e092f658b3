// Texts that people typed: what must not be in them, and how they are repeated in messages.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::config {

/// C0 or DEL: in no user, host or name that means anything.
[[nodiscard]] bool has_control(std::string_view text) noexcept;

/// In one line, safe for a terminal, and of a URL only the scheme: it may hold a password, in whatever place it was
/// put.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace mailferry::config
