#include "config/config.hpp"

#include "config/key_docs.hpp"
#include "config/key_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mailferry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kFile = "/etc/mf/mailferry.toml";

Config read(std::string_view text) {
  auto config = parse_config(text, kFile);
  EXPECT_TRUE(config) << config.error().describe();
  return config ? *config : Config{};
}

std::string problems(std::string_view text) {
  const auto config = parse_config(text, kFile);
  EXPECT_FALSE(config) << text;
  if (config) return "";
  EXPECT_EQ(config.error().kind, ErrorKind::usage);
  return config.error().message;
}

/// An account with one more line; its first three lines are good.
std::string account_with(std::string_view line) {
  return "[account.work]\nhost = \"h\"\nuser = \"u\"\n" + std::string(line) + "\n";
}

Account account_from(std::string_view line) {
  const auto config = read(account_with(line));
  return config.accounts.empty() ? Account{} : config.accounts.front();
}

TEST(Config, AnEmptyFileIsFine) {
  const auto config = read("");
  EXPECT_TRUE(config.accounts.empty());
  EXPECT_EQ(config.file, kFile);
}

TEST(Config, AnAccountFromItsUrl) {
  const auto config = read("[account.work]\nurl = \"imap://me@firm.example@h:10143/\"\n");
  const auto* account = config.find("work");
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->name, "work");
  EXPECT_EQ(account->user, "me@firm.example");
  EXPECT_EQ(account->endpoint.host, "h");
  EXPECT_EQ(account->endpoint.port, 10143);
  EXPECT_EQ(account->endpoint.security, net::Security::starttls);
  EXPECT_EQ(config.find("home"), nullptr);
}

TEST(Config, AnAccountFromItsParts) {
  const auto account = account_from("");
  EXPECT_EQ(account.label(), "u@h:993");
  EXPECT_EQ(account.endpoint.security, net::Security::tls);
  EXPECT_EQ(account.secret.kind, auth::SecretSource::Kind::none);
}

// Each key of [account.NAME] changes what it says it changes.
TEST(AccountKey, PortAndSecurity) {
  EXPECT_EQ(account_from("port = 1993").endpoint.port, 1993);
  EXPECT_EQ(account_from("security = \"starttls\"").endpoint.security, net::Security::starttls);
  EXPECT_EQ(account_from("security = \"starttls\"").endpoint.port, 143);
  EXPECT_FALSE(account_from("security = \"starttls\"").allow_plaintext);
  EXPECT_EQ(account_from("security = \"plaintext\"").endpoint.security, net::Security::plaintext);
  EXPECT_TRUE(account_from("security = \"plaintext\"").allow_plaintext);
  EXPECT_EQ(account_from("security = \"tls\"").endpoint.security, net::Security::tls);
}

TEST(AccountKey, SourcesOfTheSecret) {
  using Kind = auth::SecretSource::Kind;
  EXPECT_EQ(account_from("password_file = \"/secret\"").secret.kind, Kind::file);
  EXPECT_EQ(account_from("password_file = \"/secret\"").secret.value, "/secret");
  EXPECT_EQ(account_from("password_env = \"V\"").secret.kind, Kind::environment);
  EXPECT_EQ(account_from("password_command = \"pass x\"").secret.kind, Kind::command);
  EXPECT_FALSE(account_from("password_command = \"pass x\"").secret.is_token);
  EXPECT_TRUE(account_from("token_command = \"oama x\"").secret.is_token);
  EXPECT_EQ(account_from("token_command = \"oama x\"").secret.value, "oama x");
}

TEST(AccountKey, FilesAreBelowTheHomeDirectoryOrTheFilesOwn) {
  ::setenv("HOME", "/home/alice", 1);
  EXPECT_EQ(account_from("password_file = \"~/secret\"").secret.value, "/home/alice/secret");
  EXPECT_EQ(account_from("password_file = \"secret\"").secret.value, "/etc/mf/secret");
  EXPECT_EQ(account_from("tls_ca = \"ca.pem\"").endpoint.tls.ca_file, "/etc/mf/ca.pem");
}

TEST(AccountKey, Tls) {
  const std::string digits(62, 'a');
  EXPECT_EQ(account_from("tls_ca = \"/ca.pem\"").endpoint.tls.ca_file, "/ca.pem");
  EXPECT_EQ(account_from("tls_fingerprint = \"0F:" + digits + "\"").endpoint.tls.fingerprint, "0f" + digits);
  EXPECT_TRUE(account_from("").endpoint.tls.verify);
}

TEST(AccountKey, ConnectionsAndTimeouts) {
  using std::chrono::milliseconds;
  EXPECT_EQ(account_from("connections = 3").connections, 3);
  EXPECT_EQ(account_from("").connections, 0);
  EXPECT_EQ(account_from("connect_timeout = \"10s\"").endpoint.timeouts.connect, milliseconds(10'000));
  EXPECT_EQ(account_from("response_timeout = \"5min\"").endpoint.timeouts.response, milliseconds(300'000));
  EXPECT_EQ(account_from("write_timeout = \"500ms\"").endpoint.timeouts.write, milliseconds(500));
}

TEST(AccountKey, WhatABridgeMayMoveInADay) {
  EXPECT_FALSE(account_from("").daily_download);
  EXPECT_EQ(account_from("daily_download = \"2GB\"").daily_download, 2'000'000'000U);
  EXPECT_EQ(account_from("daily_upload = 0").daily_upload, 0U);
  EXPECT_FALSE(account_from("daily_upload = 0").daily_download);
}

TEST(CopyKey, EachSetsItsDefault) {
  const auto copy = read(
                        "[copy]\nstate = \"s.db\"\nconnections = 4\nwindow = \"64MiB\"\nmailbox = [\"A\", \"B/*\"]\n"
                        "exclude = [\"Trash\"]\nmap = [\"Sent Items=Sent\"]\n")
                        .copy;
  EXPECT_EQ(copy.state_file, "/etc/mf/s.db");
  EXPECT_EQ(copy.connections, 4);
  EXPECT_EQ(copy.window_octets, 64U << 20);
  EXPECT_THAT(copy.mailbox, ElementsAre("A", "B/*"));
  EXPECT_THAT(copy.exclude, ElementsAre("Trash"));
  EXPECT_THAT(copy.map, ElementsAre(MapRule{"Sent Items", "Sent"}));
  EXPECT_EQ(read("[copy]\nwindow = 1000000\n").copy.window_octets, 1'000'000U);
}

TEST(ConfigProblem, AnUnknownKeyHasItsPlaceAndTheNearestKnownOne) {
  EXPECT_EQ(problems(account_with("pasword_file = \"x\"")),
            "/etc/mf/mailferry.toml:4:1: unknown key 'pasword_file' in [account.NAME] (did you mean 'password_file'?)");
  EXPECT_EQ(problems("[copy]\n  conections = 1\n"),
            "/etc/mf/mailferry.toml:2:3: unknown key 'conections' in [copy] (did you mean 'connections'?)");
  EXPECT_EQ(problems("[copy]\nzzzzzz = 1\n"), "/etc/mf/mailferry.toml:2:1: unknown key 'zzzzzz' in [copy]");
}

TEST(ConfigProblem, AnUnknownSectionIsOne) {
  EXPECT_THAT(problems("[acount.work]\n"),
              HasSubstr(":1:2: unknown section or key 'acount' (did you mean 'account'?)"));
  EXPECT_THAT(problems("host = \"h\"\n"), HasSubstr(":1:1: unknown section or key 'host'"));
}

TEST(ConfigProblem, APasswordInTheFileIsRefusedAndNotRepeated) {
  const auto text = problems(account_with("password = \"hunter2\""));
  EXPECT_THAT(text, HasSubstr("password_file"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  const auto url = problems("[account.a]\nurl = \"imaps://u:hunter2@h/\"\n");
  EXPECT_THAT(url, HasSubstr("password_command"));
  EXPECT_THAT(url, Not(HasSubstr("hunter2")));
}

TEST(ConfigProblem, AUrlInTheWrongPlaceIsNotRepeated) {
  for (const auto* text :
       {"[account.\"imaps://u:hunter2@h/\"]\nhost = \"h\"\nuser = \"u\"\n", "\"imaps://u:hunter2@h/\" = 1\n",
        "[copy]\n\"imaps://u:hunter2@h/\" = 1\n", "[copy]\nmap = [\"imaps://u:hunter2@h/\"]\n"}) {
    EXPECT_THAT(problems(text), AllOf(HasSubstr("imaps://…"), Not(HasSubstr("hunter2"))));
  }
}

TEST(ConfigProblem, ANameOfTwoLinesDoesNotMakeTwoProblems) {
  EXPECT_EQ(problems("\"a\\nb\" = 1\n"), "/etc/mf/mailferry.toml:1:1: unknown section or key 'a b'");
  EXPECT_THAT(problems("a = n\nb = 1\n"), Not(HasSubstr("\n")));
}

TEST(ConfigProblem, AControlCharacterInHostOrUserIsOne) {
  for (const auto* host : {"imaps://h", "h:993", "h h", "u@h", "[::1]"})
    EXPECT_THAT(problems(fmt::format("[account.a]\nhost = \"{}\"\nuser = \"u\"\n", host)),
                HasSubstr("host is a name or an address alone"));
  EXPECT_THAT(problems("[account.a]\nhost = \"h\\r\\nX: y\"\nuser = \"u\"\n"), HasSubstr("control character"));
}

struct BadLine {
  std::string line;
  std::string says;
};

void PrintTo(const BadLine& row, std::ostream* out) {
  *out << row.line;
}

class BadValue : public testing::TestWithParam<BadLine> {};

TEST_P(BadValue, IsNamedWithItsPlace) {
  const auto text = problems(account_with(GetParam().line));
  EXPECT_THAT(text, HasSubstr(GetParam().says));
  EXPECT_THAT(text, testing::StartsWith("/etc/mf/mailferry.toml:"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadValue,
    testing::Values(
        BadLine{"port = \"993\"", ":4:8: port must be a whole number"}, BadLine{"port = 0", "between 1 and 65535"},
        BadLine{"port = 65536", "between 1 and 65535"}, BadLine{"port = -1", "must not be negative"},
        BadLine{"port = 9.5", "a whole number"}, BadLine{"security = \"ssl\"", "one of tls|starttls|plaintext"},
        BadLine{"security = true", "one of"}, BadLine{"password_file = 3", "password_file must be a file name"},
        BadLine{"password_file = \"\"", "is empty"}, BadLine{"password_env = [\"A\"]", "must be text"},
        BadLine{"connections = 65", "between 0 and 64"}, BadLine{"connect_timeout = \"10\"", "a time such as"},
        BadLine{"connect_timeout = 10", "a time such as"}, BadLine{"connect_timeout = \"10ms\"", "between 100 and"},
        BadLine{"response_timeout = \"2h\"", "between 100 and 3600000 ms"},
        BadLine{"tls_fingerprint = \"abc\"", "64 hexadecimal digits"},
        BadLine{"password_env = \"A\"\npassword_command = \"b\"", "more than one source"},
        BadLine{"url = \"imaps://u@h/\"", "url already says host"},
        BadLine{"security = \"plaintext\"\ntls_ca = \"/x\"", "mean nothing with security"},
        BadLine{"[copy]\nmailbox = \"INBOX\"", ":5:11: mailbox must be a list of texts"},
        BadLine{"[copy]\nmailbox = [1]", "a list of texts"}, BadLine{"[copy]\nmap = [\"A\"]", "without both sides"},
        BadLine{"[copy]\nwindow = \"64MiX\"", "a size such as"},
        BadLine{"[copy]\nwindow = \"8GiB\"", "between 0 and 4294967296 octets"}));

TEST(ConfigProblem, AnAccountWithoutHostOrUserIsOne) {
  EXPECT_THAT(problems("[account.a]\nuser = \"u\"\n"), HasSubstr("account 'a': neither url nor host is given"));
  EXPECT_THAT(problems("[account.a]\nhost = \"h\"\n"), HasSubstr("account 'a': neither url nor user is given"));
  EXPECT_THAT(problems("[account]\nhost = \"h\"\n"), HasSubstr("[account.NAME]"));
  EXPECT_THAT(problems("account = 3\n"), HasSubstr("[account.NAME]"));
  EXPECT_THAT(problems("copy = 3\n"), HasSubstr("must be a section"));
}

TEST(ConfigProblem, AllAreReportedFromTopToBottom) {
  const auto text = problems("[copy]\nconections = 1\n[account.b]\nhost = 1\n[account.a]\nuser = 2\nfoo = 3\n");
  EXPECT_THAT(text, testing::MatchesRegex(".*:2:1: .*\n.*:4:8: .*\n.*:6:8: .*\n.*:7:1: .*"));
}

TEST(ConfigProblem, BrokenTomlHasItsPlace) {
  EXPECT_THAT(problems("[copy]\nconnections = \n"), testing::StartsWith("/etc/mf/mailferry.toml:2:"));
  EXPECT_THAT(problems("[copy]\nstate = \"a\"\nstate = \"b\"\n"), HasSubstr("mailferry.toml:3:"));
  problems("[[[[");
  problems(std::string(5000, '['));
  problems("a = " + std::string(5000, '['));
  std::string deep = "a";
  for (int i = 0; i < 300'000; ++i)
    deep += ".a";
  EXPECT_THAT(problems("\n" + deep + " = 1"), HasSubstr(".toml:2:1: too many dots"));
  EXPECT_THAT(problems("[" + deep + "]"), HasSubstr(".toml:1:1: too many dots"));
}

/// What stands in quotes ends no key, whatever it is.
TEST(ConfigProblem, KeysInQuotesAreNotTooDeepEither) {
  for (const auto* piece : {".\"=\"", ".'='", ".\"\\\"=\"", ".\"[{,#\"", ".'\"='"}) {
    std::string deep = "a";
    for (int i = 0; i < 50'000; ++i)
      deep += piece;
    for (const auto* before : {"", "x = [\"\"\"a\"=b\n\"\"\", {", "x = '''a'b''' # it's\n", "# don't\n",
                               "x = [\"\"\"a\"\"\"\", {", "x = ['''a''''', {"})
      EXPECT_THAT(problems(before + deep + " = 1"), HasSubstr("too many dots")) << piece << " behind " << before;
  }
}

TEST(ConfigProblem, DotsOfATextAreNotCounted) {
  const std::string dots(500, '.');
  for (const auto& text : {"'" + dots + "'", "\"\\\"" + dots + "\"", "\"\"\"\"a\"\n" + dots + "\"\"\""})
    EXPECT_THAT(problems("[copy]\nnothing = " + text + "\n"), testing::Not(HasSubstr("too many dots"))) << text;
}

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mailferry-config-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(ConfigFile, IsRead) {
  const auto file = directory_ + "/mailferry.toml";
  std::ofstream(file) << account_with("password_file = \"secret\"");
  const auto config = load_config(file);
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(config->accounts.front().secret.value, directory_ + "/secret");
}

TEST_F(ConfigFile, ThatIsMissingOrADirectoryOrHugeIsAUsageErrorWithItsName) {
  const auto huge = directory_ + "/huge.toml";
  std::ofstream(huge) << std::string((1 << 20) + 1, '#');
  for (const auto& file : {directory_ + "/none.toml", directory_, huge}) {
    const auto config = load_config(file);
    ASSERT_FALSE(config) << file;
    EXPECT_EQ(config.error().kind, ErrorKind::usage);
    EXPECT_THAT(config.error().describe(), HasSubstr(file));
    EXPECT_FALSE(config.error().remedy.empty());
  }
  std::ofstream(huge) << std::string(1 << 20, '#');
  EXPECT_TRUE(load_config(huge));
}

/// What an oauth key needs beside it.
std::string company_of(std::string_view name) {
  if (!name.starts_with("oauth")) return "";
  std::string lines;
  const auto add = [&](std::string_view other, std::string_view value) {
    if (other != name) lines += fmt::format("{} = \"{}\"\n", other, value);
  };
  add("oauth", name == "oauth_tenant" ? "microsoft" : "google");
  add("oauth_token_file", "/t");
  if (name == "oauth_client_secret_file") add("oauth_client_id", "id");
  return lines;
}

/// A file in which the example of `key` stands where it belongs.
std::string file_with(const Key& key) {
  constexpr const char* kAccounts =
      "[account.work]\nhost = \"w\"\nuser = \"u\"\n[account.archive]\nhost = \"a\"\nuser = \"u\"\n";
  const auto line = fmt::format("{} = {}\n", key.name, key.example);
  const std::string to = key.name == "to" ? "" : "to = \"archive\"\n";
  switch (key.section) {
    case Section::copy:
      return "[copy]\n" + line;
    case Section::bridge:
      return kAccounts + ("[bridge]\n" + to) + line + "[[bridge.source]]\naccount = \"work\"\n";
    case Section::source:
      return kAccounts + ("[bridge]\n" + to) + "[[bridge.source]]\n" +
             (key.name == "account" ? "" : "account = \"work\"\n") + line;
    case Section::mapping:
      return fmt::format("{}[bridge]\n{}[[bridge.source]]\naccount = \"work\"\n[[bridge.source.mappings]]\n{}{}{}",
                         kAccounts, "to = \"archive\"\n", key.name == "from" ? "" : "from = \"A\"\n",
                         key.name == "to" ? "" : "to = \"B\"\n", line);
    case Section::account:
      break;
  }
  if (key.name == "url") return "[account.a]\n" + line;
  if (key.name == "host") return "[account.a]\nuser = \"u\"\n" + line;
  return key.name == "user" ? "[account.a]\nhost = \"h\"\n" + line : account_with(company_of(key.name) + line);
}

TEST(KeyTable, EveryExampleIsAcceptedByTheReader) {
  for (const auto& key : key_table()) {
    const auto text = file_with(key);
    const auto config = parse_config(text, kFile);
    EXPECT_TRUE(config) << text << (config ? "" : config.error().describe());
  }
}

TEST(KeyTable, EveryKeyIsDocumented) {
  for (const auto& key : key_table()) {
    EXPECT_FALSE(key.meaning.empty()) << key.name;
    EXPECT_FALSE(key.meaning.ends_with('.')) << key.name;
    EXPECT_THAT(keys_text(), HasSubstr(std::string(key.name)));
    EXPECT_THAT(configuration_markdown(), HasSubstr("| `" + std::string(key.name) + "` |"));
  }
}

TEST(ConfigurationPage, InTheRepositoryIsWhatTheProgramPrints) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../../docs/configuration.md";
  std::ifstream stream(file);
  ASSERT_TRUE(stream) << file;
  const std::string page((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_EQ(page, configuration_markdown()) << "run: mailferry config docs > docs/configuration.md";
}

}  // namespace
}  // namespace mailferry::config
