#include "config/section_reader.hpp"

#include "config/nearest.hpp"
#include "config/user_text.hpp"
#include "config/value_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mailferry::config {
namespace {

/// Keys that people expect and that do not exist on purpose.
constexpr std::array<std::string_view, 4> kSecretKeys{"password", "pass", "passwd", "token"};

std::string unknown_key(Section section, std::string_view name) {
  if (section == Section::account && std::find(kSecretKeys.begin(), kSecretKeys.end(), name) != kSecretKeys.end()) {
    return fmt::format(
        "'{}' is no key: this file holds no secrets; use password_file, password_env, password_command or "
        "token_command",
        name);
  }
  return fmt::format("unknown key '{}' in {}{}", shown(name), section_title(section),
                     did_you_mean(name, key_names(section)));
}

}  // namespace

void SectionReader::read(const toml::table& table, Section section, const Target& target, std::string_view nested) {
  for (const auto& [name, value] : table) {
    if (!nested.empty() && name == nested) continue;
    const Key* key = find_key(section, name.str());
    if (key == nullptr) {
      problems_.add(name.source(), unknown_key(section, name.str()));
    } else if (key->type == KeyType::mappings) {
      continue;
    } else if (auto checked = read_value(value, *key, directory_)) {
      key->apply(target, *std::move(checked));
    } else {
      problems_.add(value.source(), checked.error().message);
    }
  }
}

}  // namespace mailferry::config
