#include "config/key_docs.hpp"

#include "config/key_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace mailferry::config {
namespace {

constexpr std::array kSections{Section::account, Section::copy, Section::bridge, Section::source, Section::mapping};

constexpr std::string_view kHead =
    R"(<!-- Made by `mailferry config docs`; a test compares it with the program. Change src/config/key_table.cpp instead. -->
# mailferry.toml

The file of accounts and defaults, in [TOML](https://toml.io). It is looked for in this order:

1. the file named with `--config`,
2. `$XDG_CONFIG_HOME/mailferry/mailferry.toml` (`~/.config/mailferry/mailferry.toml` when the variable is not set),
3. `mailferry.toml` in the current directory.

The command line has precedence over the file. The file holds no passwords, only where they are. Unknown keys and wrong values
are errors with line and column; `mailferry config check` shows all of them at once. File names that begin with `~/` are below
the home directory, other relative ones below the directory of the file.

```toml
[account.work]
url = "imaps://alice@mail.example.org/"
password_command = "pass show mail/work"

[account.archive]
host = "archive.example.net"
user = "alice@example.net"
password_file = "~/.config/mailferry/archive.password"

[copy]
exclude = ["Trash", "Junk"]
```

Then `mailferry copy work archive` copies the one to the other.
)";

constexpr std::string_view kBridgeExample = R"(

```toml
[bridge]
to = "archive"
report_mailbox = "Bridge/Reports"

[[bridge.source]]
account = "work"
mappings = [
  { from = "INBOX", to = ["INBOX", "Work"], labels = ["work"] },
  { from = "Sent", to = "Sent" },
]
```)";

std::string section_introduction(Section section) {
  switch (section) {
    case Section::account:
      return "One account; NAME is what the command line calls it. Either `url` or at least `host` and `user` must "
             "be given, and at most one source of the password. Without one, the password is asked for at the "
             "terminal. With `oauth` there is no password: see [signing in with OAuth2](manual/auth.md).";
    case Section::copy:
      return "What `mailferry copy`, `verify` and `folders` do when the command line does not say otherwise.";
    case Section::bridge:
      return fmt::format("What `mailferry bridge` carries where, all day long: new mail of many accounts into one.{}",
                         kBridgeExample);
    case Section::source:
      return "One account whose mail is carried; there may be many, each with its own `[[bridge.source]]`.";
    case Section::mapping:
      return "Each entry of `mappings` is a table of its own. A message is fetched once, however many mailboxes it "
             "goes to.";
  }
  return {};
}

/// As the heading of its own.
std::string heading(Section section) {
  return section == Section::mapping ? "mappings of [[bridge.source]]" : std::string(section_title(section));
}

std::string type_of(const Key& key) {
  if (key.type != KeyType::choice) return std::string(type_description(key.type));
  std::string choices(key.choices);
  std::replace(choices.begin(), choices.end(), '|', ' ');
  return fmt::format("{} {}", type_description(key.type), choices);
}

}  // namespace

std::string keys_text() {
  std::string text;
  auto out = std::back_inserter(text);
  for (const auto section : kSections) {
    fmt::format_to(out, "{}{}\n", text.empty() ? "" : "\n", heading(section));
    for (const auto& key : key_table()) {
      if (key.section != section) continue;
      fmt::format_to(out, "  {:<26}{}\n", key.name, key.meaning);
      fmt::format_to(out, "  {:<26}{}{}{}\n", "", type_of(key),
                     key.standard.empty() ? "" : "; default: ", key.standard);
    }
  }
  return text;
}

std::string configuration_markdown() {
  std::string text(kHead);
  auto out = std::back_inserter(text);
  for (const auto section : kSections) {
    fmt::format_to(out, "\n## {}\n\n{}\n\n", heading(section), section_introduction(section));
    fmt::format_to(out, "| key | value | default | meaning | example |\n|---|---|---|---|---|\n");
    for (const auto& key : key_table()) {
      if (key.section != section) continue;
      fmt::format_to(out, "| `{}` | {} | {} | {} | `{} = {}` |\n", key.name, type_of(key), key.standard, key.meaning,
                     key.name, key.example);
    }
  }
  return text;
}

}  // namespace mailferry::config
