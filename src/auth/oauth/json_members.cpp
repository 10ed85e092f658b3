#include "auth/oauth/json_members.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>

namespace mailferry::auth {

namespace json = boost::json;

Result<json::object> parse_json_object(std::string_view text, std::string_view what) {
  boost::system::error_code code;
  auto value = json::parse({text.data(), text.size()}, code);
  if (!code && value.is_object()) return std::move(value.get_object());
  return fail(ErrorKind::protocol, Scope::account, fmt::format("{} is no JSON object", what));
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<std::int64_t> number_member(const json::object& object, std::string_view name) {
  constexpr double kMost = 1e15;
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = value->if_int64()) return *whole;
  if (const auto* real = value->if_double(); real != nullptr && *real >= 0 && *real < kMost)
    return static_cast<std::int64_t>(*real);
  const auto* text = value->if_string();
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || rest != text->data() + text->size()) return std::nullopt;
  return number;
}

}  // namespace mailferry::auth
