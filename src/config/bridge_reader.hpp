// [bridge] with its sources and mappings: the section of mailferry.toml that has sections.
#pragma once

#include "config/account.hpp"
#include "config/bridge.hpp"
#include "config/section_reader.hpp"

#include <span>
#include <string_view>

namespace mailferry::config {

/// Reads the section; what is wrong goes to the problems of `reader`. `accounts` and `names` as in check_bridge().
[[nodiscard]] Bridge read_bridge(const toml::node& node, SectionReader& reader, std::span<const Account> accounts,
                                 std::span<const std::string_view> names);

}  // namespace mailferry::config
