#include "cli/manual.hpp"

#include "cli/exit_codes.hpp"
#include "cli/man_page.hpp"
#include "cli/option_table.hpp"
#include "config/key_docs.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>

namespace mailferry::cli {

std::vector<std::string_view> manual_part_names() {
  std::vector<std::string_view> names{"configuration", "exit-codes", "man"};
  for (const auto& command : command_table()) {
    if ((command.set & kManualCommands) != 0) names.push_back(command.name);
  }
  return names;
}

Result<std::string> manual_part(std::string_view name) {
  if (name == "configuration") return config::configuration_markdown();
  if (name == "exit-codes") return exit_codes_markdown();
  if (name == "man") return man_page();
  for (const auto& command : command_table()) {
    if (command.name == name && (command.set & kManualCommands) != 0) return options_markdown(command);
  }
  return fail(ErrorKind::usage, Scope::run,
              fmt::format("there is no page '{}'{}", name, config::did_you_mean(name, manual_part_names())),
              "see mailferry config docs --help");
}

}  // namespace mailferry::cli
