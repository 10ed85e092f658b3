// mailferry copy FROM TO
#include "cli/commands.hpp"
#include "cli/copy_view.hpp"
#include "cli/errors.hpp"
#include "cli/mapping_options.hpp"

namespace mailferry::cli {

int cmd_copy(const Invocation& invocation) {
  const auto& options = invocation.options;
  auto rules = to_mapping_rules(options);
  if (!rules) return print_error(rules.error(), options.json);
  const services::CopyRequest request{.from = invocation.from,
                                      .to = invocation.to,
                                      .from_secret = invocation.from_secret,
                                      .to_secret = invocation.to_secret,
                                      .state_file = options.state_file,
                                      .rules = std::move(*rules),
                                      .connections = options.connections,
                                      .window_octets = options.window_octets,
                                      .dry_run = options.dry_run};
  CopyView view(options, invocation.from.label(), invocation.to.label());
  const auto report = services::run_copy(request, view);
  return view.finish(report);
}

}  // namespace mailferry::cli
