#include "config/account_url.hpp"

#include "base/ascii.hpp"
#include "config/units.hpp"
#include "config/user_text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace mailferry::config {
namespace {

constexpr std::size_t kMaxUrlOctets = 2048;
constexpr std::size_t kMaxUserOctets = 512;  // so that it fits into a URL with each octet written as %XX
constexpr std::size_t kMaxHostOctets = 253;  // RFC 1035 §2.3.4, without the length octets

struct SchemeRow {
  std::string_view name;
  std::uint16_t port;
  net::Security security;
};

constexpr std::array kSchemes{
    SchemeRow{"imaps", 993, net::Security::tls},
    SchemeRow{"imap", 143, net::Security::starttls},
};

constexpr std::string_view kShape = "write imaps://user@host[:port]/ or imap://user@host[:port]/";

std::unexpected<Error> refuse(std::string problem, std::string_view remedy = kShape) {
  return fail(ErrorKind::usage, Scope::run, std::move(problem), std::string(remedy));
}

struct Parts {
  std::string_view scheme;
  std::string_view user;  // as written
  std::string_view rest;  // host and what follows
};

// Only what needs to be known before Boost.URL may see the text: people write "imaps://me@firm.example@imap.example/".
Result<Parts> split(std::string_view text) {
  const auto colon = text.find("://");
  Parts parts{.scheme = text.substr(0, colon), .user = {}, .rest = text.substr(colon + 3)};
  const auto authority = parts.rest.substr(0, parts.rest.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos || at == 0) return refuse("the account's URL names no user before the host");
  parts.user = authority.substr(0, at);
  parts.rest.remove_prefix(at + 1);
  return parts;
}

// '@' is the one character that Boost.URL rightly refuses in a user and that people still type.
std::string encode_at(std::string_view user) {
  std::string encoded;
  for (const char c : user)
    encoded += c == '@' ? std::string("%40") : std::string(1, c);
  return encoded;
}

Result<const SchemeRow*> find_scheme(std::string_view name) {
  const auto row = std::find_if(kSchemes.begin(), kSchemes.end(),
                                [&](const SchemeRow& scheme) { return equal_ascii_nocase(scheme.name, name); });
  if (row == kSchemes.end()) return refuse("an account's URL begins with imaps:// or imap://");
  return row;
}

Result<> check_user(const Parts& parts, std::string_view password_remedy) {
  if (parts.user.find(':') != std::string_view::npos) {
    return refuse("the URL contains a password, which other users of this machine could see", password_remedy);
  }
  if (to_lower_ascii(parts.user).find(";auth=") != std::string::npos) {
    return refuse("the URL names a login mechanism (;AUTH=), which is always chosen by what the server offers",
                  "remove ;AUTH=… from the URL");
  }
  return {};
}

Result<> check_tail(const boost::urls::url_view& url) {
  const std::string_view path(url.encoded_path().data(), url.encoded_path().size());
  if ((path.empty() || path == "/") && !url.has_query() && !url.has_fragment()) return {};
  return refuse("the URL names an account, so nothing may follow its host and port",
                "end it with '/' and choose mailboxes with --mailbox");
}

Result<std::uint16_t> port_of(const boost::urls::url_view& url, std::uint16_t standard) {
  if (!url.has_port() || url.port().empty()) return standard;
  if (const auto port = parse_port(url.port())) return port;
  return refuse("the port in the URL is not a number between 1 and 65535");
}

// Without the brackets of an IPv6 literal.
std::string host_of(const boost::urls::url_view& url) {
  std::string host = url.host();
  if (host.size() >= 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return to_lower_ascii(host);
}

Result<Account> to_account(const boost::urls::url_view& url, const SchemeRow& scheme) {
  CHECK_OK(check_tail(url));
  Account account;
  account.user = url.user();
  account.endpoint.host = host_of(url);
  account.endpoint.security = scheme.security;
  TRY(account.endpoint.port, port_of(url, scheme.port));
  if (account.endpoint.host.empty()) return refuse("the account's URL names no host");
  // Behind %XX anything may stand; these would not be read again as they are written.
  if (account.endpoint.host.find_first_of("[]/?#@") != std::string::npos)
    return refuse("the host in the account's URL contains a character that no host has");
  if (account.user.size() > kMaxUserOctets)
    return refuse(fmt::format("the user in the account's URL is longer than {} octets", kMaxUserOctets));
  if (account.endpoint.host.size() > kMaxHostOctets)
    return refuse(fmt::format("the host in the account's URL is longer than {} octets", kMaxHostOctets));
  if (has_control(account.user) || has_control(account.endpoint.host)) {
    return refuse("the account's URL contains a control character");
  }
  return account;
}

}  // namespace

bool is_url(std::string_view text) noexcept {
  return text.find("://") != std::string_view::npos;
}

Result<Account> parse_account_url(std::string_view text, std::string_view password_remedy) {
  if (!is_url(text)) return refuse("the account is not given as a URL");
  if (text.size() > kMaxUrlOctets)
    return refuse(fmt::format("the account's URL is longer than {} octets", kMaxUrlOctets));
  TRY(const auto parts, split(text));
  TRY(const auto* scheme, find_scheme(parts.scheme));
  CHECK_OK(check_user(parts, password_remedy));
  const std::string strict = fmt::format("{}://{}@{}", scheme->name, encode_at(parts.user), parts.rest);
  const auto url = boost::urls::parse_uri(strict);
  if (!url) {
    // A password with a slash in it makes the authority end too early: the last '@' is elsewhere then.
    const auto behind_at = parts.rest.substr(parts.rest.rfind('@') + 1);
    return refuse(fmt::format("the account's URL is malformed at or before '{}'", shown(behind_at)),
                  "write imaps://user@host[:port]/, and %XX for unusual characters in the user (%20 for a space)");
  }
  return to_account(*url, *scheme);
}

}  // namespace mailferry::config
