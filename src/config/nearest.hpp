// "Did you mean …?" for names that a person mistyped.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mailferry::config {

/// The known name that needs the fewest changes to become `name`; empty when none is near (a third of its letters, at
/// least 2).
[[nodiscard]] std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

/// " (did you mean 'x'?)" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace mailferry::config
