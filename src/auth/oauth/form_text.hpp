// application/x-www-form-urlencoded, the language of OAuth2 requests and redirects.
#pragma once

#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mailferry::auth {

class FormText {
 public:
  /// Adds "name=value"; nothing for an empty value.
  FormText& add(std::string_view name, std::string_view value);
  /// Adds what is encoded already.
  FormText& add_encoded(std::string_view pairs);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
[[nodiscard]] std::string encode_form(std::string_view text);
/// "%41" and "+"; nothing when a '%' is not followed by two digits.
[[nodiscard]] std::optional<std::string> decode_form(std::string_view text);
/// The first value called `name` in "a=1&b=2", decoded; nothing: it is absent or wrongly encoded.
[[nodiscard]] std::optional<std::string> find_in_form(std::string_view form, std::string_view name);
/// Appends a query to a URL, which may have one already.
[[nodiscard]] std::string with_query(std::string_view url, const FormText& query);

}  // namespace mailferry::auth
