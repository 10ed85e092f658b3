#include "base/log_options.hpp"

#include <array>
#include <utility>

namespace mailferry::log {
namespace {

using Target = Options::Target;

constexpr std::array<std::pair<std::string_view, Target>, 3> kTargets{
    {{"stderr", Target::standard_error}, {"stdout", Target::standard_output}, {"syslog", Target::syslog}}};

}  // namespace

void set_target(std::string_view text, Options& options) {
  options.target = Target::file;
  options.file = text;
  for (const auto& [name, target] : kTargets) {
    if (name != text) continue;
    options.target = target;
    options.file.clear();
  }
}

std::string target_text(const Options& options) {
  for (const auto& [name, target] : kTargets) {
    if (target == options.target) return std::string(name);
  }
  return options.file;
}

}  // namespace mailferry::log
