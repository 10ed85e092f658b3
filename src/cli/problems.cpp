#include "cli/problems.hpp"

#include "cli/errors.hpp"

#include <utility>

namespace mailferry::cli {

int print_problems(const Error& error, bool json) {
  Error rest = error;
  for (auto end = rest.message.find('\n'); end != std::string::npos; end = rest.message.find('\n')) {
    Error one = rest;
    one.message = rest.message.substr(0, end);
    one.remedy.clear();
    print_error(one, json);
    rest.message.erase(0, end + 1);
  }
  return print_error(rest, json);
}

}  // namespace mailferry::cli
