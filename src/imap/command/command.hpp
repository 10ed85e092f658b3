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

/// How the writer may send literals (RFC 9051 §4.3, RFC 7888): always waiting for "+", waiting above 4096 octets, never
/// waiting.
enum class LiteralMode { synchronizing, minus, plus };

/// Whether a literal of `size` octets must wait for "+".
[[nodiscard]] bool must_wait(LiteralMode mode, std::uint64_t size) noexcept;

/// What is to be written: octets, and the places where the client must wait for "+".
/// parts[0] is sent at once; each further part only after a continuation. Most commands have one part.
struct WireCommand {
  /// Empty when an argument contained NUL, which no argument of IMAP can carry: nothing may be sent then.
  std::vector<std::string> parts;
  /// The same for logs, on one line: passwords and SASL data replaced by "***".
  std::string log_text;
};

/// Builds one command line. Tags are given by the caller (ClientEngine). All names are in wire form already where the
/// comment says so, and are nevertheless escaped: CR, LF and 8-bit in any argument can only be sent inside a literal,
/// and NUL not at all (WireCommand::parts). Breaking a precondition is a programming error and ends the process. Usage:
/// CommandWriter(tag, mode).atom("STATUS").mailbox(wire).list({"MESSAGES"}).take()
class CommandWriter {
 public:
  CommandWriter(std::string_view tag, LiteralMode mode);

  /// A word from the fixed vocabulary of IMAP ("UID FETCH"): ATOM-CHARs, "]" and blanks; anything else ends the
  /// process.
  CommandWriter& atom(std::string_view word);
  /// astring: atom, quoted or literal as needed.
  CommandWriter& astring(std::string_view value);
  /// Always quoted or literal.
  CommandWriter& string(std::string_view value);
  /// A mailbox name in wire form, as an astring; "INBOX" stays an atom.
  CommandWriter& mailbox(std::string_view wire_name) { return astring(wire_name); }
  /// A mailbox pattern, always quoted or literal; "*" and "%" keep their meaning.
  CommandWriter& list_pattern(std::string_view pattern) { return string(pattern); }
  /// "1:5,9"; an empty set is a programming error.
  CommandWriter& uid_set(const UidSet& set);
  /// "first:*".
  CommandWriter& uids_from(Uid first);
  CommandWriter& number(std::uint64_t value);
  /// "(A B C)"; the words as in atom().
  CommandWriter& list(const std::vector<std::string_view>& words);
  /// "BODY.PEEK[HEADER.FIELDS (A B)]"; the names as in atom(), at least one.
  CommandWriter& header_fields(const std::vector<std::string_view>& names);
  /// "(\Seen $Label1)". Keywords that are no atoms are left out: they cannot be sent.
  CommandWriter& flags(const Flags& flags);
  /// A mailbox attribute of the fixed vocabulary, "\Sent"; a backslash and an atom.
  CommandWriter& attribute(std::string_view name);
  /// "\"17-Jul-1996 02:44:25 -0700\"".
  CommandWriter& date(const InternalDate& date);
  CommandWriter& nil() { return atom("NIL"); }
  CommandWriter& open();   // "("
  CommandWriter& close();  // ")"
  /// An astring that logs must not show.
  CommandWriter& secret(std::string_view value);

  /// Ends the line.
  [[nodiscard]] WireCommand take();

 private:
  enum class Form { astring, string };
  void space();
  void put(std::string_view text, std::string_view logged);
  void put_word(std::string_view text);
  void put_value(std::string_view value, Form form, std::string_view logged);
  void put_literal(std::string_view value, std::string_view logged);

  WireCommand command_;
  LiteralMode mode_;
  bool need_space_ = true;
  bool refused_ = false;
};

}  // namespace mailferry::imap
