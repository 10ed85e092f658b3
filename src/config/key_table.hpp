// Every key of mailferry.toml, once: the reader, its checks, `mailferry config keys` and docs/configuration.md are made
// from this table.
#pragma once

#include "config/bridge.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::config {

enum class Section { account, copy, bridge, source, mapping };

enum class KeyType {
  text,
  path,         // "~/" is the home directory; relative to the directory of mailferry.toml
  choice,       // one of Key::choices
  count,        // a whole number within Key::least and Key::most
  boolean,      // true or false
  octets,       // "64MiB" or a whole number, within the same
  duration,     // "30s", in milliseconds within the same
  days,         // "7d", 7 or "all", which is 0; within the same
  fingerprint,  // SHA-256 in hexadecimal
  texts,        // list of texts
  map_rules,    // list of "FROM=TO"
  text_or_texts,
  log_target,  // stderr, stdout, syslog or a path
  address,     // "127.0.0.1:8080"
  mappings,    // list of tables, each of Section::mapping; nobody reads it as one value
};

/// A checked value; which member counts depends on the type.
struct Value {
  std::string text{};       // text, path, choice, fingerprint, log_target, address
  std::int64_t number = 0;  // count, octets, duration (milliseconds), days
  bool flag = false;        // boolean
  std::vector<std::string> texts{};
  std::vector<MapRule> rules{};
};

/// Where a value goes: what is being read.
struct Target {
  AccountSettings* account = nullptr;
  CopyDefaults* copy = nullptr;
  Bridge* bridge = nullptr;
  BridgeSource* source = nullptr;
  BridgeMapping* mapping = nullptr;
};

struct Key {
  Section section;
  std::string_view name;
  KeyType type;
  std::string_view standard;  // the default, for people
  std::string_view meaning;   // one sentence, without full stop
  std::string_view example;   // the value as TOML
  void (*apply)(const Target& target, Value value);
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::string_view choices = {};  // "tls|starttls|plaintext"
};

/// All keys, by section.
[[nodiscard]] std::span<const Key> key_table() noexcept;
/// Null: no such key in that section.
[[nodiscard]] const Key* find_key(Section section, std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string_view> key_names(Section section);
/// "[account.NAME]", "[copy]", "[bridge]", "[[bridge.source]]", "mappings".
[[nodiscard]] std::string_view section_title(Section section) noexcept;
/// "a size such as 64MiB", for errors and documentation.
[[nodiscard]] std::string_view type_description(KeyType type) noexcept;

}  // namespace mailferry::config
