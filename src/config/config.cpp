#include "config/config.hpp"

#include "config/account_settings.hpp"
#include "config/key_table.hpp"
#include "config/nearest.hpp"
#include "config/user_text.hpp"
#include "config/value_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

namespace mailferry::config {
namespace {

constexpr std::size_t kMaxFileOctets = std::size_t{1} << 20;
/// toml++ 3.3 makes a table in a table of each dot of a key, and overflows the stack when it frees too many.
constexpr std::size_t kMaxDots = 100;
constexpr std::array<std::string_view, 2> kSectionNames{"account", "copy"};
/// Keys that people expect and that do not exist on purpose.
constexpr std::array<std::string_view, 4> kSecretKeys{"password", "pass", "passwd", "token"};

struct Problem {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;
};

/// Walks the tables of a file and gathers what is wrong with them.
class Reader {
 public:
  explicit Reader(const std::string& file)
      : file_(file), directory_(std::filesystem::path(file).parent_path().string()) {}

  void read(const toml::table& root) {
    for (const auto& [name, node] : root) {
      if (name == "account") {
        read_accounts(node);
      } else if (name == "copy") {
        read_section(node, Section::copy, name, Target{.account = nullptr, .copy = &config_.copy});
      } else {
        complain(name.source(), fmt::format("unknown section or key '{}'{}", shown(name.str()),
                                            did_you_mean(name.str(), kSectionNames)));
      }
    }
  }

  Result<Config> finish() {
    if (problems_.empty()) {
      config_.file = file_;
      return std::move(config_);
    }
    // Tables come in the order of their names; people read from top to bottom.
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& left, const Problem& right) {
      return std::tie(left.line, left.column) < std::tie(right.line, right.column);
    });
    std::vector<std::string> lines;
    for (const auto& [line, column, text] : problems_)
      lines.push_back(fmt::format("{}:{}:{}: {}", file_, line, column, text));
    return fail(ErrorKind::usage, Scope::run, fmt::format("{}", fmt::join(lines, "\n")));
  }

 private:
  void complain(const toml::source_region& place, std::string problem) {
    problems_.push_back({.line = place.begin.line, .column = place.begin.column, .text = std::move(problem)});
  }

  void read_accounts(const toml::node& node) {
    if (!node.is_table()) return complain(node.source(), "an account is written [account.NAME]");
    for (const auto& [name, account] : *node.as_table()) {
      AccountSettings settings;
      settings.name = name.str();
      if (!account.is_table()) {
        complain(name.source(), "a key stands in [account]; accounts are written [account.NAME]");
        continue;
      }
      const auto before = problems_.size();
      read_section(account, Section::account, name, Target{.account = &settings, .copy = nullptr});
      // What the keys mean together says nothing new when one of them is wrong.
      if (problems_.size() == before) add_account(settings, account.source());
    }
  }

  void add_account(const AccountSettings& settings, const toml::source_region& place) {
    std::vector<std::string> problems;
    if (settings.name.empty() || settings.name.find("://") != std::string::npos) {
      problems.emplace_back("an account's name must not be empty or contain '://'");
    }
    auto account = to_account(settings, problems);
    for (const auto& problem : problems)
      complain(place, fmt::format("account '{}': {}", shown(settings.name), problem));
    config_.accounts.push_back(std::move(account));
  }

  void read_section(const toml::node& node, Section section, const toml::key& title, const Target& target) {
    if (!node.is_table()) return complain(node.source(), fmt::format("'{}' must be a section", title.str()));
    for (const auto& [name, value] : *node.as_table()) {
      const Key* key = find_key(section, name.str());
      if (key == nullptr) {
        complain(name.source(), unknown_key(section, name.str()));
      } else if (auto checked = read_value(value, *key, directory_)) {
        key->apply(target, *std::move(checked));
      } else {
        complain(value.source(), checked.error().message);
      }
    }
  }

  static std::string unknown_key(Section section, std::string_view name) {
    if (section == Section::account && std::find(kSecretKeys.begin(), kSecretKeys.end(), name) != kSecretKeys.end()) {
      return fmt::format(
          "'{}' is no key: this file holds no secrets; use password_file, password_env, password_command or "
          "token_command",
          name);
    }
    return fmt::format("unknown key '{}' in {}{}", shown(name), section_title(section),
                       did_you_mean(name, key_names(section)));
  }

  std::string file_;
  std::string directory_;
  Config config_;
  std::vector<Problem> problems_;
};

std::unexpected<Error> cannot_read(const std::string& file, std::string_view reason) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("cannot read the configuration {}: {}", file, reason),
              "check the path and that you may read it");
}

/// Before the file is parsed: no key of it may be deeper than can be freed.
Result<> check_depth(std::string_view text, const std::string& file) {
  std::size_t line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '.') ++dots;
    // Whatever it is, a key or a text, ends here.
    if (std::string_view("\n=,[{").contains(c)) dots = 0;
    if (dots > kMaxDots)
      return fail(ErrorKind::usage, Scope::run, fmt::format("{}:{}:1: too many dots in a row of names", file, line));
  }
  return {};
}

}  // namespace

const Account* Config::find(std::string_view name) const noexcept {
  const auto account = std::find_if(accounts.begin(), accounts.end(), [&](const Account& a) { return a.name == name; });
  return account == accounts.end() ? nullptr : &*account;
}

Result<Config> load_config(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return cannot_read(file, "it is a directory");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return cannot_read(file, std::strerror(errno));
  std::string text(kMaxFileOctets + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return cannot_read(file, std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFileOctets) return cannot_read(file, "it is larger than 1 MiB");
  return parse_config(text, file);
}

Result<Config> parse_config(std::string_view text, const std::string& file) {
  CHECK_OK(check_depth(text, file));
  toml::table root;
  try {
    root = toml::parse(text, std::string_view(file));
  } catch (const toml::parse_error& error) {
    const auto& place = error.source().begin;
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("{}:{}:{}: {}", file, place.line, place.column, shown(error.description())));
  }
  Reader reader(file);
  reader.read(root);
  return reader.finish();
}

}  // namespace mailferry::config
