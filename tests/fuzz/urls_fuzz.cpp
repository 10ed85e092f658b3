// Laws of what people type: URLs of accounts and proxies, sizes, times, fingerprints and renamings. A refusal is of
// kind usage with a remedy and never repeats a password; what is accepted can be written and read again to the same.
#include "base/ascii.hpp"
#include "config/account_url.hpp"
#include "config/map_rule.hpp"
#include "config/proxy_url.hpp"
#include "config/units.hpp"
#include "fuzz/law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace mailferry::config {
namespace {

constexpr std::string_view kRemedy = "use --from-password-file FILE";
/// In no message of the program.
constexpr std::string_view kPassword = "Zq7xKw9v";
constexpr std::uint64_t kMost = std::uint64_t{std::numeric_limits<std::int64_t>::max()};

std::string told(const Error& error) {
  return error.describe() + "\n" + error.remedy;
}

template <class T>
bool is_refusal(const Result<T>& result) {
  return result.error().kind == ErrorKind::usage && result.error().scope == Scope::run &&
         !result.error().message.empty() && !result.error().remedy.empty();
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = is_digit_ascii(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// Hosts that are no names need their brackets, or their dots.
std::string as_host(const std::string& host, std::string_view url) {
  const bool bracketed = url.contains("[" + host + "]") || to_lower_ascii(url).contains("[" + host + "]");
  if (bracketed) return "[" + host + "]";
  const bool is_address = std::ranges::all_of(host, [](char c) { return c == '.' || is_digit_ascii(c); });
  return is_address ? host : encoded(host);
}

void check_account(std::string_view text) {
  const auto account = parse_account_url(text, kRemedy);
  if (!account) return require_law("an account is refused as misused", is_refusal(account));
  const auto& endpoint = account->endpoint;
  require_law("an account has user, host and port", !account->user.empty() && !endpoint.host.empty() && endpoint.port);
  require_law("an account has no control characters", !has_control(account->user + endpoint.host));
  require_law("nothing is sent in the clear by a URL",
              endpoint.security != net::Security::plaintext && !account->allow_plaintext);
  require_equal("hosts are in lower case", to_lower_ascii(endpoint.host), endpoint.host);
  const bool tls = endpoint.security == net::Security::tls;
  const auto url = fmt::format("{}://{}@{}:{}/", tls ? "imaps" : "imap", encoded(account->user),
                               as_host(endpoint.host, text), endpoint.port);
  const auto again = parse_account_url(url, kRemedy);
  require_equal("an account can be written", again ? "" : told(again.error()) + url, "");
  require_equal("an account can be written and read", again->label(), account->label());
  require_law("with its security", again->endpoint.security == endpoint.security);
  require_law("an account is itself", is_same_account(*account, *again));
}

void check_proxy(const std::string& text) {
  const auto proxy = parse_proxy_url(text);
  if (!proxy) return require_law("a proxy is refused as misused", is_refusal(proxy));
  require_law("a proxy has host and port", !proxy->host.empty() && proxy->port != 0);
  require_law("a proxy has no control characters", !has_control(proxy->user + proxy->host));
  require_law("a proxy's password comes from elsewhere", proxy->password.reveal().empty());
  const auto url =
      fmt::format("{}://{}{}{}:{}", proxy->kind == net::Proxy::Kind::socks5 ? "socks5" : "http", encoded(proxy->user),
                  proxy->user.empty() ? "" : "@", as_host(proxy->host, text), proxy->port);
  const auto again = parse_proxy_url(url);
  require_equal("a proxy can be written", again ? "" : told(again.error()) + url, "");
  require_law("a proxy can be written and read", again->kind == proxy->kind && again->host == proxy->host &&
                                                     again->port == proxy->port && again->user == proxy->user);
}

/// Puts a password behind the first ':' that stands between "://" and the last '@', whatever else is there.
void check_password(std::string_view text, unsigned seed) {
  const auto begin = text.find("://");
  const auto at = text.rfind('@');
  if (begin == std::string_view::npos || at == std::string_view::npos || at < begin + 3) return;
  if (text.contains(kPassword)) return;  // elsewhere it may be repeated
  const auto colon = text.substr(0, at).find(':', begin + 3);
  if (colon == std::string_view::npos) return;
  const auto place = colon + 1 + seed % (at - colon);
  const auto url = std::string(text.substr(0, place)) + std::string(kPassword) + std::string(text.substr(place));
  const auto account = parse_account_url(url, kRemedy);
  require_law("an account's password is not repeated", account || !told(account.error()).contains(kPassword));
  const auto proxy = parse_proxy_url(url);
  require_law("a proxy's password is not repeated", proxy || !told(proxy.error()).contains(kPassword));
}

void check_numbers(std::string_view text) {
  if (const auto octets = parse_octets(text)) {
    require_law("a size is no negative number", *octets <= kMost);
    require_law("a size can be written and read", parse_octets(fmt::format("{}", *octets)).value() == *octets);
  } else {
    require_law("a size is refused as misused", is_refusal(octets));
  }
  if (const auto time = parse_duration(text)) {
    require_law("a time is not negative", time->count() >= 0);
    require_law("a time can be written and read", parse_duration(fmt::format("{}ms", time->count())).value() == *time);
  } else {
    require_law("a time is refused as misused", is_refusal(time));
  }
  const auto digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  if (const auto count = parse_count(text)) {
    require_equal("a number is its digits", fmt::format("{}", *count), digits.empty() ? "0" : digits);
  } else {
    require_law("a number is refused as misused", is_refusal(count));
  }
  if (const auto port = parse_port(text)) require_equal("a port is its digits", fmt::format("{}", port), digits);
}

void check_fingerprint(std::string_view text) {
  const auto digits = parse_fingerprint(text);
  if (!digits) return require_law("a fingerprint is refused as misused", is_refusal(digits));
  std::string plain = to_lower_ascii(text);
  std::erase(plain, ':');
  require_equal("a fingerprint is its digits", *digits, plain);
  require_equal("a fingerprint reads as itself", parse_fingerprint(*digits).value(), *digits);
}

void check_rule(std::string_view text) {
  const auto rule = parse_map_rule(text);
  if (!rule) return require_law("a rule is refused as misused", is_refusal(rule));
  require_law("a rule has both sides", !rule->from.empty() && !rule->to.empty());
  require_equal("a rule is its sides", rule->from + "=" + rule->to, text);
  require_law("a rule can be written and read", parse_map_rule(rule->from + "=" + rule->to).value() == *rule);
}

}  // namespace
}  // namespace mailferry::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry::config;
  const std::string text(data, data + size);
  check_account(text);
  check_proxy(text);
  check_password(text, static_cast<unsigned>(std::hash<std::string_view>{}(text)));
  check_numbers(text);
  check_fingerprint(text);
  check_rule(text);
  return 0;
}
