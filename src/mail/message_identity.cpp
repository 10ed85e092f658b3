// Canonical form, version 2: the text "mailferry-identity-2\n", then for each identity field in the order of
// kIdentityFields, and for each of its occurrences in the order of the header, "<name in lower case>:<value>\n". The
// value is unfolded, bare CRs are dropped, every run of blanks is one blank, none are at the ends, and NUL and all
// 8-bit octets are X; empty fields count as absent, and so do those with a blank before the colon.
#include "mail/message_identity.hpp"

#include "base/ascii.hpp"
#include "base/header_fields.hpp"
#include "base/sha256.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

namespace mailferry {
namespace {

constexpr std::string_view kPreamble = "mailferry-identity-2\n";
constexpr std::array<std::string_view, kIdentityFields.size()> kCanonicalNames = {
    "message-id:", "date:", "from:", "to:", "cc:", "subject:", "in-reply-to:", "references:", "received:"};
enum FieldIndex : std::uint8_t { kMessageId = 0, kReceived = 8 };
static_assert(MessageIdentity::kVersion == 2, "a new version needs a new canonical form, and its preamble");

struct Occurrence {
  std::size_t field;  // index into kIdentityFields
  std::string_view value;
};

std::size_t index_of(std::string_view name) {
  std::size_t index = 0;
  while (index < kIdentityFields.size() && !equal_ascii_nocase(kIdentityFields[index], name))
    ++index;
  return index;
}

void collect(std::string_view header_block, std::vector<Occurrence>& found) {
  HeaderFields fields(header_block);
  while (const auto field = fields.next()) {
    const std::size_t index = index_of(field->name);
    if (index == kIdentityFields.size()) continue;
    if (field->value.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
    // "Subject : x": some servers find it when asked for the field, others do not.
    if (field->name.data() + field->name.size() + 1 != field->value.data()) continue;
    found.push_back({index, field->value});
  }
}

bool has_bare_cr(std::string_view value) {
  for (auto at = value.find('\r'); at != std::string_view::npos; at = value.find('\r', at + 1)) {
    if (at + 1 == value.size() || value[at + 1] != '\n') return true;
  }
  return false;
}

/// Cyrus stores 8-bit octets of headers as X, Dovecot sends NUL as 0x80, Courier drops a bare CR: all digest alike.
void append_canonical(std::string& text, std::string_view value) {
  const auto begin = static_cast<std::ptrdiff_t>(text.size());
  std::string without_cr;
  if (has_bare_cr(value)) {
    std::ranges::remove_copy(value, std::back_inserter(without_cr), '\r');
    value = without_cr;
  }
  append_unfolded(text, value);
  std::replace_if(
      text.begin() + begin, text.end(), [](char c) { return c == '\0' || (c & '\x80') != 0; }, 'X');
  text += '\n';
}

/// Kept from call to call: making them costs more than using them.
struct Workspace {
  std::vector<Occurrence> found;
  std::string text;
  Sha256 sha256;

  void reset() {
    constexpr std::size_t kWorthKeeping = 16384;
    found.clear();
    text.clear();
    if (found.capacity() * sizeof(Occurrence) > kWorthKeeping) found.shrink_to_fit();
    if (text.capacity() > kWorthKeeping) text.shrink_to_fit();
  }
};

}  // namespace

MessageIdentity identify_headers(std::string_view header_block) {
  thread_local Workspace work;
  work.reset();
  collect(header_block, work.found);
  std::array<bool, kIdentityFields.size()> present{};
  work.text += kPreamble;
  for (std::size_t index = 0; index < kIdentityFields.size(); ++index) {
    for (const Occurrence& occurrence : work.found) {
      if (occurrence.field != index) continue;
      present[index] = true;
      work.text += kCanonicalNames[index];
      append_canonical(work.text, occurrence.value);
    }
  }
  work.sha256.update(work.text);
  const Sha256Sum sum = work.sha256.finish();

  MessageIdentity identity;
  std::copy_n(sum.begin(), identity.digest.size(), identity.digest.begin());
  identity.weak = !present[kMessageId] && !present[kReceived];
  return identity;
}

std::size_t DigestHash::operator()(const Digest& digest) const noexcept {
  std::size_t hash;
  static_assert(sizeof(hash) <= sizeof(Digest));
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

}  // namespace mailferry
