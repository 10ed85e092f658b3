#include "cli/option_table.hpp"

#include <fmt/format.h>

#include <iterator>

namespace mailferry::cli {
namespace {

// clang-format off
constexpr std::array kOptions{
    OptionRow{"--config", "FILE", "File of accounts and defaults, instead of mailferry.toml in $XDG_CONFIG_HOME/mailferry or the current directory", kManualCommands | kConfigCheck, &RawOptions::config},
    OptionRow{"--state", "FILE", "File that remembers what a copy or a bridge has done, instead of state.db or bridge.db in $XDG_STATE_HOME/mailferry", kMailCommands | kBridge | kRunningCommands, &RawOptions::state},
    OptionRow{"--mailbox", "PATTERN", "Only the mailboxes that match; repeatable; '/' separates levels, '*' is anything, '%' anything within a level", kMappingCommands, &RawOptions::mailbox},
    OptionRow{"--exclude", "PATTERN", "Not the mailboxes that match; repeatable; stronger than --mailbox; \"\\Trash\" is the mailbox with that use", kMappingCommands, &RawOptions::exclude},
    OptionRow{"--map", "FROM=TO", "Mailbox FROM is called TO on the destination; repeatable; wildcards of FROM are filled into those of TO", kMappingCommands, &RawOptions::map},
    OptionRow{"--connections", "N", "The most connections to each side (1 to 64); 0 or absent: decided by what is measured", kCopy, &RawOptions::connections},
    OptionRow{"--window", "BYTES", "The most octets sent before the destination has confirmed them, like 8MiB; 0 or absent: decided by what is measured", kCopy, &RawOptions::window},
    OptionRow{"--dry-run", "", "Only show the plan; nothing is changed on either side", kCopy, &RawOptions::dry_run},
    OptionRow{"--explain", "", "Give the reason for each item of the plan", kCopy, &RawOptions::explain},
    OptionRow{"--yes", "", "Do not ask before a copy begins (verify and folders never ask)", kMappingCommands, &RawOptions::yes},
    OptionRow{"--deep", "", "Also fetch every message from both sides and compare the content; line ends count as equal", kVerify, &RawOptions::deep},
    OptionRow{"--manifest", "FILE", "Write one line for each message that was found to FILE: mailbox, UID, SHA-256 of its content, date, flags", kVerify, &RawOptions::manifest},
    OptionRow{"--loopback", "", "Sign in with a browser on this machine, which brings the code back by itself", kAuth, &RawOptions::loopback},
    OptionRow{"--device", "", "Sign in with a short code that is entered in any browser", kAuth, &RawOptions::device},
    OptionRow{"--paste", "", "Sign in with any browser, and paste the address that it ends at", kAuth, &RawOptions::paste},
    OptionRow{"--port", "N", "The port of this machine that --loopback waits at, when it has to be a certain one", kAuth, &RawOptions::port},
    OptionRow{"--state-file", "FILE", "State of imap-to-gmail-sync or imap-bridge that is taken over when it is there; ours is then FILE with the ending .mailferry.db, unless --state names it", kBridge | kRunningCommands, &RawOptions::state_file},
    OptionRow{"--log", "TARGET", "Where the log goes: stderr, stdout, syslog, or a file that is rotated", kBridge, &RawOptions::log},
    OptionRow{"--log-level", "LEVEL", "The least important lines to log: error, warning, info, debug or trace", kBridge, &RawOptions::log_level},
    OptionRow{"--log-format", "FORMAT", "Lines for people (text), or one JSON object a line (json)", kBridge, &RawOptions::log_format},
    OptionRow{"--log-max-size", "BYTES", "A log file that would grow beyond this is rotated, like 10M; 0 is never", kBridge, &RawOptions::log_max_size},
    OptionRow{"--log-max-files", "N", "How many rotated log files are kept", kBridge, &RawOptions::log_max_files},
    OptionRow{"--debug", "", "The same as --log-level debug", kBridge, &RawOptions::debug},
    OptionRow{"--poll-interval", "TIME", "How often the mailboxes are looked at where the server does not tell of new mail, like 30s or 5min; a number is seconds", kBridge, &RawOptions::poll_interval},
    OptionRow{"--no-idle", "", "Poll all sources, whether their servers could tell of new mail or not", kBridge, &RawOptions::no_idle},
    OptionRow{"--output", "FILE", "The file to write, instead of mailferry.toml; passwords go into files of their own beside it", kConfigImport, &RawOptions::output},
    OptionRow{"--check", "", "Only tell whether mail can be carried, with exit code 0 or 1: for health checks", kStatus, &RawOptions::check},
    OptionRow{"--clear", "UID", "Give up the parked message with this UID, or all; it is neither tried nor reported again", kFailures, &RawOptions::clear},
    OptionRow{"--in-account", "NAME", "With --clear: only messages of this account, as the list shows it", kFailures, &RawOptions::clear_account},
    OptionRow{"--in-mailbox", "NAME", "With --clear: only messages of this mailbox, as the list shows it", kFailures, &RawOptions::clear_mailbox},
    OptionRow{"--quiet", "", "Show problems only; verify also tells its result", kMappingCommands, &RawOptions::quiet},
    OptionRow{"--json", "", "Print one JSON object a line on standard output", kMailCommands | kRunningCommands, &RawOptions::json},
    OptionRow{"--verbose", "", "Also show what needs nothing to be done", kMappingCommands, &RawOptions::verbose},
};

constexpr std::array kSides{
    SideRow{"password-file", "FILE", "Read the password from the first line of FILE (mode 600)", &RawSide::password_file},
    SideRow{"password-env", "NAME", "Read the password from environment variable NAME", &RawSide::password_env},
    SideRow{"password-command", "COMMAND", "Read the password from the first line that COMMAND prints", &RawSide::password_command},
    SideRow{"password-fd", "N", "Read the password from a line of file descriptor N", &RawSide::password_fd},
    SideRow{"token-command", "COMMAND", "Log in with the OAuth2 access token that COMMAND prints", &RawSide::token_command},
    SideRow{"tls-ca", "FILE", "Trust the CA certificates in FILE instead of the system's", &RawSide::tls_ca},
    SideRow{"tls-fingerprint", "SHA256", "Trust exactly the server certificate with this fingerprint", &RawSide::tls_fingerprint},
    SideRow{"tls-min", "VERSION", "Refuse TLS that is older than VERSION: 1.2 (when absent) or 1.3", &RawSide::tls_min},
    SideRow{"tls-trust", "WHOM", "Which certificates to accept: of known authorities (when absent), or the first one that the server shows and no other ever after (first-use)", &RawSide::tls_trust},
    SideRow{"tls-client-cert", "FILE", "Show the client certificate in FILE (PEM); without a password it signs in (SASL EXTERNAL)", &RawSide::tls_client_cert},
    SideRow{"tls-client-key", "FILE", "The key of the client certificate, if it is not in the same file", &RawSide::tls_client_key},
    SideRow{"plaintext", "", "imap:// without TLS: password and mail are readable for everyone on the way", &RawSide::plaintext},
    SideRow{"auth-user", "NAME", "Sign in as NAME, whose password is used, for the mail of the user in the URL (an administrator)", &RawSide::auth_user},
    SideRow{"proxy", "URL", "Connect through socks5://[user@]host[:port] or http://[user@]host:port", &RawSide::proxy},
    SideRow{"proxy-password-file", "FILE", "Read the password for the proxy from the first line of FILE (mode 600)", &RawSide::proxy_password_file},
    SideRow{"tunnel", "COMMAND", "Speak IMAP with COMMAND instead of a network connection, like: ssh host /usr/lib/dovecot/imap", &RawSide::tunnel},
    SideRow{"compress", "WHEN", "Compress the connection where the server can: always, never, or when the last copy was slower than 4 MB/s (auto, when absent)", &RawSide::compress},
};

constexpr std::array kCommands{
    CommandRow{Command::copy, "copy", kCopy, "FROM TO", "Copy all mail of account FROM to account TO; run again, it copies only what is new"},
    CommandRow{Command::verify, "verify", kVerify, "FROM TO", "Check that every message of FROM, an account or manifest:FILE, is in TO, with its flags and dates"},
    CommandRow{Command::folders, "folders", kFolders, "FROM [TO]", "List the mailboxes of FROM, and what they are called in TO"},
    CommandRow{Command::explain, "explain", kExplain, "FROM MAILBOX UID [TO]", "Tell what the source, the state and TO know of one message, and why it was or was not copied"},
    CommandRow{Command::auth, "auth", kAuth, "ACCOUNT", "Sign in with OAuth2 to ACCOUNT of mailferry.toml, and keep the tokens"},
    CommandRow{Command::bridge, "bridge", kBridge, "", "Carry new mail from many accounts into one, as it arrives, until it is stopped"},
    CommandRow{Command::status, "status", kStatus, "", "Show what the bridge that runs is doing, and how its accounts are"},
    CommandRow{Command::failures, "failures", kFailures, "", "List the messages that a bridge could not deliver and has parked, and why"},
    CommandRow{Command::retry, "retry", kRetry, "", "Let the bridge that runs try its parked messages again now"},
    CommandRow{Command::config_keys, "config keys", 0, "", "List the keys of mailferry.toml"},
    CommandRow{Command::config_docs, "config docs", 0, "[PAGE]", "Print a generated part of the documentation: configuration, exit-codes, man, copy, verify, folders, explain, auth, bridge, status, failures or retry"},
    CommandRow{Command::config_check, "config check", kConfigCheck, "", "Check mailferry.toml, or a file that config import takes, and show all its problems"},
    CommandRow{Command::config_import, "config import", kConfigImport, "FILE", "Make mailferry.toml of the configuration FILE of imap-bridge or imap-to-gmail-sync"},
};
// clang-format on

void add_row(std::string& text, std::string_view name, std::string_view operand, std::string_view meaning) {
  std::string escaped;
  for (const char c : meaning)
    escaped += c == '*' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  fmt::format_to(std::back_inserter(text), "| `{}{}{}` | {} |\n", name, operand.empty() ? "" : " ", operand, escaped);
}

}  // namespace

std::span<const OptionRow> option_table() noexcept {
  return kOptions;
}

std::span<const SideRow> side_table() noexcept {
  return kSides;
}

std::span<const CommandRow> command_table() noexcept {
  return kCommands;
}

std::string options_markdown(const CommandRow& command) {
  std::string text = "| option | meaning |\n|---|---|\n";
  for (const auto& row : kOptions) {
    if ((row.commands & command.set) != 0) add_row(text, row.name, row.operand, row.meaning);
  }
  if ((command.set & kMailCommands) == 0) return text;
  text += "\nOf the account FROM; the same with `--to-` for TO:\n\n| option | meaning |\n|---|---|\n";
  for (const auto& row : kSides)
    add_row(text, fmt::format("--from-{}", row.suffix), row.operand, row.meaning);
  return text;
}

}  // namespace mailferry::cli
