#include "cli/errors.hpp"

#include "base/utf8.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_line.hpp"
#include "cli/output.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {

int print_error(const Error& error, bool json) {
  const int code = exit_code(error);
  auto sentence = sanitize_for_terminal(error.describe());
  while (!error.remedy.empty() && sentence.ends_with('.'))
    sentence.pop_back();
  print_err("mailferry: {}{}\n", sentence, error.remedy.empty() ? "" : "; " + sanitize_for_terminal(error.remedy));
  if (json) {
    const boost::json::object object{
        {"event", "error"}, {"message", error.describe()}, {"remedy", error.remedy}, {"exit_code", code}};
    print_json_line(boost::json::serialize(object));
  }
  return code;
}

}  // namespace mailferry::cli
