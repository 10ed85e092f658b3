// The command line, read into plain data. The accounts are complete when parse_command_line() returns; the secrets are
// read afterwards by cli::run(), before the network starts.
#pragma once

#include "auth/oauth/sign_in_flow.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/account.hpp"
#include "config/map_rule.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/uid.hpp"
#include "report/failure_selection.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::cli {

enum class Command {
  copy,
  verify,
  folders,
  explain,
  auth,
  bridge,
  status,
  failures,
  retry,
  config_keys,
  config_docs,
  config_check,
  config_import
};

using config::MapRule;

/// What the options of copy, verify and folders say; defaults from [copy] of mailferry.toml are already merged in.
struct Options {
  std::string config_file;  // the file that was read; empty: none
  std::string state_file;   // never empty; its directory may not exist yet
  bool yes = false;
  bool dry_run = false;
  bool explain = false;
  bool quiet = false;
  bool json = false;
  bool verbose = false;
  std::vector<std::string> mailbox;  // patterns; empty: all
  std::vector<std::string> exclude;  // patterns
  std::vector<MapRule> map;
  unsigned connections = 0;         // a side; 0: automatic. Account::connections has the value for each side
  std::uint64_t window_octets = 0;  // appends in flight; 0: automatic
  bool deep = false;                // verify: compare bodies
  std::string manifest;             // verify: file that the result is written to; empty: none
  std::string against;              // verify: such a file in the place of FROM; empty: none
  bool check = false;               // status: only tell whether mail can be carried
  std::optional<report::FailureSelection> clear;  // failures: what to forget
};

struct RawOptions;

struct Invocation {
  Command command = Command::copy;
  config::Account from;
  config::Account to;
  bool has_from = true;                       // false only for `verify manifest:FILE TO`
  bool has_to = false;                        // false for `folders FROM` and `explain FROM MAILBOX UID`
  MailboxPath mailbox;                        // explain
  Uid uid = 0;                                // explain
  std::optional<auth::OAuthFlow> oauth_flow;  // auth, whose account is `from`; absent: what fits
  std::uint16_t oauth_port = 0;               // auth; 0: any
  Secret from_secret;                         // filled by run(), never by parse_command_line()
  Secret to_secret;
  Options options;
  std::shared_ptr<const RawOptions> raw;  // bridge: as typed, to be resolved again when it reloads
  std::string docs_page;                  // config docs: which page
  std::string import_file;                // config import
  std::string output;                     // config import
};

/// Either something to run, or text that was asked for (--help, --version): print it and exit with 0.
struct CommandLine {
  std::optional<Invocation> invocation;
  std::string text;
};

/// Reads the command line and the configuration it names. Errors: kind usage, one sentence with the remedy, or one line
/// for each problem of mailferry.toml.
[[nodiscard]] Result<CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace mailferry::cli
