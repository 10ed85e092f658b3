// FETCH (RFC 9051 §6.4.5) and its items.
#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"
#include "imap/syntax/characters.hpp"

namespace mailferry::imap::grammar {
namespace {

using Kind = FetchItem::Kind;
using Text = Section::Text;

struct ItemRow {
  std::string_view name;
  Kind kind;
};
/// Items that are one word. BODY, BINARY and PREVIEW have more to read.
constexpr ItemRow kWords[] = {
    {"BODYSTRUCTURE", Kind::body_structure},
    {"EMAILID", Kind::email_id},  // RFC 8474
    {"ENVELOPE", Kind::envelope},
    {"FLAGS", Kind::flags},
    {"INTERNALDATE", Kind::internal_date},
    {"MODSEQ", Kind::modseq},  // RFC 7162
    {"RFC822", Kind::rfc822},
    {"RFC822.HEADER", Kind::rfc822_header},
    {"RFC822.SIZE", Kind::rfc822_size},
    {"RFC822.TEXT", Kind::rfc822_text},
    {"SAVEDATE", Kind::save_date},  // RFC 8514
    {"THREADID", Kind::thread_id},
    {"UID", Kind::uid},
    {"X-GM-LABELS", Kind::gm_labels},
    {"X-GM-MSGID", Kind::gm_message_id},
    {"X-GM-THRID", Kind::gm_thread_id},
};

struct SectionItemRow {
  std::string_view name;
  Kind kind;
  bool peek;
};
/// Items that have a section in brackets.
constexpr SectionItemRow kSections[] = {
    {"BODY", Kind::section, false},      {"BODY.PEEK", Kind::section, true},
    {"BINARY", Kind::binary, false},  // RFC 3516
    {"BINARY.PEEK", Kind::binary, true}, {"BINARY.SIZE", Kind::binary_size, false},
};

struct TextRow {
  std::string_view name;
  Text text;
};
constexpr TextRow kTexts[] = {
    {"HEADER", Text::header},
    {"HEADER.FIELDS", Text::header_fields},
    {"HEADER.FIELDS.NOT", Text::header_fields_not},
    {"TEXT", Text::text},
    {"MIME", Text::mime},
};

/// RFC 9051 §6.4.5: ALL, FAST and FULL stand alone.
struct MacroRow {
  std::string_view name;
  std::size_t length;  // how many of kMacroItems
};
constexpr Kind kMacroItems[] = {Kind::flags, Kind::internal_date, Kind::rfc822_size, Kind::envelope, Kind::body};
constexpr MacroRow kMacros[] = {{"FAST", 3}, {"ALL", 4}, {"FULL", 5}};

Result<> section_text(Cursor& in, Section& section) {
  TRY(const auto name, in.name());
  const auto* const row = find_row(kTexts, name);
  if (row == nullptr) return syntax_error("unknown section");
  if (row->text == Text::mime && section.part.empty()) return syntax_error("MIME needs a part number");
  section.text = row->text;
  if (row->text != Text::header_fields && row->text != Text::header_fields_not) return {};
  CHECK_OK(in.space());
  return in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(auto field, in.astring());
    section.fields.push_back(std::move(field));
    return {};
  });
}

/// "[" [part *("." part)] ["." text] "]"; `text_allowed`: BODY, not BINARY.
Result<Section> section(Cursor& in, bool text_allowed) {
  Section section;
  CHECK_OK(in.expect('['));
  bool expects_text = in.peek() != ']';
  while (is_digit(in.peek())) {
    TRY(const auto part, in.nz_number());
    section.part.push_back(part);
    expects_text = in.accept('.');
  }
  if (expects_text && !text_allowed) return syntax_error("a part number is expected");
  if (expects_text) CHECK_OK(section_text(in, section));
  CHECK_OK(in.expect(']'));
  return section;
}

/// "<" offset "." count ">"; 64-bit offsets as RFC 9051 §6.4.5 has them.
Result<std::pair<std::uint64_t, std::uint64_t>> partial(Cursor& in) {
  CHECK_OK(in.expect('<'));
  TRY(const auto offset, in.number64());
  CHECK_OK(in.expect('.'));
  TRY(const auto count, in.number64());
  if (count == 0) return syntax_error("zero octets");
  CHECK_OK(in.expect('>'));
  return std::pair(offset, count);
}

Result<FetchItem> item_with_section(Cursor& in, const SectionItemRow& row) {
  FetchItem item;
  item.kind = row.kind;
  item.peek = row.peek;
  TRY(item.section, section(in, row.kind == Kind::section));
  if (in.peek() == '<' && row.kind != Kind::binary_size) {
    TRY(item.partial, partial(in));
  }
  return item;
}

/// RFC 8970 §3.1: "PREVIEW" or "PREVIEW (LAZY)".
FetchItem preview(Cursor& in) {
  FetchItem item;
  item.kind = Kind::preview;
  item.lazy = in.accept_text(" (LAZY)");
  return item;
}

Result<FetchItem> item_named(Cursor& in, std::string_view name) {
  FetchItem item;
  if (const auto* const row = find_row(kWords, name)) {
    item.kind = row->kind;
    return item;
  }
  if (name == "BODY" && in.peek() != '[') {
    item.kind = Kind::body;
    return item;
  }
  if (const auto* const row = find_row(kSections, name)) return item_with_section(in, *row);
  if (name == "PREVIEW") return preview(in);
  return syntax_error("unknown FETCH item");
}

/// One item, a macro, or a list of items.
Result<std::vector<FetchItem>> items(Cursor& in) {
  std::vector<FetchItem> items;
  if (in.peek() == '(') {
    CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
      TRY(auto item, fetch_item(in));
      items.push_back(std::move(item));
      return {};
    }));
    return items;
  }
  TRY(const auto name, in.name());
  if (const auto* const macro = find_row(kMacros, name)) {
    for (std::size_t i = 0; i < macro->length; ++i)
      items.emplace_back().kind = kMacroItems[i];
    return items;
  }
  TRY(auto item, item_named(in, name));
  items.push_back(std::move(item));
  return items;
}

/// RFC 4466 §2.4: "(" name [SP value] … ")".
Result<> modifiers(Cursor& in, FetchCommand& command) {
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(const auto name, in.word());
    if (name == "VANISHED") {
      command.vanished = true;
      return {};
    }
    if (name == "CHANGEDSINCE") {
      CHECK_OK(in.space());
      TRY(command.changed_since, in.number64());
      return {};
    }
    if (name != "PARTIAL") return syntax_error("unknown FETCH modifier");
    CHECK_OK(in.space());
    TRY(command.partial, in.partial_range());
    return {};
  }));
  // RFC 7162 §3.2.6.
  if (command.vanished && !command.changed_since) return syntax_error("VANISHED needs CHANGEDSINCE");
  return {};
}

}  // namespace

Result<FetchItem> fetch_item(Cursor& in) {
  TRY(const auto name, in.name());
  return item_named(in, name);
}

Result<CommandData> fetch(Cursor& in) {
  FetchCommand command;
  CHECK_OK(in.space());
  TRY(command.messages, in.sequence_set());
  CHECK_OK(in.space());
  TRY(command.items, items(in));
  if (in.accept(' ')) CHECK_OK(modifiers(in, command));
  return command;
}

}  // namespace mailferry::imap::grammar
