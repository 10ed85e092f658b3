#include "config/nearest.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace mailferry::config {
namespace {

/// So many letters of a name are likely meant for it, however long it is.
constexpr std::size_t kShortestBeginning = 3;

// Levenshtein distance: insert, delete, replace; in any case.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (to_lower_ascii(from[i]) == to_lower_ascii(to[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[to.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : known) {
    const bool begins_it = name.size() >= kShortestBeginning && candidate.starts_with(name);
    const std::size_t changes = begins_it ? 1 : distance(name, candidate);
    // A word of two letters is two changes away from any other: that is no likeness.
    if (changes >= best_distance || changes >= candidate.size()) continue;
    best = candidate;
    best_distance = changes;
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  const auto match = nearest(name, known);
  return match.empty() ? std::string{} : fmt::format(" (did you mean '{}'?)", match);
}

}  // namespace mailferry::config
