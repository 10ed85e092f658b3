// Laws of the header scan: what servers do to a header on its way (line ends, folds, blanks, other fields, their order)
// leaves the identity as it is, the identity is the digest of the documented form, and the digest of a message does not
// depend on how it was cut.
#include "base/ascii.hpp"
#include "base/header_fields.hpp"
#include "base/sha256.hpp"
#include "fuzz/law.hpp"
#include "mail/body_digest.hpp"
#include "mail/message_identity.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace mailferry {
namespace {

using Random = std::minstd_rand;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool starts_line(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == '\n';
}

std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (const char c : text) {
    while (c == '\n' && out.ends_with('\r'))
      out.pop_back();
    out += c;
  }
  return out;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

std::string without(std::string_view text, char left_out) {
  std::string out(text);
  std::erase(out, left_out);
  return out;
}

/// The same words in other lines: a fold before some of the blanks that stand behind a colon, and more blanks.
std::string refolded(std::string_view text, Random& random) {
  std::string out;
  bool in_value = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (starts_line(text, at)) {
      if (c == '\n') return out + std::string(text.substr(at));
      in_value = in_value && is_blank(c);
    } else if (in_value && is_blank(c) && random() % 2 == 0) {
      out += random() % 2 == 0 ? "\n" : " \n\t\n";
    }
    in_value = in_value || c == ':';
    out += c;
  }
  return out;
}

/// As one server stores it.
std::string without_cr_in_values(std::string_view text) {
  std::string out;
  bool in_value = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (starts_line(text, at)) {
      if (c == '\n') return out + std::string(text.substr(at));
      in_value = in_value && is_blank(c);
    }
    if (!in_value || c != '\r') out += c;
    in_value = in_value || c == ':';
  }
  return out;
}

/// Fields and garbage that do not identify, before lines that begin a field.
std::string with_others(std::string_view text, Random& random) {
  constexpr std::array<std::string_view, 6> kOthers = {"X-Spam: yes\n",           "no colon\n Subject: in its fold\n",
                                                       "Reply-To:a\n\tb\n",       ":\n",
                                                       "Subject : never asked\n", "Fromm: a\nX-From: b\n"};
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (starts_line(text, at)) {
      if (!is_blank(text[at]) && random() % 2 == 0) out += kOthers.at(random() % kOthers.size());
      if (text[at] == '\n') return out + std::string(text.substr(at));
    }
    out += text[at];
  }
  return out;
}

std::string raw(const HeaderField& field) {
  std::string text(field.name.data(), field.value.data() + field.value.size());
  return text.ends_with('\n') ? text : text + '\n';
}

std::vector<HeaderField> fields_of(std::string_view block) {
  std::vector<HeaderField> fields;
  HeaderFields reader(block);
  const char* place = block.data();
  while (const auto field = reader.next()) {
    require_law("fields come one after the other", field->name.data() >= place);
    place = field->value.data() + field->value.size();
    require_law("fields are in their block", place <= block.data() + block.size());
    require_law("a name is a piece of one line without colon",
                !field->name.empty() && field->name.find_first_of(":\n") == std::string_view::npos);
    fields.push_back(*field);
  }
  require_law("behind the end there is nothing", !reader.next());
  return fields;
}

std::string sorted(std::vector<HeaderField> fields) {
  std::ranges::stable_sort(fields, {}, [](const HeaderField& field) { return to_lower_ascii(field.name); });
  std::string out;
  for (const auto& field : fields)
    out += raw(field);
  return out;
}

/// A plain way of unfolding.
std::string words_of(std::string_view value) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> words;
  for (auto begin = value.find_first_not_of(kBlanks); begin != std::string_view::npos;
       begin = value.find_first_not_of(kBlanks)) {
    value.remove_prefix(begin);
    words.push_back(value.substr(0, value.find_first_of(kBlanks)));
    value.remove_prefix(words.back().size());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

bool has_blank_before_colon(const HeaderField& field) {
  return field.name.data() + field.name.size() + 1 != field.value.data();
}

std::string canonical_form(const std::vector<HeaderField>& fields) {
  std::string text = fmt::format("mailferry-identity-{}\n", MessageIdentity::kVersion);
  for (const auto name : kIdentityFields) {
    for (const auto& field : fields) {
      auto words = words_of(without(field.value, '\r'));
      if (words.empty() || !equal_ascii_nocase(field.name, name) || has_blank_before_colon(field)) continue;
      std::ranges::replace_if(
          words, [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; }, 'X');
      text += fmt::format("{}:{}\n", to_lower_ascii(name), words);
    }
  }
  return text;
}

std::string hex_of(const MessageIdentity& identity) {
  return fmt::format("{:02x}{}", fmt::join(identity.digest, ""), identity.weak ? "?" : "");
}

std::string hex_of_form(const std::string& form) {
  Sha256 digest;
  digest.update(form);
  const auto sum = digest.finish();
  const bool is_sure = form.contains("\nmessage-id:") || form.contains("\nreceived:");
  return fmt::format("{:02x}{}", fmt::join(sum.begin(), sum.begin() + 16, ""), is_sure ? "" : "?");
}

void check_fields(std::string_view block) {
  const auto fields = fields_of(block);
  for (const auto& field : fields) {
    require_equal("unfolding leaves the words", words_of(field.value), unfold(field.value));
    const auto first = std::ranges::find_if(
        fields, [&](const HeaderField& other) { return equal_ascii_nocase(other.name, field.name); });
    require_equal("the first of a name is found", find_field(block, to_lower_ascii(field.name)).value(),
                  words_of(first->value));
  }
  require_equal("the identity is the digest of its form", hex_of(identify_headers(block)),
                hex_of_form(canonical_form(fields)));
  require_equal("the order of fields does not count", hex_of(identify_headers(sorted(fields))),
                hex_of(identify_headers(block)));
}

void check_identity(std::string_view input, Random& random) {
  const auto text = with_line_feeds(input);
  const auto original = hex_of(identify_headers(text));
  require_equal("CRLF is as good as LF", hex_of(identify_headers(with_crlf(text))), original);
  const auto folded = refolded(text, random);
  require_equal("folds do not count", hex_of(identify_headers(folded)), original);
  require_equal("folds with CRLF do not count", hex_of(identify_headers(with_crlf(folded))), original);
  require_equal("a bare CR does not count", hex_of(identify_headers(without_cr_in_values(text))), original);
  require_equal("other fields do not count", hex_of(identify_headers(with_others(text, random))), original);
  const auto closed = text + (text.ends_with('\n') || text.empty() ? "\n" : "\n\n");
  require_equal("a body does not count", hex_of(identify_headers(closed + "Subject: of the body\n")), original);
}

std::string digest_in_pieces(std::string_view message, std::size_t longest, Random& random) {
  BodyDigest digest;
  while (!message.empty()) {
    const auto piece = message.substr(0, 1 + random() % longest);
    digest.update(piece);
    message.remove_prefix(piece.size());
  }
  return fmt::format("{:02x}", fmt::join(digest.finish(), ""));
}

std::string digest_of(std::string_view message) {
  BodyDigest digest;
  digest.update(message);
  const auto first = fmt::format("{:02x}", fmt::join(digest.finish(), ""));
  digest.update(message);
  require_equal("a digest begins anew", fmt::format("{:02x}", fmt::join(digest.finish(), "")), first);
  return first;
}

void check_digest(const std::string& message, Random& random) {
  const auto whole = digest_of(message);
  require_equal("octets digest like the whole", digest_in_pieces(message, 1, random), whole);
  require_equal("pieces digest like the whole", digest_in_pieces(message, 30, random), whole);
  require_equal("CR does not count", digest_of(without(message, '\r')), whole);
  require_equal("CRLF digests like LF", digest_of(with_crlf(message)), whole);
  require_equal("line ends at the end do not count", digest_of(message + "\r\n\n"), whole);
  const std::string header = "Subject: x\r\n\r\n";
  const auto body = digest_of(header + message);
  require_law("a line end between two octets counts",
              digest_of(header + message + "x\ny") != digest_of(header + message + "xy"));
  auto stored = message;
  std::ranges::replace(stored, '\0', '\x80');
  require_equal("NUL digests like what is stored for it", digest_of(header + stored), body);
  require_equal("NUL digests so in headers, too", digest_of(stored), whole);
}

}  // namespace
}  // namespace mailferry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry;
  const std::string input(data, data + size);
  Random random(static_cast<unsigned>(std::hash<std::string_view>{}(input)));
  check_fields(input);
  check_identity(input, random);
  check_digest(input, random);
  return 0;
}
