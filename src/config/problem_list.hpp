// What is wrong with mailferry.toml, gathered while it is read, each with its place.
#pragma once

#include "base/result.hpp"

#include <toml++/toml.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mailferry::config {

class ProblemList {
 public:
  void add(const toml::source_region& place, std::string text);
  [[nodiscard]] std::size_t size() const noexcept { return problems_.size(); }
  /// "FILE:LINE:COLUMN: …", one a line, from top to bottom. Must not be empty.
  [[nodiscard]] std::string text(const std::string& file);

 private:
  struct Problem {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string text;
  };
  std::vector<Problem> problems_;
};

}  // namespace mailferry::config
