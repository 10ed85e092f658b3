#include "takeover/json_reader.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "config/nearest.hpp"

#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace mailferry::takeover {
namespace {

namespace json = boost::json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::unexpected<Error> not_json(std::string_view text, std::size_t at, const std::string& file,
                                std::string_view reason) {
  const auto before = text.substr(0, std::min(at, text.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;
  return fail(ErrorKind::usage, Scope::run, fmt::format("{}:{}:{}: {}", file, line, column, reason));
}

/// What stands in front of the error.
std::size_t parse(std::string_view text, json::stream_parser& parser, boost::system::error_code& error) {
  const auto read = parser.write_some(text.data(), text.size(), error);
  if (error) return read;
  const auto rest = text.find_first_not_of(" \t\r\n", read);
  if (rest != std::string_view::npos) {
    error = json::make_error_code(json::error::extra_data);
    return rest;
  }
  if (!parser.done()) parser.finish(error);
  return text.size();
}

}  // namespace

Result<json::object> parse_object(std::string_view text, const std::string& file) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  json::stream_parser parser;
  boost::system::error_code error;
  const auto at = parse(text, parser, error);
  if (error) return not_json(text, at, file, fmt::format("this is not JSON: {}", error.message()));
  auto value = parser.release();
  if (!value.is_object()) return not_json(text, 0, file, "the file must be one JSON object, in braces");
  return std::move(value.get_object());
}

ObjectReader::ObjectReader(const json::object& object, std::string place, Findings& findings)
    : object_(object), place_(std::move(place)), findings_(findings) {}

ObjectReader::~ObjectReader() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& member : object_) {
    if (known_.contains(to_lower_ascii(std::string_view(member.key())))) continue;
    findings_.warnings.push_back(fmt::format("{} means nothing{}", place_of(sanitize_for_terminal(member.key())),
                                             config::did_you_mean(std::string_view(member.key()), known)));
  }
}

std::string ObjectReader::place_of(std::string_view key) const {
  return place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key);
}

const json::value* ObjectReader::find(std::string_view key) {
  known_.emplace(key);
  const json::value* found = nullptr;
  for (const auto& member : object_) {
    if (!equal_ascii_nocase(std::string_view(member.key()), key)) continue;
    // The key as it is documented has precedence, else the first one.
    if (found != nullptr && std::string_view(member.key()) != key) continue;
    found = &member.value();
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool ObjectReader::has(std::string_view key) const {
  return std::ranges::any_of(
      object_, [&](const auto& member) { return equal_ascii_nocase(std::string_view(member.key()), key); });
}

void ObjectReader::wrong_type(std::string_view key, std::string_view expected) {
  findings_.problems.push_back(fmt::format("{} must be {}", place_of(key), expected));
}

std::string ObjectReader::text(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return std::string(std::string_view(*text));
  wrong_type(key, "a text");
  return {};
}

Secret ObjectReader::secret(std::string_view key) {
  return Secret(text(key));
}

bool ObjectReader::flag(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return false;
  if (const auto* flag = value->if_bool()) return *flag;
  wrong_type(key, "true or false");
  return false;
}

std::optional<std::int64_t> ObjectReader::number(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  if (!error) return number;
  wrong_type(key, "a whole number");
  return std::nullopt;
}

const json::object* ObjectReader::object(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  wrong_type(key, "an object, in braces");
  return nullptr;
}

const json::array* ObjectReader::list(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  wrong_type(key, "a list, in brackets");
  return nullptr;
}

std::vector<std::string> ObjectReader::texts(std::string_view key, Single single) {
  const auto* value = find(key);
  if (value == nullptr) return {};
  if (value->is_string() && single == Single::allowed) return {std::string(std::string_view(value->get_string()))};
  std::vector<std::string> texts;
  if (value->is_array()) {
    for (const auto& element : value->get_array()) {
      if (!element.is_string()) break;
      texts.emplace_back(std::string_view(element.get_string()));
    }
    if (texts.size() == value->get_array().size()) return texts;
  }
  wrong_type(key, single == Single::allowed ? "a text or a list of texts" : "a list of texts");
  return {};
}

}  // namespace mailferry::takeover
