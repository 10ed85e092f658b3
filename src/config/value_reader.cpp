#include "config/value_reader.hpp"

#include "config/units.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace mailferry::config {
namespace {

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

Result<Value> in_range(const Key& key, std::uint64_t number) {
  if (number >= key.least && number <= key.most) return Value{.text = {}, .number = number, .texts = {}, .rules = {}};
  const std::string_view unit = key.type == KeyType::duration ? " ms" : key.type == KeyType::octets ? " octets" : "";
  return refuse(key, fmt::format("must be between {} and {}{}", key.least, key.most, unit));
}

Result<Value> from_text(const Key& key, const std::string& text, const std::string& directory) {
  if (text.empty()) return refuse(key, "is empty; remove it or give a value");
  switch (key.type) {
    case KeyType::text:
      return Value{.text = text, .number = 0, .texts = {}, .rules = {}};
    case KeyType::path:
      return Value{.text = absolute_path(text, directory), .number = 0, .texts = {}, .rules = {}};
    case KeyType::choice:
      if (!is_choice(key.choices, text)) return wrong_type(key);
      return Value{.text = text, .number = 0, .texts = {}, .rules = {}};
    case KeyType::octets: {
      const auto size = parse_octets(text);
      return size ? in_range(key, *size) : wrong_type(key);
    }
    case KeyType::duration: {
      const auto time = parse_duration(text);
      return time ? in_range(key, static_cast<std::uint64_t>(time->count())) : wrong_type(key);
    }
    case KeyType::fingerprint: {
      auto digits = parse_fingerprint(text);
      if (!digits) return wrong_type(key);
      return Value{.text = *std::move(digits), .number = 0, .texts = {}, .rules = {}};
    }
    default:
      return wrong_type(key);
  }
}

Result<Value> from_number(const Key& key, std::int64_t number) {
  if (key.type != KeyType::count && key.type != KeyType::octets) return wrong_type(key);
  if (number < 0) return refuse(key, "must not be negative");
  return in_range(key, static_cast<std::uint64_t>(number));
}

Result<Value> from_list(const Key& key, const toml::array& list) {
  if (key.type != KeyType::texts && key.type != KeyType::map_rules) return wrong_type(key);
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
  if (const auto* list = node.as_array()) return from_list(key, *list);
  return wrong_type(key);
}

}  // namespace mailferry::config
