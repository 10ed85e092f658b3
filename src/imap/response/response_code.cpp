#include "imap/response/response_code.hpp"

#include "base/ascii.hpp"
#include "imap/response/flag_list.hpp"
#include "imap/response/lexer.hpp"
#include "imap/response/number_set.hpp"
#include "imap/response/quoted.hpp"
#include "imap/syntax/characters.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

void read_number(Lexer& lexer, ResponseCode& code) {
  code.number = lexer.take_number().value_or(0);
}

/// "(\Seen \*)". A list that breaks off counts as far as it goes: an empty one would say that nothing can be stored.
void read_flags(Lexer& lexer, ResponseCode& code) {
  read_flag_list(lexer, [&code](std::string_view flag) { code.atoms.emplace_back(flag); });
}

/// "IMAP4rev1 IDLE" and "(US-ASCII UTF-8)", the latter also without parentheses (RFC 9051 §7.1).
void read_atoms(Lexer& lexer, ResponseCode& code) {
  lexer.skip('(');
  for (lexer.skip_blanks(); !lexer.at_end() && lexer.peek() != ')'; lexer.skip_blanks()) {
    auto atom = lexer.take_astring();
    if (!atom || atom->empty()) return;
    code.atoms.push_back(*std::move(atom));
  }
}

/// RFC 8474 §4: "(F2212ea87)".
void read_object_id(Lexer& lexer, ResponseCode& code) {
  read_atoms(lexer, code);
}

void read_modified(Lexer& lexer, ResponseCode& code) {
  if (auto set = parse_number_set(lexer.take_word())) code.source = std::move(set->numbers);
}

bool read_uid_validity(Lexer& lexer, ResponseCode& code) {
  const auto number = lexer.take_number32();
  if (!number) return false;
  code.uid_validity = *number;
  lexer.skip_blanks();
  return true;
}

/// A set whose order is lost says which UIDs are new, but not which is whose: it is left out.
void read_appenduid(Lexer& lexer, ResponseCode& code) {
  if (!read_uid_validity(lexer, code)) return;
  auto set = parse_number_set(lexer.take_word());
  if (set && set->ascending) code.destination = std::move(set->numbers);
}

void read_copyuid(Lexer& lexer, ResponseCode& code) {
  if (!read_uid_validity(lexer, code)) return;
  auto source = parse_number_set(lexer.take_word());
  lexer.skip_blanks();
  auto destination = parse_number_set(lexer.take_word());
  if (!source || !destination || !source->ascending || !destination->ascending) return;
  if (source->numbers.size() != destination->numbers.size()) return;
  code.source = std::move(source->numbers);
  code.destination = std::move(destination->numbers);
}

struct CodeRow {
  std::string_view name;
  Code code;
  void (*read)(Lexer&, ResponseCode&) = nullptr;  // none: the argument stays as text
};
/// RFC 9051 §7.1 where no other document is named.
constexpr CodeRow kCodes[] = {
    {"ALERT", Code::alert},
    {"ALREADYEXISTS", Code::already_exists},
    {"APPENDUID", Code::appenduid, read_appenduid},
    {"AUTHENTICATIONFAILED", Code::authentication_failed},
    {"AUTHORIZATIONFAILED", Code::authorization_failed},
    {"BADCHARSET", Code::badcharset, read_atoms},
    {"BADCOMPARATOR", Code::bad_comparator},    // RFC 5255
    {"BADEVENT", Code::bad_event, read_atoms},  // RFC 5465
    {"BADURL", Code::bad_url},                  // RFC 4469
    {"CANNOT", Code::cannot},
    {"CAPABILITY", Code::capability, read_atoms},
    {"CLIENTBUG", Code::client_bug},
    {"CLOSED", Code::closed},
    {"CONTACTADMIN", Code::contact_admin},
    {"COPYUID", Code::copyuid, read_copyuid},
    {"CORRUPTION", Code::corruption},
    {"EXPIRED", Code::expired},
    {"EXPUNGEISSUED", Code::expunge_issued},
    {"HASCHILDREN", Code::has_children},
    {"HIGHESTMODSEQ", Code::highestmodseq, read_number},  // RFC 7162
    {"INUSE", Code::in_use},
    {"LIMIT", Code::limit},
    {"MAILBOXID", Code::mailboxid, read_object_id},                   // RFC 8474
    {"MAXCONVERTMESSAGES", Code::max_convert_messages, read_number},  // RFC 5259
    {"MESSAGELIMIT", Code::message_limit, read_number},               // RFC 9738
    {"METADATA", Code::metadata},                                     // RFC 5464
    {"MODIFIED", Code::modified, read_modified},                      // RFC 7162
    {"NOUPDATE", Code::noupdate},                                     // RFC 5267
    {"NOPERM", Code::no_perm},
    {"NOMODSEQ", Code::no_modseq},  // RFC 7162
    {"NONEXISTENT", Code::nonexistent},
    {"NOTIFICATIONOVERFLOW", Code::notification_overflow},  // RFC 5465
    {"NOTSAVED", Code::not_saved},
    {"OVERQUOTA", Code::over_quota},
    {"PARSE", Code::parse},
    {"PERMANENTFLAGS", Code::permanentflags, read_flags},
    {"PRIVACYREQUIRED", Code::privacy_required},
    {"READ-ONLY", Code::read_only},
    {"READ-WRITE", Code::read_write},
    {"REFERRAL", Code::referral},  // RFC 2221
    {"SERVERBUG", Code::server_bug},
    {"TEMPFAIL", Code::temp_fail},   // RFC 5259
    {"THROTTLED", Code::throttled},  // Gmail, Yahoo
    {"TOOBIG", Code::too_big},       // RFC 4469
    {"TRYCREATE", Code::try_create},
    {"UIDNEXT", Code::uid_next, read_number},
    {"UIDNOTSTICKY", Code::uid_not_sticky},
    {"UIDREQUIRED", Code::uid_required},  // RFC 9586
    {"UIDVALIDITY", Code::uid_validity, read_number},
    {"UNAVAILABLE", Code::unavailable},
    {"UNDEFINED-FILTER", Code::undefined_filter, read_atoms},  // RFC 5466
    {"UNKNOWN-CTE", Code::unknown_cte},
    {"UNSEEN", Code::unseen, read_number},
    {"USEATTR", Code::use_attr},  // RFC 6154
};

const CodeRow* find_row(std::string_view name) noexcept {
  const auto* row =
      std::ranges::find_if(kCodes, [name](const CodeRow& known) { return equal_ascii_nocase(known.name, name); });
  return row == std::end(kCodes) ? nullptr : row;
}

bool is_code_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return is_atom_char(c) && c != '='; });
}

}  // namespace

std::size_t find_code_end(std::string_view text) noexcept {
  int brackets = 0;
  int parentheses = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    const auto c = text[at];
    if (opens_quoted(text, at)) {
      at = find_closing_quote(text, at);
      if (at == std::string_view::npos) break;
    } else if (c == '[') {
      ++brackets;
    } else if (c == '(' || c == ')') {
      parentheses += c == '(' ? 1 : -1;
    } else if (c == ']' && brackets > 0) {
      --brackets;
    } else if (c == ']' && parentheses <= 0) {
      return at;
    }
  }
  return text.find(']');
}

ResponseCode parse_response_code(std::string_view inside) {
  ResponseCode code;
  constexpr int kDepth = 8;
  Lexer lexer(inside, kDepth);
  lexer.skip_blanks();
  const auto name = lexer.take_word();
  if (!is_code_name(name)) return code;
  code.name = to_upper(name);
  lexer.skip_blanks();
  code.argument = lexer.rest();
  const auto* row = find_row(name);
  code.code = row == nullptr ? Code::other : row->code;
  if (row != nullptr && row->read != nullptr) row->read(lexer, code);
  return code;
}

Code find_code(std::string_view name) noexcept {
  const auto* row = find_row(name);
  return row == nullptr ? Code::other : row->code;
}

std::string_view code_name(Code code) noexcept {
  const auto* row = std::ranges::find(kCodes, code, &CodeRow::code);
  return row == std::end(kCodes) ? std::string_view() : row->name;
}

}  // namespace mailferry::imap
