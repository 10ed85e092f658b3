// How a fuzz target says that a law is broken.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Ends the process with the law and the two values when they are not equal.
inline void require_equal(std::string_view law, std::string_view left, std::string_view right) {
  if (left == right) return;
  std::fprintf(stderr, "broken law: %.*s\n--- one\n%.*s\n--- other\n%.*s\n", static_cast<int>(law.size()), law.data(),
               static_cast<int>(left.size()), left.data(), static_cast<int>(right.size()), right.data());
  std::abort();
}

inline void require_law(std::string_view law, bool holds) {
  require_equal(law, holds ? "" : "holds not", "");
}
