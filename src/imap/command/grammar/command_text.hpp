// One complete command: its text without the last line end, with the literals in their places. Internal to command/.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mailferry::imap {

struct CommandText {
  /// Text and literal octets in the order in which they came; the line ends after literal headers are left out.
  std::string octets;

  struct Literal {
    std::size_t header = 0;  // where "{5}" or "~{5+}" begins in `octets`
    std::size_t data = 0;    // where its octets begin
    std::size_t size = 0;
    bool binary = false;  // literal8
  };
  std::vector<Literal> literals;  // ascending

  void clear() {
    octets.clear();
    literals.clear();
  }
};

}  // namespace mailferry::imap
