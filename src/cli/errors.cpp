#include "cli/errors.hpp"

#include "base/utf8.hpp"
#include "cli/exit_codes.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {

int print_error(const Error& error, bool json) {
  const int code = exit_code(error);
  fmt::print(stderr, "mailferry: {}{}\n", sanitize_for_terminal(error.describe()),
             error.remedy.empty() ? "" : "; " + sanitize_for_terminal(error.remedy));
  if (json) {
    const boost::json::object object{{"event", "error"}, {"message", error.describe()}, {"remedy", error.remedy}, {"exit_code", code}};
    fmt::print("{}\n", boost::json::serialize(object));
  }
  return code;
}

}  // namespace mailferry::cli
