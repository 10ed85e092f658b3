#include "mime/compose.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "base/utf8.hpp"
#include "mime/gmime_library.hpp"

#include <fmt/format.h>

#include <memory>

namespace mailferry::mime {
namespace {

constexpr std::size_t kBoundaryOctets = 12;

struct Unref {
  decltype(&::g_object_unref) unref = nullptr;
  void operator()(gpointer object) const noexcept { unref(object); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Unref>;

/// GMime's types are C structures that begin with their parent.
template <class Parent, class Object>
Parent* as(Object* object) {
  return reinterpret_cast<Parent*>(object);
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

/// Of the content, so that the same letter has the same octets; neither part can hold it by chance.
std::string boundary_of(const Letter& letter) {
  Sha256 sha;
  sha.update(letter.message_id);
  sha.update(letter.text);
  sha.update(letter.html);
  const auto sum = sha.finish();
  return "=_" + to_hex(std::span(sum).first(kBoundaryOctets));
}

/// Makes GMime's objects of a letter.
class Composer {
 public:
  Composer(const GMimeLibrary& gmime, const Letter& letter) : gmime_(gmime), letter_(letter) {}

  std::string compose() const {
    const auto message = own(gmime_.g_mime_message_new(TRUE));
    set_header(message.get());
    const auto body = make_body();
    gmime_.g_mime_message_set_mime_part(message.get(), as<GMimeObject>(body.get()));
    gmime_.g_mime_object_set_header(as<GMimeObject>(message.get()), "MIME-Version", "1.0", nullptr);
    gmime_.g_mime_object_set_header(as<GMimeObject>(message.get()), "Auto-Submitted", "auto-generated", nullptr);
    return to_octets(message.get());
  }

 private:
  template <class Object>
  Owned<Object> own(Object* object) const {
    return Owned<Object>(object, Unref{gmime_.g_object_unref});
  }

  /// Not g_mime_text_part_set_text(), which chooses the charset itself.
  Owned<GMimeTextPart> make_part(const char* subtype, const std::string& text) const {
    const auto valid = valid_text(text);
    const auto stream = own(gmime_.g_mime_stream_mem_new_with_buffer(valid.data(), valid.size()));
    const auto content = own(gmime_.g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
    auto part = own(gmime_.g_mime_text_part_new_with_subtype(subtype));
    gmime_.g_mime_text_part_set_charset(part.get(), "utf-8");
    gmime_.g_mime_part_set_content(as<GMimePart>(part.get()), content.get());
    gmime_.g_mime_part_set_content_encoding(as<GMimePart>(part.get()), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    return part;
  }

  Owned<GMimeMultipart> make_body() const {
    auto body = own(gmime_.g_mime_multipart_new_with_subtype("alternative"));
    gmime_.g_mime_multipart_set_boundary(body.get(), boundary_of(letter_).c_str());
    const auto text = make_part("plain", letter_.text);
    const auto html = make_part("html", letter_.html);
    gmime_.g_mime_multipart_add(body.get(), as<GMimeObject>(text.get()));
    gmime_.g_mime_multipart_add(body.get(), as<GMimeObject>(html.get()));
    return body;
  }

  void set_header(GMimeMessage* message) const {
    gmime_.g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, one_line(letter_.sender_name).c_str(),
                                      one_line(letter_.sender).c_str());
    gmime_.g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, nullptr, one_line(letter_.recipient).c_str());
    gmime_.g_mime_message_set_subject(message, one_line(letter_.subject).c_str(), "utf-8");
    gmime_.g_mime_message_set_message_id(message, one_line(letter_.message_id).c_str());
    auto* date = gmime_.g_date_time_new_from_unix_local(std::chrono::system_clock::to_time_t(letter_.date));
    if (date == nullptr) return;
    gmime_.g_mime_message_set_date(message, date);
    gmime_.g_date_time_unref(date);
  }

  std::string to_octets(GMimeMessage* message) const {
    auto* options = gmime_.g_mime_format_options_new();
    gmime_.g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    char* text = gmime_.g_mime_object_to_string(as<GMimeObject>(message), options);
    std::string octets(text);
    gmime_.g_free(text);
    gmime_.g_mime_format_options_free(options);
    return octets;
  }

  const GMimeLibrary& gmime_;
  const Letter& letter_;
};

}  // namespace

Result<std::string> compose(const Letter& letter) {
  TRY(const auto* gmime, gmime_library());
  return Composer(*gmime, letter).compose();
}

}  // namespace mailferry::mime
