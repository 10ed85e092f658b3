// The version that --version and reports show; the same as in CMakeLists.txt (a test compares them).
#pragma once

#include <string_view>

namespace mailferry::cli {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace mailferry::cli
