#include "services/parked.hpp"

#include <fmt/format.h>

namespace mailferry::services {

Result<std::vector<report::ParkedStatus>> read_parked(const std::string& state_file) {
  return fail(ErrorKind::network, Scope::run, fmt::format("no bridge runs with the state file {}", state_file),
              "start it with mailferry bridge, or name its state file with --state");
}

}  // namespace mailferry::services
