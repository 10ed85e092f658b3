// mailferry explain FROM MAILBOX UID [TO]
#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/json_line.hpp"
#include "cli/output.hpp"
#include "mime/decoded_text.hpp"
#include "services/explain.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {

int cmd_explain(const Invocation& invocation) {
  services::ExplainRequest request{.from = invocation.from,
                                   .to = {},
                                   .from_secret = invocation.from_secret,
                                   .to_secret = invocation.to_secret,
                                   .mailbox = invocation.mailbox,
                                   .uid = invocation.uid,
                                   .state_file = invocation.options.state_file};
  if (invocation.has_to) request.to = invocation.to;
  const auto report = services::run_explain(request);
  for (const auto& [topic, raw] : report.facts) {
    const auto text = topic == "subject" ? mime::decode_header_text(raw) : raw;
    if (invocation.options.json) {
      print_json_line(boost::json::serialize(boost::json::object{{"event", "fact"}, {"topic", topic}, {"text", text}}));
    } else {
      print_out("{:<12} {}\n", topic, sanitize_for_terminal(text));
    }
  }
  return report.error ? print_error(*report.error, invocation.options.json) : 0;
}

}  // namespace mailferry::cli
