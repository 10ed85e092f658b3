// Untagged responses: which reader takes which (RFC 9051 §7.2 to §7.5).
#include "base/ascii.hpp"
#include "imap/response/fetch_reader.hpp"
#include "imap/response/flag_list.hpp"
#include "imap/response/parse_line.hpp"
#include "imap/response/untagged.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

std::vector<std::string> take_words(Lexer& lexer) {
  std::vector<std::string> words;
  for (lexer.skip_blanks(); !lexer.at_end(); lexer.skip_blanks()) {
    const auto word = lexer.take_word();
    if (word.empty()) break;
    words.emplace_back(word);
  }
  return words;
}

std::optional<UntaggedData> read_capability(Lexer& lexer) {
  return CapabilityData{take_words(lexer)};
}
std::optional<UntaggedData> read_enabled(Lexer& lexer) {
  return EnabledData{take_words(lexer)};
}

std::optional<UntaggedData> read_flags(Lexer& lexer) {
  FlagsData data;
  if (!read_flag_list(lexer, [&data](std::string_view flag) { data.names.emplace_back(flag); })) return {};
  return data;
}

struct NamedReader {
  std::string_view name;
  UntaggedReader read;
};
constexpr NamedReader kNamedReaders[] = {
    {"LIST", read_list},
    {"STATUS", read_status_data},
    {"SEARCH", read_search},
    {"ESEARCH", read_esearch},
    {"VANISHED", read_vanished},
    {"FLAGS", read_flags},
    {"CAPABILITY", read_capability},
    {"ENABLED", read_enabled},
    {"LSUB", read_lsub},
    {"XLIST", read_list},  // Gmail before SPECIAL-USE
    {"NAMESPACE", read_namespace},
    {"ID", read_id},
    {"SORT", read_sort},
    {"THREAD", read_thread},
    {"QUOTA", read_quota},
    {"QUOTAROOT", read_quota_root},
    {"ACL", read_acl},
    {"MYRIGHTS", read_my_rights},
    {"LISTRIGHTS", read_list_rights},
    {"METADATA", read_metadata},
};

struct NumberedReader {
  std::string_view name;
  UntaggedData (*make)(std::uint32_t number);
};
constexpr NumberedReader kNumberedReaders[] = {
    {"EXISTS", [](std::uint32_t number) -> UntaggedData { return ExistsData{number}; }},
    {"EXPUNGE", [](std::uint32_t number) -> UntaggedData { return ExpungeData{number}; }},
    {"EXPUNGED", [](std::uint32_t number) -> UntaggedData { return ExpungeData{number}; }},  // some old servers
    {"RECENT", [](std::uint32_t number) -> UntaggedData { return RecentData{number}; }},
};

std::optional<UntaggedData> read_fetch(Lexer& lexer) {
  FetchReader reader;
  switch (reader.read(lexer)) {
    case FetchReader::Stop::section:  // a section without anything behind it
    case FetchReader::Stop::end:
      return std::move(reader.data());
    case FetchReader::Stop::malformed:
      break;
  }
  return {};
}

/// `lexer` stands before the number.
std::optional<UntaggedData> read_numbered(Lexer& lexer, std::string& name) {
  auto ahead = lexer;
  const auto number = to_number(ahead.take_word());
  ahead.skip_blanks();
  name = to_upper(ahead.take_word());
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return {};
  if (name == "FETCH" || name == "UIDFETCH") return read_fetch(lexer);
  const auto* row = std::ranges::find(kNumberedReaders, name, &NumberedReader::name);
  if (row == std::end(kNumberedReaders)) return {};
  return row->make(static_cast<std::uint32_t>(*number));
}

std::optional<UntaggedData> read_named(Lexer& lexer, std::string& name) {
  const auto word = lexer.take_word();
  const auto* row = std::ranges::find_if(
      kNamedReaders, [word](const NamedReader& known) { return equal_ascii_nocase(known.name, word); });
  if (row == std::end(kNamedReaders)) {
    name = to_upper(word);
    return {};
  }
  name = row->name;
  lexer.skip_blanks();
  return row->read(lexer);
}

}  // namespace

Result<Event> parse_untagged_line(std::string_view response, int max_depth) {
  Lexer lexer(response, max_depth);
  lexer.skip('*');
  lexer.skip_blanks();
  std::string name;
  const bool numbered = lexer.peek() >= '0' && lexer.peek() <= '9';
  auto data = numbered ? read_numbered(lexer, name) : read_named(lexer, name);
  if (data) return Event(std::in_place_type<UntaggedData>, *std::move(data));
  if (lexer.too_deep()) {
    return fail(ErrorKind::protocol, Scope::account,
                fmt::format("the server nested parentheses deeper than {} levels", max_depth));
  }
  return UntaggedData(OtherData{std::move(name), std::string(response)});
}

}  // namespace mailferry::imap
