#include "mime/compose.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <gmime/gmime.h>
#include <memory>

namespace mailferry::mime {
namespace {

constexpr std::size_t kBoundaryOctets = 12;

struct Unref {
  void operator()(gpointer object) const noexcept { g_object_unref(object); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Unref>;

/// GMime's types are C structures that begin with their parent.
template <class Parent, class Object>
Parent* as(Object* object) {
  return reinterpret_cast<Parent*>(object);
}

void start_library() {
  static const bool started = [] {
    g_mime_init();
    return true;
  }();
  static_cast<void>(started);
}

std::string valid_text(const std::string& text) {
  if (is_valid_utf8(text)) return text;
  std::string valid;
  for (std::size_t begin = 0; begin < text.size();) {  // line by line, as this makes one line of what it is given
    const auto end = std::min(text.find('\n', begin), text.size());
    valid += sanitize_for_terminal(text.substr(begin, end - begin));
    if (end < text.size()) valid += '\n';
    begin = end + 1;
  }
  return valid;
}

std::string one_line(const std::string& text) {
  return sanitize_for_terminal(text);
}

/// Not g_mime_text_part_set_text(), which chooses the charset itself.
Owned<GMimeTextPart> make_part(const char* subtype, const std::string& text) {
  const auto valid = valid_text(text);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(valid.data(), valid.size()));
  const Owned<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  Owned<GMimeTextPart> part(g_mime_text_part_new_with_subtype(subtype));
  g_mime_text_part_set_charset(part.get(), "utf-8");
  g_mime_part_set_content(as<GMimePart>(part.get()), content.get());
  g_mime_part_set_content_encoding(as<GMimePart>(part.get()), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  return part;
}

/// Of the content, so that the same letter has the same octets; neither part can hold it by chance.
std::string boundary_of(const Letter& letter) {
  Sha256 sha;
  sha.update(letter.message_id);
  sha.update(letter.text);
  sha.update(letter.html);
  const auto sum = sha.finish();
  return "=_" + to_hex(std::span(sum).first(kBoundaryOctets));
}

Owned<GMimeMultipart> make_body(const Letter& letter) {
  Owned<GMimeMultipart> body(g_mime_multipart_new_with_subtype("alternative"));
  g_mime_multipart_set_boundary(body.get(), boundary_of(letter).c_str());
  const auto text = make_part("plain", letter.text);
  const auto html = make_part("html", letter.html);
  g_mime_multipart_add(body.get(), as<GMimeObject>(text.get()));
  g_mime_multipart_add(body.get(), as<GMimeObject>(html.get()));
  return body;
}

void set_header(const Letter& letter, GMimeMessage* message) {
  g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, one_line(letter.sender_name).c_str(),
                             one_line(letter.sender).c_str());
  g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, nullptr, one_line(letter.recipient).c_str());
  g_mime_message_set_subject(message, one_line(letter.subject).c_str(), "utf-8");
  g_mime_message_set_message_id(message, one_line(letter.message_id).c_str());
  auto* date = g_date_time_new_from_unix_local(std::chrono::system_clock::to_time_t(letter.date));
  if (date == nullptr) return;
  g_mime_message_set_date(message, date);
  g_date_time_unref(date);
}

std::string to_octets(GMimeMessage* message) {
  auto* options = g_mime_format_options_new();
  g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
  char* text = g_mime_object_to_string(as<GMimeObject>(message), options);
  std::string octets(text);
  g_free(text);
  g_mime_format_options_free(options);
  return octets;
}

}  // namespace

std::string compose(const Letter& letter) {
  start_library();
  const Owned<GMimeMessage> message(g_mime_message_new(TRUE));
  set_header(letter, message.get());
  const auto body = make_body(letter);
  g_mime_message_set_mime_part(message.get(), as<GMimeObject>(body.get()));
  g_mime_object_set_header(as<GMimeObject>(message.get()), "MIME-Version", "1.0", nullptr);
  g_mime_object_set_header(as<GMimeObject>(message.get()), "Auto-Submitted", "auto-generated", nullptr);
  return to_octets(message.get());
}

}  // namespace mailferry::mime
