// ID (RFC 2971), QUOTA (RFC 9208), ACL (RFC 4314), METADATA (RFC 5464).
#include "imap/response/lexer.hpp"
#include "imap/response/untagged.hpp"

namespace mailferry::imap {
namespace {

/// Words and strings to the end of the response; nullopt: something else stands among them.
std::optional<std::vector<std::string>> take_astrings(Lexer& lexer) {
  std::vector<std::string> strings;
  for (lexer.skip_blanks(); !lexer.at_end(); lexer.skip_blanks()) {
    auto string = lexer.take_astring();
    if (!string) return {};
    strings.push_back(*std::move(string));
  }
  return strings;
}

std::optional<std::string> take_first(Lexer& lexer) {
  auto string = lexer.take_astring();
  lexer.skip_blanks();
  return string;
}

std::optional<std::string> to_nstring(Value&& value) {
  if (value.kind == Value::Kind::atom || value.kind == Value::Kind::string) return std::move(value.text);
  return {};
}

/// "(name value name value)"; NIL is the empty list.
using Fields = std::vector<std::pair<std::string, std::optional<std::string>>>;
bool take_fields(Lexer& lexer, Fields& fields) {
  Value value;
  if (!lexer.take_value(value)) return false;
  for (std::size_t at = 0; at + 1 < value.items.size(); at += 2) {
    fields.emplace_back(std::move(value.items[at].text), to_nstring(std::move(value.items[at + 1])));
  }
  return true;
}

}  // namespace

std::optional<UntaggedData> read_id(Lexer& lexer) {
  IdData data;
  if (!lexer.at_end() && !take_fields(lexer, data.fields)) return {};
  return data;
}

std::optional<UntaggedData> read_quota(Lexer& lexer) {
  QuotaData data;
  auto root = take_first(lexer);
  if (!root) return {};
  data.root = *std::move(root);
  Value list;
  if (!lexer.at_end() && !lexer.take_value(list)) return {};
  for (std::size_t at = 0; at + 2 < list.items.size(); at += 3) {
    const auto usage = to_number(list.items[at + 1].text);
    const auto limit = to_number(list.items[at + 2].text);
    // Some say -1 for "no limit": then there is nothing to watch.
    if (usage && limit) data.resources.push_back({std::move(list.items[at].text), *usage, *limit});
  }
  return data;
}

std::optional<UntaggedData> read_quota_root(Lexer& lexer) {
  auto mailbox = take_first(lexer);
  auto roots = take_astrings(lexer);
  if (!mailbox || !roots) return {};
  return QuotaRootData{*std::move(mailbox), *std::move(roots)};
}

std::optional<UntaggedData> read_acl(Lexer& lexer) {
  auto mailbox = take_first(lexer);
  auto strings = take_astrings(lexer);
  if (!mailbox || !strings) return {};
  AclData data{*std::move(mailbox), {}};
  for (std::size_t at = 0; at + 1 < strings->size(); at += 2) {
    data.rights.emplace_back(std::move((*strings)[at]), std::move((*strings)[at + 1]));
  }
  return data;
}

std::optional<UntaggedData> read_my_rights(Lexer& lexer) {
  auto mailbox = take_first(lexer);
  auto rights = take_first(lexer);
  if (!mailbox || !rights) return {};
  return MyRightsData{*std::move(mailbox), *std::move(rights)};
}

std::optional<UntaggedData> read_list_rights(Lexer& lexer) {
  auto mailbox = take_first(lexer);
  auto identifier = take_first(lexer);
  auto rights = take_astrings(lexer);
  if (!mailbox || !identifier || !rights) return {};
  return ListRightsData{*std::move(mailbox), *std::move(identifier), *std::move(rights)};
}

std::optional<UntaggedData> read_metadata(Lexer& lexer) {
  MetadataData data;
  auto mailbox = take_first(lexer);
  if (!mailbox) return {};
  data.mailbox = *std::move(mailbox);
  if (lexer.peek() == '(') {
    if (!take_fields(lexer, data.entries)) return {};
    return data;
  }
  // RFC 5464 §4.4.2: names of entries that changed.
  auto names = take_astrings(lexer);
  if (!names) return {};
  for (auto& name : *names)
    data.entries.emplace_back(std::move(name), std::nullopt);
  return data;
}

}  // namespace mailferry::imap
