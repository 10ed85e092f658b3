// Rows of { name, value } tables. Internal to command/.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace mailferry::imap::grammar {

/// The row of `table` whose `name` is `upper`; nullptr: none.
template <class Table>
[[nodiscard]] constexpr auto find_row(const Table& table, std::string_view upper) noexcept
    -> decltype(std::data(table)) {
  const auto* const end = std::data(table) + std::size(table);
  const auto* const row = std::find_if(std::data(table), end, [upper](const auto& each) { return each.name == upper; });
  return row == end ? nullptr : row;
}

}  // namespace mailferry::imap::grammar
