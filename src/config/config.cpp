#include "config/config.hpp"

#include "config/account_settings.hpp"
#include "config/bridge_reader.hpp"
#include "config/nearest.hpp"
#include "config/problem_list.hpp"
#include "config/section_reader.hpp"
#include "config/user_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace mailferry::config {
namespace {

constexpr std::size_t kMaxFileOctets = std::size_t{1} << 20;
/// toml++ 3.3 makes a table in a table of each dot of a key, and overflows the stack when it frees too many.
constexpr std::size_t kMaxDots = 100;
constexpr std::array<std::string_view, 3> kSectionNames{"account", "copy", "bridge"};
/// Walks the tables of a file and gathers what is wrong with them.
class Reader {
 public:
  explicit Reader(const std::string& file)
      : file_(file), sections_(std::filesystem::path(file).parent_path().string(), problems_) {}

  void read(const toml::table& root) {
    for (const auto& [name, node] : root) {
      if (name == "account") {
        read_accounts(node);
      } else if (name == "copy") {
        read_copy(node);
      } else if (name != "bridge") {
        problems_.add(name.source(), fmt::format("unknown section or key '{}'{}", shown(name.str()),
                                                 did_you_mean(name.str(), kSectionNames)));
      }
    }
    // After the accounts, which it names.
    if (const auto* bridge = root.get("bridge"))
      config_.bridge = read_bridge(*bridge, sections_, config_.accounts, account_names_);
  }

  Result<Config> finish() {
    if (problems_.size() != 0) return fail(ErrorKind::usage, Scope::run, problems_.text(file_));
    config_.file = file_;
    return std::move(config_);
  }

 private:
  void read_copy(const toml::node& node) {
    if (!node.is_table()) return problems_.add(node.source(), "'copy' must be a section");
    sections_.read(*node.as_table(), Section::copy, Target{.copy = &config_.copy});
  }

  void read_accounts(const toml::node& node) {
    if (!node.is_table()) return problems_.add(node.source(), "an account is written [account.NAME]");
    for (const auto& [name, account] : *node.as_table()) {
      AccountSettings settings;
      settings.name = name.str();
      if (!account.is_table()) {
        problems_.add(name.source(), "a key stands in [account]; accounts are written [account.NAME]");
        continue;
      }
      account_names_.push_back(name.str());
      const auto before = problems_.size();
      sections_.read(*account.as_table(), Section::account, Target{.account = &settings});
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
      problems_.add(place, fmt::format("account '{}': {}", shown(settings.name), problem));
    // One that is wrong is not compared with others.
    if (problems.empty()) config_.accounts.push_back(std::move(account));
  }

  std::string file_;
  ProblemList problems_;
  SectionReader sections_;
  Config config_;
  std::vector<std::string_view> account_names_;  // also of those with problems; in the tables of the file
};

std::unexpected<Error> cannot_read(const std::string& file, std::string_view reason) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("cannot read the configuration {}: {}", file, reason),
              "check the path and that you may read it");
}

/// The length of the string that `text` begins with (TOML 1.0 "String"); one that does not end goes to the end of its
/// line, or of the text where it may have several.
std::size_t quoted_length(std::string_view text) {
  const char quote = text.front();
  const bool escapes = quote == '"';
  const std::string triple(3, quote);
  const bool several_lines = text.starts_with(triple);
  const auto end = several_lines ? std::string_view(triple) : std::string_view(triple).substr(2);
  for (std::size_t at = end.size(); at < text.size(); ++at) {
    if (escapes && text[at] == '\\') {
      ++at;
    } else if (text.substr(at).starts_with(end)) {
      const auto length = at + end.size();
      // Up to two quotes before the three that end it belong to the text.
      const auto more = several_lines ? text.substr(length, 2).find_first_not_of(quote) : 0;
      return std::min(text.size(), length + std::min<std::size_t>(more, 2));
    } else if (text[at] == '\n' && !several_lines) {
      return at;
    }
  }
  return text.size();
}

/// Before the file is parsed: no key of it may be deeper than can be freed.
Result<> check_depth(std::string_view text, const std::string& file) {
  std::size_t line = 1;
  std::size_t dots = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const auto quoted = text.substr(at, quoted_length(text.substr(at)));
      line += static_cast<std::size_t>(std::ranges::count(quoted, '\n'));
      at += std::max<std::size_t>(1, quoted.size()) - 1;
      continue;
    }
    if (c == '#') at = std::min(text.find('\n', at), text.size()) - 1;
    if (c == '\n') ++line;
    if (c == '.') ++dots;
    // Whatever it is, a key or a value, ends here.
    if (std::string_view("\n#=,[{").contains(c)) dots = 0;
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
  TRY(const Secret text, read_config_text(file));
  return parse_config(text.reveal(), file);
}

Result<Secret> read_config_text(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return cannot_read(file, "it is a directory");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return cannot_read(file, std::strerror(errno));
  std::string text(kMaxFileOctets + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return cannot_read(file, std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFileOctets) return cannot_read(file, "it is larger than 1 MiB");
  return Secret(std::move(text));
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
