// mailferry failures, mailferry retry
#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_line.hpp"
#include "cli/output.hpp"
#include "cli/status_view.hpp"
#include "report/status_json.hpp"
#include "services/parked.hpp"
#include "web/status_client.hpp"

#include <boost/json.hpp>

namespace mailferry::cli {
namespace {

Result<std::vector<report::ParkedStatus>> list_parked(const std::string& state_file) {
  auto status = web::ask_status(state_file);
  if (status) return std::move(status->parked);
  if (web::is_not_running(status.error())) return services::read_parked(state_file);
  return std::unexpected(std::move(status).error());
}

void print_json(const std::vector<report::ParkedStatus>& parked) {
  for (const auto& message : parked)
    print_json_line(report::to_json(message));
}

int print_count(const char* event, std::size_t count, std::string_view sentence, const Options& options) {
  if (options.json) {
    print_json_line(boost::json::serialize(boost::json::object{{"event", event}, {"messages", count}}));
  } else {
    print_out("{} {}\n", format_counted(count, "message", "messages"), sentence);
  }
  return to_int(ExitCode::ok);
}

int clear(const Options& options) {
  const auto cleared = web::ask_clear(options.state_file, *options.clear);
  if (!cleared) return print_error(cleared.error(), options.json);
  return print_count("cleared", *cleared, "given up: neither tried nor reported again", options);
}

}  // namespace

int cmd_failures(const Invocation& invocation) {
  const auto& options = invocation.options;
  if (options.clear) return clear(options);
  const auto parked = list_parked(options.state_file);
  if (!parked) return print_error(parked.error(), options.json);
  if (options.json) {
    print_json(*parked);
  } else {
    print_out("{}", failures_text(*parked, std::chrono::system_clock::now()));
  }
  return to_int(ExitCode::ok);
}

int cmd_retry(const Invocation& invocation) {
  const auto& options = invocation.options;
  const auto retried = web::ask_retry(options.state_file);
  if (!retried) return print_error(retried.error(), options.json);
  return print_count("retry", *retried, "tried again", options);
}

}  // namespace mailferry::cli
