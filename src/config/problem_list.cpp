#include "config/problem_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace mailferry::config {

void ProblemList::add(const toml::source_region& place, std::string text) {
  problems_.push_back({.line = place.begin.line, .column = place.begin.column, .text = std::move(text)});
}

std::string ProblemList::text(const std::string& file) {
  // Tables come in the order of their names; people read from top to bottom.
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& left, const Problem& right) {
    return std::tie(left.line, left.column) < std::tie(right.line, right.column);
  });
  std::vector<std::string> lines;
  for (const auto& [line, column, problem] : problems_)
    lines.push_back(fmt::format("{}:{}:{}: {}", file, line, column, problem));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace mailferry::config
