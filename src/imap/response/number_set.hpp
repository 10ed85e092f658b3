// Sets of numbers as servers send them: "1,5:3,9". Kept apart from UidSet::parse, which reads what a strict peer sends.
#pragma once

#include "mail/uid_set.hpp"

#include <optional>
#include <string_view>

namespace mailferry::imap {

struct NumberSet {
  UidSet numbers;
  /// Each range lies above the one before it; only then does the n-th number sent belong to the n-th in the set.
  bool ascending = true;
};

/// Zeros are left out (0 is no UID; quirk z1). nullopt: not a set. Takes O(n log n) whatever the order.
[[nodiscard]] std::optional<NumberSet> parse_number_set(std::string_view text);

}  // namespace mailferry::imap
