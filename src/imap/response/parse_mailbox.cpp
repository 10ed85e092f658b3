// LIST, LSUB, STATUS and NAMESPACE (RFC 9051 §7.3).
#include "base/ascii.hpp"
#include "imap/response/flag_list.hpp"
#include "imap/response/lexer.hpp"
#include "imap/response/untagged.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

/// NIL and "" say that the names are flat. Some servers do not escape a backslash: "\" (quirk c1).
bool read_separator(Lexer& lexer, char& separator) {
  if (lexer.rest().starts_with(R"("\" )")) {
    lexer.advance(3);
    separator = '\\';
    return true;
  }
  std::optional<std::string> text;
  if (!lexer.take_nstring(text)) return false;
  separator = text && !text->empty() ? text->front() : '\0';
  return true;
}

/// RFC 5258 §6: ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("Old")).
bool read_list_extensions(Lexer& lexer, ListData& data) {
  Value extensions;
  if (!lexer.take_value(extensions)) return false;
  auto& items = extensions.items;
  for (std::size_t at = 0; at + 1 < items.size(); at += 2) {
    auto& values = items[at + 1].items;
    if (equal_ascii_nocase(items[at].text, "OLDNAME") && !values.empty()) {
      data.old_name = std::move(values.front().text);
    } else if (equal_ascii_nocase(items[at].text, "CHILDINFO")) {
      for (auto& value : values)
        data.child_info.push_back(std::move(value.text));
    }
  }
  return true;
}

std::optional<UntaggedData> read_list_of(Lexer& lexer, bool lsub) {
  ListData data;
  data.lsub = lsub;
  if (!read_flag_list(lexer, [&data](std::string_view name) { data.attributes.emplace_back(name); })) return {};
  lexer.skip_blanks();
  if (!read_separator(lexer, data.separator)) return {};
  lexer.skip_blanks();
  auto mailbox = lexer.take_mailbox();
  if (!mailbox) return {};
  data.mailbox = *std::move(mailbox);
  lexer.skip_blanks();
  if (!lexer.at_end() && !read_list_extensions(lexer, data)) return {};
  return data;
}

/// A number that fits; what does not (HIGHESTMODSEQ -1 of quirk c18, NIL) leaves the item absent.
template <class T>
void set_number(const Value& value, std::optional<T>& out) {
  const auto number = to_number(value.text);
  if (number && *number <= std::numeric_limits<T>::max()) out = static_cast<T>(*number);
}

struct StatusItem {
  std::string_view name;
  void (*set)(StatusData& data, const Value& value);
};
constexpr StatusItem kStatusItems[] = {
    {"MESSAGES", [](StatusData& data, const Value& value) { set_number(value, data.messages); }},
    {"RECENT", [](StatusData& data, const Value& value) { set_number(value, data.recent); }},
    {"UIDNEXT", [](StatusData& data, const Value& value) { set_number(value, data.uid_next); }},
    {"UIDVALIDITY", [](StatusData& data, const Value& value) { set_number(value, data.uid_validity); }},
    {"UNSEEN", [](StatusData& data, const Value& value) { set_number(value, data.unseen); }},
    {"DELETED", [](StatusData& data, const Value& value) { set_number(value, data.deleted); }},
    {"HIGHESTMODSEQ", [](StatusData& data, const Value& value) { set_number(value, data.highest_modseq); }},
    {"SIZE", [](StatusData& data, const Value& value) { set_number(value, data.size); }},
    {"APPENDLIMIT", [](StatusData& data, const Value& value) { set_number(value, data.append_limit); }},
    {"DELETED-STORAGE", [](StatusData& data, const Value& value) { set_number(value, data.deleted_storage); }},
    {"MAILBOXID",
     [](StatusData& data, const Value& value) {
       if (!value.items.empty()) data.mailbox_id = value.items.front().text;
     }},
};

bool read_status_items(Lexer& lexer, StatusData& data) {
  for (lexer.skip_blanks(); !lexer.close(); lexer.skip_blanks()) {
    if (lexer.at_end()) return true;
    const auto name = lexer.take_word();
    if (name.empty()) return false;
    lexer.skip_blanks();
    Value value;
    if (lexer.peek() == ')') continue;
    if (!lexer.take_value(value)) return false;
    const auto* item = std::ranges::find_if(
        kStatusItems, [name](const StatusItem& known) { return equal_ascii_nocase(known.name, name); });
    if (item != std::end(kStatusItems)) item->set(data, value);
  }
  return true;
}

/// RFC 2342 §6: NIL or ((prefix separator extensions…)…).
std::vector<NamespaceData::Entry> to_entries(Value value) {
  std::vector<NamespaceData::Entry> entries;
  for (auto& item : value.items) {
    if (item.items.empty()) continue;
    auto& entry = entries.emplace_back(std::move(item.items.front().text), '\0');
    if (item.items.size() > 1 && !item.items[1].text.empty()) entry.separator = item.items[1].text.front();
  }
  return entries;
}

}  // namespace

std::optional<UntaggedData> read_list(Lexer& lexer) {
  return read_list_of(lexer, false);
}
std::optional<UntaggedData> read_lsub(Lexer& lexer) {
  return read_list_of(lexer, true);
}

std::optional<UntaggedData> read_status_data(Lexer& lexer) {
  StatusData data;
  auto mailbox = lexer.take_mailbox();
  if (!mailbox) return {};
  data.mailbox = *std::move(mailbox);
  lexer.skip_blanks();
  if (lexer.at_end()) return data;
  if (!lexer.open() || !read_status_items(lexer, data)) return {};
  return data;
}

std::optional<UntaggedData> read_namespace(Lexer& lexer) {
  NamespaceData data;
  for (auto* entries : {&data.personal, &data.other_users, &data.shared}) {
    lexer.skip_blanks();
    Value value;
    if (!lexer.at_end() && !lexer.take_value(value)) return {};
    *entries = to_entries(std::move(value));
  }
  return data;
}

}  // namespace mailferry::imap
