#include "cli/options.hpp"

#include "cli/exit_codes.hpp"
#include "cli/option_table.hpp"
#include "cli/version.hpp"
#include "command_line.hpp"

#include <gmock/gmock.h>

namespace mailferry::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = auth::SecretSource::Kind;

class CommandOptions : public test::CommandLineTest {};
class Accounts : public test::CommandLineTest {};
class Refused : public test::CommandLineTest {};
class Help : public test::CommandLineTest {};

TEST_F(CommandOptions, WithoutAnyAreTheDefaults) {
  const auto copy = CommandOptions::copy({});
  EXPECT_EQ(copy.command, Command::copy);
  EXPECT_EQ(copy.from.label(), "alice@a.example:993");
  EXPECT_EQ(copy.to.label(), "bob@b.example:143");
  EXPECT_TRUE(copy.has_to);
  const auto& options = copy.options;
  EXPECT_FALSE(options.yes || options.dry_run || options.explain || options.quiet || options.json || options.verbose ||
               options.deep);
  EXPECT_EQ(options.connections, 0U);
  EXPECT_EQ(options.window_octets, 0U);
  EXPECT_EQ(options.config_file, "");
  EXPECT_EQ(options.state_file, directory_ + "/state/mailferry/state.db");
  EXPECT_THAT(options.mailbox, IsEmpty());
  EXPECT_EQ(copy.from.secret.kind, Kind::none);
}

TEST_F(CommandOptions, FlagsOfCopy) {
  EXPECT_TRUE(copy({"--yes"}).options.yes);
  EXPECT_TRUE(copy({"--dry-run"}).options.dry_run);
  EXPECT_TRUE(copy({"--explain"}).options.explain);
  EXPECT_TRUE(copy({"--quiet"}).options.quiet);
  EXPECT_TRUE(copy({"--json"}).options.json);
  EXPECT_TRUE(copy({"--verbose"}).options.verbose);
}

TEST_F(CommandOptions, MayStandBeforeTheAccounts) {
  const auto copy =
      accepted({"copy", "--yes", "--mailbox", "INBOX", "imaps://a@h/", "--exclude=Trash", "imaps://b@h/"});
  EXPECT_TRUE(copy.options.yes);
  EXPECT_EQ(copy.from.user, "a");
  EXPECT_EQ(copy.to.user, "b");
  EXPECT_THAT(copy.options.mailbox, ElementsAre("INBOX"));
  EXPECT_THAT(copy.options.exclude, ElementsAre("Trash"));
}

TEST_F(CommandOptions, ListsAreRepeatableAndTakenAsTheyAre) {
  const auto options = copy({"--mailbox", "[Gmail]", "--mailbox", "a,b", "--mailbox", "[Gmail]/*", "--exclude",
                             "\\Trash", "--exclude", "{x}", "--map", "Sent Items=Sent", "--map", "A\\=B/*=C=D"})
                           .options;
  EXPECT_THAT(options.mailbox, ElementsAre("[Gmail]", "a,b", "[Gmail]/*"));
  EXPECT_THAT(options.exclude, ElementsAre("\\Trash", "{x}"));
  EXPECT_THAT(options.map, ElementsAre(MapRule{"Sent Items", "Sent"}, MapRule{"A\\=B/*", "C=D"}));
}

TEST_F(CommandOptions, NumbersWithUnits) {
  EXPECT_EQ(copy({"--connections", "4"}).options.connections, 4U);
  EXPECT_EQ(copy({"--connections", "4"}).from.connections, 4U);
  EXPECT_EQ(copy({"--connections", "4"}).to.connections, 4U);
  EXPECT_EQ(copy({"--connections", "64"}).options.connections, 64U);
  EXPECT_EQ(copy({"--window", "64MiB"}).options.window_octets, 64U << 20);
  EXPECT_EQ(copy({"--window", "1000"}).options.window_octets, 1000U);
}

TEST_F(CommandOptions, StateFile) {
  EXPECT_EQ(copy({"--state", "/var/s.db"}).options.state_file, "/var/s.db");
  ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(copy({}).options.state_file, directory_ + "/home/.local/state/mailferry/state.db");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(copy({}).options.state_file, directory_ + "/home/.local/state/mailferry/state.db");
}

TEST_F(CommandOptions, OfVerify) {
  const auto verify = accepted({"verify", "imaps://a@h/", "imaps://b@h/", "--deep", "--manifest", "m.txt", "--json"});
  EXPECT_EQ(verify.command, Command::verify);
  EXPECT_TRUE(verify.options.deep);
  EXPECT_EQ(verify.options.manifest, "m.txt");
  EXPECT_TRUE(verify.options.json);
}

TEST_F(CommandOptions, OfFoldersWithOneOrTwoAccounts) {
  const auto one = accepted({"folders", "imaps://a@h/"});
  EXPECT_EQ(one.command, Command::folders);
  EXPECT_FALSE(one.has_to);
  const auto two = accepted({"folders", "imaps://a@h/", "imaps://b@h/", "--exclude", "Trash"});
  EXPECT_TRUE(two.has_to);
  EXPECT_THAT(two.options.exclude, ElementsAre("Trash"));
}

TEST_F(CommandOptions, OfConfig) {
  EXPECT_EQ(accepted({"config", "keys"}).command, Command::config_keys);
  EXPECT_EQ(accepted({"config", "docs"}).command, Command::config_docs);
  EXPECT_EQ(accepted({"config", "docs"}).docs_page, "configuration");
  EXPECT_EQ(accepted({"config", "docs", "exit-codes"}).docs_page, "exit-codes");
  EXPECT_EQ(accepted({"config", "check", "--config", "f.toml"}).command, Command::config_check);
  EXPECT_EQ(accepted({"config", "check", "--config", "f.toml"}).options.config_file, "f.toml");
}

// --- one side's options ---

/// Each of these changes only the side that it names.
class SideOption : public test::CommandLineTest, public testing::WithParamInterface<const char*> {
 protected:
  config::Account with(const std::string& option, const std::string& value = "") {
    std::vector<std::string> more{"--" + std::string(GetParam()) + "-" + option};
    if (!value.empty()) more.push_back(value);
    // Both sides by STARTTLS, so that --…-plaintext fits.
    std::vector<std::string> arguments{"copy", "imap://alice@a.example/", "imap://bob@b.example/"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto copy = accepted(arguments);
    const bool is_from = std::string(GetParam()) == "from";
    const auto& other = is_from ? copy.to : copy.from;
    EXPECT_EQ(other.secret.kind, Kind::none);
    EXPECT_EQ(other.endpoint.security, net::Security::starttls);
    EXPECT_EQ(other.endpoint.tls.ca_file + other.endpoint.tls.fingerprint, "");
    return is_from ? copy.from : copy.to;
  }
};

TEST_P(SideOption, SetsTheSourceOfTheSecret) {
  EXPECT_EQ(with("password-file", "f").secret.kind, Kind::file);
  EXPECT_EQ(with("password-file", "f").secret.value, "f");
  EXPECT_EQ(with("password-env", "V").secret.kind, Kind::environment);
  EXPECT_EQ(with("password-command", "pass x").secret.kind, Kind::command);
  EXPECT_FALSE(with("password-command", "pass x").secret.is_token);
  EXPECT_EQ(with("password-fd", "3").secret.kind, Kind::descriptor);
  EXPECT_EQ(with("password-fd", "3").secret.value, "3");
  EXPECT_EQ(with("token-command", "oama x").secret.kind, Kind::command);
  EXPECT_TRUE(with("token-command", "oama x").secret.is_token);
}

TEST_P(SideOption, SetsTls) {
  EXPECT_EQ(with("tls-ca", "ca.pem").endpoint.tls.ca_file, "ca.pem");
  EXPECT_EQ(with("tls-fingerprint", std::string(64, 'A')).endpoint.tls.fingerprint, std::string(64, 'a'));
}

TEST_P(SideOption, AllowsPlaintext) {
  EXPECT_EQ(with("plaintext").endpoint.security, net::Security::plaintext);
  EXPECT_TRUE(with("plaintext").allow_plaintext);
  EXPECT_EQ(with("plaintext").endpoint.port, 143);
}

INSTANTIATE_TEST_SUITE_P(Sides, SideOption, testing::Values("from", "to"));

// --- accounts of mailferry.toml ---

constexpr const char* kAccounts = R"([account.work]
url = "imaps://alice@a.example/"
password_env = "WORK"
connections = 2
[account.home]
host = "b.example"
user = "bob"
security = "starttls"
[copy]
connections = 5
window = "1MiB"
state = "/s.db"
mailbox = ["INBOX"]
exclude = ["Junk"]
map = ["A=B"]
)";

TEST_F(Accounts, AreFoundInTheFileThatIsNamed) {
  const auto file = write("my.toml", kAccounts);
  const auto copy = accepted({"copy", "work", "home", "--config", file});
  EXPECT_EQ(copy.options.config_file, file);
  EXPECT_EQ(copy.from.name, "work");
  EXPECT_EQ(copy.from.label(), "alice@a.example:993");
  EXPECT_EQ(copy.from.secret.kind, Kind::environment);
  EXPECT_EQ(copy.to.label(), "bob@b.example:143");
}

TEST_F(Accounts, AreFoundInTheUsersDirectoryBeforeTheCurrentOne) {
  const auto here = write("mailferry.toml", kAccounts);
  EXPECT_EQ(accepted({"copy", "work", "home"}).options.config_file, "mailferry.toml");
  const auto users = write("config/mailferry/mailferry.toml", kAccounts);
  EXPECT_EQ(accepted({"copy", "work", "home"}).options.config_file, users);
  ::unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(accepted({"copy", "work", "home"}).options.config_file, "mailferry.toml");
  const auto homes = write("home/.config/mailferry/mailferry.toml", kAccounts);
  EXPECT_EQ(accepted({"copy", "work", "home"}).options.config_file, homes);
}

TEST_F(Accounts, MayBeMixedWithUrlsAndOverridden) {
  const auto file = write("my.toml", kAccounts);
  const auto copy = accepted({"copy", "work", "imaps://carol@c.example/", "--config", file, "--from-password-file", "f",
                              "--from-tls-ca", "ca"});
  EXPECT_EQ(copy.from.secret.kind, Kind::file);
  EXPECT_EQ(copy.from.endpoint.tls.ca_file, "ca");
  EXPECT_EQ(copy.to.user, "carol");
}

TEST_F(Accounts, CopySectionGivesDefaultsThatTheCommandLineOverrides) {
  const auto file = write("my.toml", kAccounts);
  const auto standard = accepted({"copy", "work", "home", "--config", file});
  EXPECT_EQ(standard.options.connections, 5U);
  EXPECT_EQ(standard.from.connections, 2U) << "the account's own limit counts before [copy]";
  EXPECT_EQ(standard.to.connections, 5U);
  EXPECT_EQ(standard.options.window_octets, 1U << 20);
  EXPECT_EQ(standard.options.state_file, "/s.db");
  EXPECT_THAT(standard.options.mailbox, ElementsAre("INBOX"));
  EXPECT_THAT(standard.options.exclude, ElementsAre("Junk"));
  EXPECT_THAT(standard.options.map, ElementsAre(MapRule{"A", "B"}));
  const auto own = accepted({"copy", "work", "home", "--config", file, "--connections", "7", "--window", "2MiB",
                             "--state", "/t.db", "--mailbox", "X", "--exclude", "Y", "--map", "C=D"});
  EXPECT_EQ(own.options.connections, 7U);
  EXPECT_EQ(own.from.connections, 7U);
  EXPECT_EQ(own.options.window_octets, 2U << 20);
  EXPECT_EQ(own.options.state_file, "/t.db");
  EXPECT_THAT(own.options.mailbox, ElementsAre("X"));
  EXPECT_THAT(own.options.exclude, ElementsAre("Y", "Junk")) << "what the file leaves out stays out";
  EXPECT_THAT(own.options.map, ElementsAre(MapRule{"C", "D"}, MapRule{"A", "B"})) << "the first that matches counts";
  EXPECT_EQ(refused({"copy", "work", "home", "--config", file, "--map", "C=D", "--map", "C=E"}).kind, ErrorKind::usage);
  EXPECT_EQ(refused({"verify", "manifest:", "home", "--config", file}).kind, ErrorKind::usage);
}

TEST_F(Accounts, ThatDoNotExistAreNamedWithTheNearestOne) {
  const auto file = write("my.toml", kAccounts);
  const auto error = refused({"copy", "wrok", "home", "--config", file});
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_THAT(error.message, HasSubstr("'wrok'"));
  EXPECT_THAT(error.message, HasSubstr("did you mean 'work'?"));
  EXPECT_THAT(refused({"copy", "work", "home"}).message, HasSubstr("no mailferry.toml was found"));
  EXPECT_THAT(refused({"copy", "alice@a.example", "home"}).remedy, HasSubstr("imaps://alice@a.example/"));
}

TEST_F(Accounts, ABrokenOrMissingFileIsAnErrorEvenWithUrls) {
  EXPECT_EQ(refused(copy_with({"--config", directory_ + "/none.toml"})).kind, ErrorKind::usage);
  write("mailferry.toml", "[copy]\nconections = 1\n");
  const auto error = refused(copy_with({}));
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_THAT(error.message, HasSubstr("mailferry.toml:2:1"));
}

// --- refusals ---

struct BadLine {
  std::vector<std::string> more;
  std::string says;
};

void PrintTo(const BadLine& row, std::ostream* out) {
  for (const auto& argument : row.more)
    *out << argument << ' ';
}

class BadOption : public test::CommandLineTest, public testing::WithParamInterface<BadLine> {};

TEST_P(BadOption, IsAUsageErrorWithRemedy) {
  const auto error = refused(copy_with(GetParam().more));
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_EQ(exit_code(error), 2);
  EXPECT_FALSE(error.remedy.empty());
  EXPECT_THAT(error.describe(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadOption,
    testing::Values(
        BadLine{{"--dryrun"}, "there is no option --dryrun (did you mean '--dry-run'?)"},
        BadLine{{"--from-pasword-file=x"},
                "there is no option --from-pasword-file (did you mean '--from-password-file'?)"},
        BadLine{{"--deep"}, "there is no option --deep"}, BadLine{{"third"}, "'third' is one argument too many"},
        BadLine{{"--state"}, "--state"}, BadLine{{"--state", ""}, "--state is given without a value"},
        BadLine{{"--mailbox", ""}, "--mailbox is given without a value"},
        BadLine{{"--state", "a", "--state", "b"}, "--state"}, BadLine{{"--connections", "many"}, "--connections"},
        BadLine{{"--connections", "65"}, "--connections"}, BadLine{{"--connections", "-1"}, "--connections"},
        BadLine{{"--window", "8MiX"}, "--window"}, BadLine{{"--window", "5GiB"}, "--window"},
        BadLine{{"--map", "A"}, "--map"}, BadLine{{"--from-password-fd", "x"}, "--from-password-fd"},
        BadLine{{"--to-tls-fingerprint", "abc"}, "--to-tls-fingerprint"},
        BadLine{{"--from-plaintext"}, "--from-plaintext contradicts"},
        BadLine{{"--to-plaintext", "--to-tls-ca", "x"}, "mean nothing without TLS"},
        BadLine{{"--from-password-env", "A", "--from-password-file", "b"}, "more than one way"},
        BadLine{{"--to-token-command", "A", "--to-password-fd", "3"}, "more than one way"}));

TEST_F(Refused, ACommandThatIsNone) {
  EXPECT_THAT(refused({"COPY", "a", "b"}).message, HasSubstr("no command 'COPY' (did you mean 'copy'?)"));
  EXPECT_THAT(refused({"conf"}).message, HasSubstr("no command 'conf' (did you mean 'config'?)"));
  EXPECT_THAT(refused({"config", "chek"}).message,
              HasSubstr("no command 'config chek' (did you mean 'config check'?)"));
  EXPECT_EQ(refused({"config"}).remedy, "see mailferry config --help");
  EXPECT_THAT(refused(copy_with({"--from-password", "x"})).message, HasSubstr("did you mean '--from-password-file'?"));
}

TEST_F(Refused, APasswordInTheUrlNamesTheOptionOfItsSide) {
  const auto from = refused({"copy", "imaps://alice:hunter2@h/", "imaps://bob@h/"});
  EXPECT_THAT(from.remedy, HasSubstr("--from-password-file"));
  EXPECT_THAT(from.describe() + from.remedy, Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused({"copy", "imaps://bob@h/", "imaps://alice:hunter2@h/"}).remedy, HasSubstr("--to-password-file"));
}

TEST_F(Refused, TheSameAccountOnBothSides) {
  for (const auto* command : {"copy", "verify", "folders"}) {
    const auto error = refused({command, "imaps://alice@h.example/", "imap://alice@H.example/"});
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_THAT(error.message, HasSubstr("the same account"));
  }
  accepted({"copy", "imap://alice@127.0.0.1:1143/", "imap://alice@127.0.0.1:2143/"});
}

TEST_F(Refused, MissingOrUnknownCommandsAndOperands) {
  EXPECT_THAT(refused({"cpoy", "a", "b"}).message, HasSubstr("did you mean 'copy'?"));
  EXPECT_THAT(refused({}).remedy, HasSubstr("mailferry --help"));
  EXPECT_THAT(refused({"copy"}).message, HasSubstr("FROM"));
  EXPECT_THAT(refused({"copy"}).remedy, HasSubstr("mailferry copy --help"));
  EXPECT_THAT(refused({"copy", "imaps://a@h/"}).message, HasSubstr("TO"));
  EXPECT_EQ(refused({"config"}).kind, ErrorKind::usage);
  EXPECT_EQ(refused({"config", "foo"}).kind, ErrorKind::usage);
  EXPECT_EQ(refused({"--nonsense"}).kind, ErrorKind::usage);
}

// --- help ---

TEST_F(Help, ListsCommandsAndExitCodes) {
  const auto help = text({"--help"});
  for (const auto* word : {"copy", "verify", "folders", "config", "--version", "Exit codes:", "130"})
    EXPECT_THAT(help, HasSubstr(word));
}

TEST_F(Help, OfACommandListsEachOfItsOptions) {
  for (const auto& command : command_table()) {
    if ((command.set & kMailCommands) == 0) continue;
    const auto help = text({std::string(command.name), "--help"});
    EXPECT_THAT(help, HasSubstr("Exit codes:"));
    for (const auto& row : option_table()) {
      const bool has = (row.commands & command.set) != 0;
      EXPECT_EQ(help.find("  " + std::string(row.name)) != std::string::npos, has) << command.name << " " << row.name;
    }
    for (const auto& row : side_table()) {
      EXPECT_THAT(help, HasSubstr("--from-" + std::string(row.suffix)));
      EXPECT_THAT(help, HasSubstr("--to-" + std::string(row.suffix)));
    }
  }
}

TEST_F(Help, VersionIsShown) {
  EXPECT_THAT(text({"--version"}), HasSubstr("mailferry " + std::string(kVersion)));
  std::ifstream stream(std::filesystem::path(__FILE__).parent_path() / "../../../CMakeLists.txt");
  const std::string project((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_THAT(project, HasSubstr("project(mailferry VERSION " + std::string(kVersion)));
}

// The spelling that scripts rely on.
TEST_F(Help, TheTableHasEverySpellingThatWasPromised) {
  const auto help = text({"copy", "--help"}) + text({"verify", "--help"});
  for (const auto* option : {"--config FILE",
                             "--state FILE",
                             "--yes",
                             "--dry-run",
                             "--explain",
                             "--quiet",
                             "--json",
                             "--verbose",
                             "--from-password-file",
                             "--from-password-env",
                             "--from-password-command",
                             "--from-password-fd",
                             "--from-token-command",
                             "--from-tls-ca",
                             "--from-tls-fingerprint",
                             "--from-plaintext",
                             "--to-password-file",
                             "--to-password-env",
                             "--to-password-command",
                             "--to-password-fd",
                             "--to-token-command",
                             "--to-tls-ca",
                             "--to-tls-fingerprint",
                             "--to-plaintext",
                             "--mailbox PATTERN",
                             "--exclude PATTERN",
                             "--map FROM=TO",
                             "--connections N",
                             "--window BYTES",
                             "--deep",
                             "--manifest FILE"}) {
    EXPECT_THAT(help, HasSubstr(option));
  }
}

}  // namespace
}  // namespace mailferry::cli
