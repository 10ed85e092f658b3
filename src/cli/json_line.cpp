#include "cli/json_line.hpp"

#include "base/utf8.hpp"
#include "cli/output.hpp"

namespace mailferry::cli {

std::string to_valid_json(std::string_view serialized) {
  std::string valid;
  valid.reserve(serialized.size());
  while (!serialized.empty()) {
    const auto character = decode_utf8(serialized);
    append_utf8(valid, character ? character->value : U'\uFFFD');
    serialized.remove_prefix(character ? character->octets : 1);
  }
  return valid;
}

void print_json_line(std::string_view serialized) {
  print_out("{}\n", is_valid_utf8(serialized) ? serialized : to_valid_json(serialized));
}

}  // namespace mailferry::cli
