// A message that the program writes itself, with a text and an HTML form of the same (RFC 5322, MIME), by GMime.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>

namespace mailferry::mime {

/// All texts are UTF-8; what is not is replaced.
struct Letter {
  std::string sender_name;
  std::string sender;     // "bob@example.org"
  std::string recipient;  // the same
  std::string subject;
  std::chrono::system_clock::time_point date{};
  std::string message_id;  // without the angle brackets
  std::string text;        // lines end with LF
  std::string html;
};

/// The whole message with CRLF: Date in local time, encoded words where needed, multipart/alternative with the parts in
/// quoted-printable. The same letter gives the same octets. Error: GMime is not there.
[[nodiscard]] Result<std::string> compose(const Letter& letter);

}  // namespace mailferry::mime
