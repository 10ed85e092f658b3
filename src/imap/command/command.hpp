// Commands as values, for both sides: the client builds and writes them, the server parses them. There is no way to
// splice raw text into one: every argument has a type, and the writer chooses atom, quoted string or literal.
#pragma once

#include "imap/capabilities.hpp"
#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/uid_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::imap {

/// How the writer may send literals (RFC 9051 §4.3, RFC 7888).
enum class LiteralMode { synchronizing, minus, plus };

/// What is to be written: octets, and the places where the client must wait for "+".
/// parts[0] is sent at once; each further part only after a continuation. Most commands have one part.
struct WireCommand {
  std::vector<std::string> parts;
  /// The same for logs: passwords and SASL data replaced by "***".
  std::string log_text;
};

/// Builds one command line. Tags are given by the caller (ClientEngine). All names are in wire form already where the
/// comment says so, and are nevertheless escaped: CR, LF and NUL in any argument can only be sent inside a literal (NUL is
/// refused). Usage: CommandWriter(tag, mode).atom("STATUS").mailbox(wire).list({"MESSAGES"}).take()
class CommandWriter {
 public:
  CommandWriter(std::string_view tag, LiteralMode mode);

  /// A word from the fixed vocabulary of IMAP ("UID FETCH"). CHECKs that it has only atom characters, blanks allowed.
  CommandWriter& atom(std::string_view word);
  /// astring: atom, quoted or literal as needed.
  CommandWriter& astring(std::string_view value);
  /// Always quoted or literal.
  CommandWriter& string(std::string_view value);
  /// A mailbox name in wire form, as an astring; "INBOX" stays an atom.
  CommandWriter& mailbox(std::string_view wire_name);
  CommandWriter& list_pattern(std::string_view pattern);
  /// "1:5,9"; an empty set is a programming error.
  CommandWriter& uid_set(const UidSet& set);
  /// "first:*".
  CommandWriter& uids_from(Uid first);
  CommandWriter& number(std::uint64_t value);
  /// "(A B C)"; the words as in atom().
  CommandWriter& list(const std::vector<std::string_view>& words);
  /// "(\Seen $Label1)". Keywords that are no atoms are left out: they cannot be sent.
  CommandWriter& flags(const Flags& flags);
  /// "\"17-Jul-1996 02:44:25 -0700\"".
  CommandWriter& date(const InternalDate& date);
  CommandWriter& open();   // "("
  CommandWriter& close();  // ")"
  /// An argument that logs must not show.
  CommandWriter& secret(std::string_view value);

  /// Ends the line.
  [[nodiscard]] WireCommand take();

 private:
  void space();
  void put(std::string_view text, std::string_view logged);
  void literal(std::string_view value, std::string_view logged);
  WireCommand command_;
  LiteralMode mode_;
  bool need_space_ = true;
  bool failed_ = false;
};

}  // namespace mailferry::imap
