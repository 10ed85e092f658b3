// SEARCH (RFC 9051 §6.4.4) with the keys and RETURN options of its extensions.
#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"
#include "imap/syntax/characters.hpp"

namespace mailferry::imap::grammar {
namespace {

using Kind = SearchKey::Kind;

/// What follows the name of a key.
enum class Argument { none, text, keyword, date, number, id, header, modseq, set, key, two_keys };

struct KeyRow {
  std::string_view name;
  Kind kind;
  Argument argument;
};
constexpr KeyRow kKeys[] = {
    {"ALL", Kind::all, Argument::none},
    {"ANSWERED", Kind::answered, Argument::none},
    {"BCC", Kind::bcc, Argument::text},
    {"BEFORE", Kind::before, Argument::date},
    {"BODY", Kind::body, Argument::text},
    {"CC", Kind::cc, Argument::text},
    {"DELETED", Kind::deleted, Argument::none},
    {"DRAFT", Kind::draft, Argument::none},
    {"EMAILID", Kind::email_id, Argument::id},  // RFC 8474
    {"FLAGGED", Kind::flagged, Argument::none},
    {"FROM", Kind::from, Argument::text},
    {"HEADER", Kind::header, Argument::header},
    {"KEYWORD", Kind::keyword, Argument::keyword},
    {"LARGER", Kind::larger, Argument::number},
    {"MODSEQ", Kind::modseq, Argument::modseq},  // RFC 7162
    {"NEW", Kind::new_, Argument::none},
    {"NOT", Kind::not_, Argument::key},
    {"OLD", Kind::old, Argument::none},
    {"OLDER", Kind::older, Argument::number},  // RFC 5032
    {"ON", Kind::on, Argument::date},
    {"OR", Kind::or_, Argument::two_keys},
    {"RECENT", Kind::recent, Argument::none},
    {"SAVEDATESUPPORTED", Kind::save_date_supported, Argument::none},  // RFC 8514
    {"SAVEDBEFORE", Kind::saved_before, Argument::date},
    {"SAVEDON", Kind::saved_on, Argument::date},
    {"SAVEDSINCE", Kind::saved_since, Argument::date},
    {"SEEN", Kind::seen, Argument::none},
    {"SENTBEFORE", Kind::sent_before, Argument::date},
    {"SENTON", Kind::sent_on, Argument::date},
    {"SENTSINCE", Kind::sent_since, Argument::date},
    {"SINCE", Kind::since, Argument::date},
    {"SMALLER", Kind::smaller, Argument::number},
    {"SUBJECT", Kind::subject, Argument::text},
    {"TEXT", Kind::text, Argument::text},
    {"THREADID", Kind::thread_id, Argument::id},
    {"TO", Kind::to, Argument::text},
    {"UID", Kind::uid, Argument::set},
    {"UNANSWERED", Kind::unanswered, Argument::none},
    {"UNDELETED", Kind::undeleted, Argument::none},
    {"UNDRAFT", Kind::undraft, Argument::none},
    {"UNFLAGGED", Kind::unflagged, Argument::none},
    {"UNKEYWORD", Kind::unkeyword, Argument::keyword},
    {"UNSEEN", Kind::unseen, Argument::none},
    {"X-GM-LABELS", Kind::gm_labels, Argument::text},
    {"X-GM-MSGID", Kind::gm_message_id, Argument::number},
    {"X-GM-RAW", Kind::gm_raw, Argument::text},
    {"X-GM-THRID", Kind::gm_thread_id, Argument::number},
    {"YOUNGER", Kind::younger, Argument::number},
};

Result<SearchKey> key(Cursor& in);

Result<> children(Cursor& in, SearchKey& parent, int count) {
  for (int i = 0; i < count; ++i) {
    CHECK_OK(in.space());
    TRY(auto child, key(in));
    parent.children.push_back(std::move(child));
  }
  return {};
}

/// [entry-name SP entry-type SP] number, RFC 7162 §3.1.5.
Result<> modseq(Cursor& in, SearchKey& key) {
  if (!is_digit(in.peek())) {
    TRY(key.text, in.string());
    CHECK_OK(in.space());
    TRY(key.field, in.word());
    if (key.field != "ALL" && key.field != "PRIV" && key.field != "SHARED") return syntax_error("unknown entry type");
    CHECK_OK(in.space());
  }
  TRY(key.number, in.number64());
  return {};
}

Result<> header(Cursor& in, SearchKey& key) {
  TRY(key.field, in.astring());
  CHECK_OK(in.space());
  TRY(key.text, in.astring());
  return {};
}

Result<> read_argument(Cursor& in, Argument argument, SearchKey& key) {
  if (argument == Argument::none) return {};
  if (argument == Argument::key) return children(in, key, 1);
  if (argument == Argument::two_keys) return children(in, key, 2);
  CHECK_OK(in.space());
  if (argument == Argument::header) return header(in, key);
  if (argument == Argument::modseq) return modseq(in, key);
  if (argument == Argument::text) {
    TRY(key.text, in.astring());
  } else if (argument == Argument::keyword || argument == Argument::id) {
    TRY(key.text, in.atom());
  } else if (argument == Argument::date) {
    TRY(key.date, in.date());
  } else if (argument == Argument::number) {
    TRY(key.number, in.number64());
  } else {
    TRY(key.set, in.sequence_set());
  }
  return {};
}

Result<SearchKey> key_list(Cursor& in) {
  SearchKey all;
  all.kind = Kind::and_;
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(auto child, key(in));
    all.children.push_back(std::move(child));
    return {};
  }));
  return all;
}

Result<SearchKey> key(Cursor& in) {
  if (in.peek() == '(') return key_list(in);
  SearchKey key;
  if (is_digit(in.peek()) || in.peek() == '*' || in.peek() == '$') {
    key.kind = Kind::sequence;
    TRY(key.set, in.sequence_set());
    return key;
  }
  TRY(const auto name, in.word());
  const auto* const row = find_row(kKeys, name);
  if (row == nullptr) return syntax_error("unknown search key");
  key.kind = row->kind;
  CHECK_OK(in.enter());
  CHECK_OK(read_argument(in, row->argument, key));
  in.leave();
  return key;
}

struct ReturnRow {
  std::string_view name;
  bool SearchCommand::*member;
};
constexpr ReturnRow kReturn[] = {
    {"ALL", &SearchCommand::return_all}, {"COUNT", &SearchCommand::return_count}, {"MAX", &SearchCommand::return_max},
    {"MIN", &SearchCommand::return_min}, {"SAVE", &SearchCommand::save},
};

Result<> return_options(Cursor& in, SearchCommand& command) {
  command.extended = true;
  CHECK_OK(in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    TRY(const auto name, in.word());
    if (name == "PARTIAL") {
      CHECK_OK(in.space());
      TRY(command.partial, in.partial_range());
      return {};
    }
    const auto* const row = find_row(kReturn, name);
    if (row == nullptr) return syntax_error("unknown return option");
    command.*(row->member) = true;
    return {};
  }));
  // RFC 9394 §3.1.
  if (command.partial && command.return_all) return syntax_error("ALL and PARTIAL exclude each other");
  const bool any = command.return_all || command.return_count || command.return_max || command.return_min ||
                   command.save || command.partial;
  if (!any) command.return_all = true;
  return {};
}

}  // namespace

Result<CommandData> search(Cursor& in) {
  SearchCommand command;
  CHECK_OK(in.space());
  if (in.accept_word("RETURN")) {
    CHECK_OK(in.space());
    CHECK_OK(return_options(in, command));
    CHECK_OK(in.space());
  }
  if (in.accept_word("CHARSET")) {
    CHECK_OK(in.space());
    TRY(command.charset, in.astring());
    for (char& c : command.charset)
      c = to_upper_ascii(c);
    CHECK_OK(in.space());
  }
  do {
    TRY(auto next, key(in));
    command.keys.push_back(std::move(next));
  } while (in.accept(' '));
  return command;
}

}  // namespace mailferry::imap::grammar
