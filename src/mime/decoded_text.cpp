#include "mime/decoded_text.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/header_fields.hpp"
#include "base/utf8.hpp"
#include "mime/charset.hpp"

#include <optional>
#include <utility>

namespace mailferry::mime {
namespace {

/// "=?charset?encoding?text?=" with the text as octets.
struct EncodedWord {
  std::string_view charset;
  std::string octets;
  std::string_view written;
};

/// RFC 2047 §4.2: quoted-printable with '_' for a blank. A '=' without two digits stands for itself.
std::string decode_q(std::string_view text) {
  std::string octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = text[i] == '=' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (octet) {
      octets += *octet;
      i += 2;
    } else {
      octets += text[i] == '_' ? ' ' : text[i];
    }
  }
  return octets;
}

/// Many senders leave the padding away.
std::optional<std::string> decode_b(std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

std::optional<EncodedWord> read_encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  // RFC 2231 §5: a language may follow the charset.
  std::string_view charset = text.substr(2, charset_end - 2);
  charset = charset.substr(0, charset.find('*'));
  const std::string_view encoded = text.substr(begin, end - begin);
  const char encoding = to_lower_ascii(text[charset_end + 1]);
  std::optional<std::string> octets;
  if (encoding == 'q') octets = decode_q(encoded);
  if (encoding == 'b') octets = decode_b(encoded);
  if (!octets) return std::nullopt;
  return EncodedWord{charset, *std::move(octets), text.substr(0, end + 2)};
}

std::string as_it_is(const std::string& text) {
  return is_valid_utf8(text) ? text : to_utf8(text, "windows-1252").value_or(sanitize_for_terminal(text));
}

class Decoder {
 public:
  std::string decode(std::string_view text) {
    while (!text.empty()) {
      if (auto word = read_encoded_word(text)) {
        text.remove_prefix(word->written.size());
        add(*std::move(word));
      } else {
        add(text.front());
        text.remove_prefix(1);
      }
    }
    flush();
    return std::move(shown_);
  }

 private:
  void add(EncodedWord&& word) {
    // RFC 2047 §6.2: blanks between two encoded words are not part of the text.
    const bool continues = pending_ && plain_.find_first_not_of(' ') == std::string::npos;
    if (continues && equal_ascii_nocase(pending_->charset, word.charset)) {
      plain_.clear();
      pending_->octets += word.octets;
      written_ += ' ';
      written_ += word.written;
      return;
    }
    if (continues) plain_.clear();
    flush();
    written_ = word.written;
    pending_ = std::move(word);
  }

  void add(char c) { plain_ += c; }

  /// Shows the encoded words that are held back, and then the plain text that followed them.
  void flush() {
    if (pending_) {
      const auto text = to_utf8(pending_->octets, pending_->charset);
      shown_ += text ? *text : as_it_is(written_);
    }
    pending_.reset();
    shown_ += as_it_is(plain_);
    plain_.clear();
  }

  std::string shown_;
  std::optional<EncodedWord> pending_;
  std::string written_;  // as the pending words were written
  std::string plain_;    // what came after them
};

}  // namespace

std::string decode_header_text(std::string_view raw_value) {
  return Decoder().decode(unfold(raw_value.substr(0, kMaxDecodedOctets)));
}

}  // namespace mailferry::mime
