#include "config/user_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace mailferry::config {

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string shown(std::string_view text) {
  constexpr std::string_view kSlashes = "://";
  const auto slashes = text.find(kSlashes);
  if (slashes == std::string_view::npos) return sanitize_for_terminal(text);
  return sanitize_for_terminal(text.substr(0, slashes + kSlashes.size())) + "…";
}

}  // namespace mailferry::config
