#include "config/value_reader.hpp"

#include "config/units.hpp"
#include "config/user_text.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace mailferry::config {
namespace {

constexpr std::string_view kLogTargets = "stderr|stdout|syslog";

std::unexpected<Error> refuse(const Key& key, std::string_view problem) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("{} {}", key.name, problem));
}

std::unexpected<Error> wrong_type(const Key& key) {
  if (key.type == KeyType::choice) return refuse(key, fmt::format("must be one of {}", key.choices));
  return refuse(key, fmt::format("must be {}, like {} = {}", type_description(key.type), key.name, key.example));
}

std::string absolute_path(const std::string& text, const std::string& directory) {
  if (text.starts_with("~/")) {
    const char* home = std::getenv("HOME");
    return (std::filesystem::path(home == nullptr ? "" : home) / text.substr(2)).string();
  }
  // operator/ lets an absolute right side win.
  return (std::filesystem::path(directory) / text).string();
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (true) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

/// "host:port", "[::1]:port"; port 0 is any that is free.
bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || has_control(text)) return false;
  const auto host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (!has_brackets && host.find_first_of(":[] /") != std::string_view::npos) return false;
  return text.substr(colon + 1) == "0" || parse_port(text.substr(colon + 1)) != 0;
}

Result<Value> in_range(const Key& key, std::int64_t number) {
  if (number >= key.least && number <= key.most) return Value{.number = number};
  const std::string_view unit = key.type == KeyType::duration ? " ms" : key.type == KeyType::octets ? " octets" : "";
  return refuse(key, fmt::format("must be between {} and {}{}", key.least, key.most, unit));
}

Result<Value> from_text(const Key& key, const std::string& text, const std::string& directory) {
  if (text.empty()) return refuse(key, "is empty; remove it or give a value");
  switch (key.type) {
    case KeyType::text:
      return Value{.text = text};
    case KeyType::path:
      return Value{.text = absolute_path(text, directory)};
    case KeyType::choice:
      if (!is_choice(key.choices, text)) return wrong_type(key);
      return Value{.text = text};
    case KeyType::octets: {
      const auto size = parse_octets(text);
      return size ? in_range(key, static_cast<std::int64_t>(*size)) : wrong_type(key);
    }
    case KeyType::duration: {
      const auto time = parse_duration(text);
      return time ? in_range(key, time->count()) : wrong_type(key);
    }
    case KeyType::fingerprint: {
      auto digits = parse_fingerprint(text);
      if (!digits) return wrong_type(key);
      return Value{.text = *std::move(digits)};
    }
    case KeyType::days: {
      const auto days = parse_days(text);
      if (!days) return wrong_type(key);
      return *days == 0 ? Value{} : in_range(key, static_cast<std::int64_t>(*days));
    }
    case KeyType::text_or_texts:
      return Value{.texts = {text}};
    case KeyType::log_target:
      return Value{.text = is_choice(kLogTargets, text) ? text : absolute_path(text, directory)};
    case KeyType::address:
      if (!is_address(text)) return wrong_type(key);
      return Value{.text = text};
    default:
      return wrong_type(key);
  }
}

Result<Value> from_number(const Key& key, std::int64_t number) {
  if (key.type != KeyType::count && key.type != KeyType::octets && key.type != KeyType::days) return wrong_type(key);
  if (number < 0 && key.least >= 0) return refuse(key, "must not be negative");
  return in_range(key, number);
}

Result<Value> from_list(const Key& key, const toml::array& list) {
  const bool is_texts = key.type == KeyType::texts || key.type == KeyType::text_or_texts;
  if (!is_texts && key.type != KeyType::map_rules) return wrong_type(key);
  Value value;
  for (const auto& element : list) {
    const auto text = element.value_exact<std::string>();
    if (!text || text->empty()) return wrong_type(key);
    if (key.type == KeyType::map_rules) {
      auto rule = parse_map_rule(*text);
      if (!rule) return refuse(key, fmt::format("has a rule without both sides: {}", rule.error().message));
      value.rules.push_back(*std::move(rule));
    } else {
      value.texts.push_back(*text);
    }
  }
  return value;
}

}  // namespace

Result<Value> read_value(const toml::node& node, const Key& key, const std::string& directory) {
  if (const auto* text = node.as_string()) return from_text(key, text->get(), directory);
  if (const auto* number = node.as_integer()) return from_number(key, number->get());
  if (const auto* flag = node.as_boolean(); flag != nullptr && key.type == KeyType::boolean)
    return Value{.flag = flag->get()};
  if (const auto* list = node.as_array()) return from_list(key, *list);
  return wrong_type(key);
}

}  // namespace mailferry::config
