// One section of mailferry.toml, key by key, against the table of keys.
#pragma once

#include "config/key_table.hpp"
#include "config/problem_list.hpp"

#include <toml++/toml.h>

#include <string>

namespace mailferry::config {

class SectionReader {
 public:
  /// File names are below `directory`. `problems` must outlive the reader.
  SectionReader(std::string directory, ProblemList& problems) : directory_(std::move(directory)), problems_(problems) {}

  /// Puts each key where it belongs in `target`; what is wrong goes to the list of problems. Keys of the type mappings
  /// and the one that is called `nested` are left to the caller.
  void read(const toml::table& table, Section section, const Target& target, std::string_view nested = {});

  [[nodiscard]] ProblemList& problems() noexcept { return problems_; }

 private:
  std::string directory_;
  ProblemList& problems_;
};

}  // namespace mailferry::config
