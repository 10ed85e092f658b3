// Every option of the command line, once: the parser, --help and the manual are made from these tables.
#pragma once

#include "cli/options.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mailferry::cli {

/// The options of one side as they were typed: --from-… or --to-….
struct RawSide {
  std::string password_file;
  std::string password_env;
  std::string password_command;
  std::string password_fd;
  std::string token_command;
  std::string tls_ca;
  std::string tls_fingerprint;
  std::string tls_min;
  std::string tls_trust;
  std::string tls_client_cert;
  std::string tls_client_key;
  bool plaintext = false;
  std::string auth_user;
  std::string proxy;
  std::string proxy_password_file;
  std::string tunnel;
  std::string compress;
};

/// The command line as it was typed.
struct RawOptions {
  std::string from;
  std::string to;
  std::string mailbox_name;  // explain
  std::string uid;           // explain
  std::string account;       // auth
  RawSide from_side;
  RawSide to_side;
  std::string config;
  std::string state;
  bool yes = false;
  bool dry_run = false;
  bool explain = false;
  bool quiet = false;
  bool json = false;
  bool verbose = false;
  std::vector<std::string> mailbox;
  std::vector<std::string> exclude;
  std::vector<std::string> map;
  std::string connections;
  std::string window;
  bool deep = false;
  std::string manifest;
  bool loopback = false;
  bool device = false;
  bool paste = false;
  std::string port;
  bool check = false;         // status
  std::string clear;          // failures
  std::string clear_account;  // failures
  std::string clear_mailbox;  // failures
  std::string docs_page = "configuration";
  std::string import_file;  // config import
  std::string output = "mailferry.toml";
  // bridge
  std::string state_file;
  std::string log;
  std::string log_level;
  std::string log_format;
  std::string log_max_size;
  std::string log_max_files;
  bool debug = false;
  std::string poll_interval;
  bool no_idle = false;
};

template <class Owner>
using Target = std::variant<bool Owner::*, std::string Owner::*, std::vector<std::string> Owner::*>;

/// Which commands an option belongs to; bits.
enum CommandSet : unsigned {
  kCopy = 1,
  kVerify = 2,
  kFolders = 4,
  kExplain = 8,
  kConfigCheck = 16,
  kAuth = 32,
  kBridge = 64,
  kConfigImport = 128,
  kStatus = 256,
  kFailures = 512,
  kRetry = 1024,
  kRunningCommands = kStatus | kFailures | kRetry,  // those that ask a bridge that runs
  kMappingCommands = kCopy | kVerify | kFolders,
  kMailCommands = kMappingCommands | kExplain,
  kManualCommands = kMailCommands | kAuth | kBridge | kRunningCommands,  // those with a page in docs/manual
};

struct OptionRow {
  std::string_view name;     // "--state"
  std::string_view operand;  // "FILE"; empty for a flag
  std::string_view meaning;
  unsigned commands;
  Target<RawOptions> target;
};

struct SideRow {
  std::string_view suffix;  // "password-file": --from-password-file and --to-password-file
  std::string_view operand;
  std::string_view meaning;
  Target<RawSide> target;
};

struct CommandRow {
  Command command;
  std::string_view name;      // "config keys"
  unsigned set;               // its bit; 0: no options of the table
  std::string_view operands;  // "FROM TO"
  std::string_view meaning;
};

[[nodiscard]] std::span<const OptionRow> option_table() noexcept;
[[nodiscard]] std::span<const SideRow> side_table() noexcept;
[[nodiscard]] std::span<const CommandRow> command_table() noexcept;

/// The options of one command as Markdown tables, for docs/manual.
[[nodiscard]] std::string options_markdown(const CommandRow& command);

}  // namespace mailferry::cli
