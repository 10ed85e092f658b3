// What has to fit together in a bridge, however it was written down.
#pragma once

#include "config/account.hpp"
#include "config/bridge.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::config {

struct BridgeProblem {
  /// Which source and which of its mappings, from 0; absent: the bridge as a whole.
  std::optional<std::size_t> source{};
  std::optional<std::size_t> mapping{};
  std::string text;
};

/// All of them: names of accounts that are not in `names`, an account that is source and destination, mappings that
/// say nothing or the same twice, keys that contradict each other. `accounts` may lack some of `names`, namely those
/// that have problems of their own.
[[nodiscard]] std::vector<BridgeProblem> check_bridge(const Bridge& bridge, std::span<const Account> accounts,
                                                      std::span<const std::string_view> names);

}  // namespace mailferry::config
