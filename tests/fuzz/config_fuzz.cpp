// Laws of mailferry.toml: refusals name file, line and column, one problem a line, and repeat no password of a URL;
// what is accepted is within the limits of the table of keys, and line ends, comments and the keys' order change
// nothing.
#include "config/config.hpp"
#include "fuzz/law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace mailferry::config {
namespace {

constexpr const char* kFile = "mailferry.toml";

/// "//user:password@" within one word.
bool has_password(std::string_view text) {
  for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
    const auto word = text.substr(at + 3, text.find_first_of(" \t\n'\"", at + 3) - (at + 3));
    const auto colon = word.find(':');
    const auto end = word.rfind('@');
    if (colon != std::string_view::npos && end != std::string_view::npos && end > colon + 1) return true;
  }
  return false;
}

void check_refusal(const Error& error) {
  require_law("what is wrong is the user's to mend", error.kind == ErrorKind::usage && error.scope == Scope::run);
  require_law("no password is repeated", !has_password(error.message));
  for (std::string_view rest = error.message; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const bool has_place =
        line.starts_with("mailferry.toml:") && line.size() > 16 && line[15] >= '0' && line[15] <= '9';
    require_equal("each line names its place", has_place ? "" : line, "");
  }
}

bool is_wait(std::chrono::milliseconds time) {
  return time.count() >= 100 && time.count() <= 3'600'000;
}

void check_account(const Config& config, const Account& account) {
  require_law("an account is found by its name", config.find(account.name) == &account && !account.name.empty());
  require_law("an account has user, host and port",
              !account.user.empty() && !account.endpoint.host.empty() && account.endpoint.port != 0);
  const auto address = account.user + account.endpoint.host;
  require_law("an account has no control characters",
              std::ranges::none_of(address, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  require_law("an account has few connections", account.connections <= 64);
  const auto& timeouts = account.endpoint.timeouts;
  require_law("waits are neither short nor endless",
              is_wait(timeouts.connect) && is_wait(timeouts.response) && is_wait(timeouts.write));
  const bool is_plain = account.endpoint.security == net::Security::plaintext;
  require_law("only who asked for it sends in the clear", account.allow_plaintext == is_plain);
  require_law("a certificate is checked", account.endpoint.tls.verify);
}

/// All that a configuration says.
std::string text_of(const Config& config) {
  std::string text =
      fmt::format("{} {} {}", config.copy.state_file, config.copy.connections, config.copy.window_octets);
  for (const auto& pattern : config.copy.mailbox)
    text += "\nmailbox " + pattern;
  for (const auto& pattern : config.copy.exclude)
    text += "\nexclude " + pattern;
  for (const auto& rule : config.copy.map)
    text += "\nmap " + rule.from + "=" + rule.to;
  for (const auto& account : config.accounts) {
    const auto& end = account.endpoint;
    text += fmt::format("\n{} {} {} {} {} {} {} {}", account.name, account.label(), static_cast<int>(end.security),
                        account.secret.value, static_cast<int>(account.secret.kind), account.auth_user, end.tunnel,
                        account.connections);
    text += fmt::format(" {} {} {} {} {} {}", end.tls.ca_file, end.tls.fingerprint, end.tls.certificate_file,
                        end.tls.key_file, end.timeouts.connect.count(), end.proxy ? end.proxy->host : "");
  }
  return text;
}

void check_variant(std::string_view law, const std::string& variant, const Config& config) {
  const auto again = parse_config(variant, kFile);
  require_equal(law, again ? text_of(*again) : again.error().message, text_of(config));
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '\n' && !out.ends_with('\r') ? std::string("\r\n") : std::string(1, c);
  return out;
}

void check(const std::string& text) {
  const auto config = parse_config(text, kFile);
  if (!config) return check_refusal(config.error());
  for (const auto& account : config->accounts)
    check_account(*config, account);
  require_law("few connections, and no huge window",
              config->copy.connections <= 64 && config->copy.window_octets <= std::uint64_t{1} << 32U);
  require_law("a name that is not there is not found", config->find("\x01 no such account") == nullptr);
  const bool has_mark = text.starts_with("\xEF\xBB\xBF");
  check_variant("comments say nothing", (has_mark ? "" : "# one\n") + text + "\n# two\n\t\n", *config);
  // Inside of texts of several lines, line ends are part of the text.
  const bool has_long_text = text.contains("\"\"\"") || text.contains("'''");
  if (!has_long_text) check_variant("CRLF is as good as LF", with_crlf(text), *config);
}

}  // namespace
}  // namespace mailferry::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mailferry::config::check(std::string(data, data + size));
  return 0;
}
