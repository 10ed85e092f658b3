#include "auth/sasl.hpp"

#include "auth/sasl_gnu.hpp"
#include "auth/sasl_oauth.hpp"
#include "base/ascii.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace mailferry::auth {
namespace {

enum class Secrecy { needs_none, proves_password, reveals_password, reveals_token };

struct Row {
  std::string_view name;
  Secrecy secrecy;
  bool binds_channel = false;
  /// It has a field for the authorization identity.
  bool tells_authorization = true;
};

/// Strongest first.
constexpr std::array kPreference{
    Row{.name = "EXTERNAL", .secrecy = Secrecy::needs_none},
    Row{.name = "SCRAM-SHA-256-PLUS", .secrecy = Secrecy::proves_password, .binds_channel = true},
    Row{.name = "SCRAM-SHA-1-PLUS", .secrecy = Secrecy::proves_password, .binds_channel = true},
    Row{.name = "SCRAM-SHA-256", .secrecy = Secrecy::proves_password},
    Row{.name = "SCRAM-SHA-1", .secrecy = Secrecy::proves_password},
    Row{.name = "CRAM-MD5", .secrecy = Secrecy::proves_password, .tells_authorization = false},
    Row{.name = "PLAIN", .secrecy = Secrecy::reveals_password},
    Row{.name = "LOGIN", .secrecy = Secrecy::reveals_password, .tells_authorization = false},
    Row{.name = "OAUTHBEARER", .secrecy = Secrecy::reveals_token},
    Row{.name = "XOAUTH2", .secrecy = Secrecy::reveals_token},
};

bool is_offered(const std::vector<std::string>& offered, const Row& row) {
  return std::any_of(offered.begin(), offered.end(),
                     [&](const std::string& name) { return equal_ascii_nocase(name, row.name); });
}

bool has_what_it_needs(const Row& row, const Credentials& credentials) {
  if (row.secrecy == Secrecy::needs_none) return credentials.has_certificate && credentials.secret.empty();
  if (credentials.secret.empty()) return false;
  return (row.secrecy == Secrecy::reveals_token) == credentials.is_token;
}

bool fits(const Row& row, const Credentials& credentials, const Channel& channel) {
  const bool reveals = row.secrecy == Secrecy::reveals_password || row.secrecy == Secrecy::reveals_token;
  if (reveals && !channel.encrypted && !channel.allow_plaintext) return false;
  if (row.binds_channel && channel.binding.kind == net::ChannelBinding::Kind::none) return false;
  if (!row.tells_authorization && !credentials.authorization_id.empty()) return false;
  return has_what_it_needs(row, credentials);
}

// NUL separates fields in PLAIN and SOH in the token mechanisms; neither occurs in a real name or password.
bool has_separator(std::string_view text) {
  return text.find('\0') != std::string_view::npos || text.find('\x01') != std::string_view::npos;
}

Result<> check_credentials(const Credentials& credentials) {
  if (credentials.user.empty()) return fail(ErrorKind::auth, Scope::account, "the user name is empty");
  if (has_separator(credentials.user) || has_separator(credentials.authorization_id) ||
      has_separator(credentials.secret.reveal())) {
    return fail(ErrorKind::auth, Scope::account,
                "user name, password or token contains a control character (NUL or SOH)");
  }
  return {};
}

std::string list_of(const std::vector<std::string>& offered) {
  return offered.empty() ? "nothing" : fmt::format("{}", fmt::join(offered, ", "));
}

std::unexpected<Error> nothing_fits(const std::vector<std::string>& offered, const Credentials& credentials,
                                    bool may_reveal) {
  if (credentials.secret.empty()) {
    return fail(ErrorKind::auth, Scope::account,
                fmt::format("there is no password for {}, and the server does not sign in without (it offers: {})",
                            credentials.user, list_of(offered)),
                "give a password, for example with --from-password-file or --to-password-file");
  }
  if (!may_reveal) {
    return fail(ErrorKind::auth, Scope::account,
                "the connection is not encrypted and the server offers no way to log in that hides the password",
                "use imaps:// or STARTTLS, or allow it with --from-plaintext or --to-plaintext");
  }
  if (!credentials.is_token) {
    return fail(ErrorKind::auth, Scope::account,
                fmt::format("the server has no sign-in of {} for the mail of {} (it offers: {})", credentials.user,
                            credentials.authorization_id, list_of(offered)),
                "sign in as the owner of the mail, or ask the server's operator for SASL PLAIN");
  }
  return fail(
      ErrorKind::auth, Scope::account,
      fmt::format("the server takes no OAuth2 access token for {} (it offers: {})", credentials.user, list_of(offered)),
      "give a password instead of a token command");
}

Result<std::unique_ptr<SaslClient>> make(const Row& row, const Credentials& credentials, const Channel& channel) {
  if (row.secrecy != Secrecy::reveals_token)
    return make_gnu_mechanism(row.name, credentials, row.binds_channel ? channel.binding : net::ChannelBinding{});
  return row.name == "OAUTHBEARER" ? make_oauthbearer(credentials) : make_xoauth2(credentials);
}

}  // namespace

Result<std::unique_ptr<SaslClient>> choose_mechanism(const std::vector<std::string>& offered,
                                                     const Credentials& credentials, const Channel& channel,
                                                     std::string_view weaker_than) {
  CHECK_OK(check_credentials(credentials));
  const auto failed = std::ranges::find(kPreference, weaker_than, &Row::name);
  const auto begin = failed == kPreference.end() ? kPreference.begin() : failed + 1;
  const auto row = std::find_if(begin, kPreference.end(), [&](const Row& candidate) {
    return fits(candidate, credentials, channel) && is_offered(offered, candidate);
  });
  if (row != kPreference.end()) return make(*row, credentials, channel);
  const bool may_reveal = channel.encrypted || channel.allow_plaintext;
  const bool may_log_in = may_reveal && !credentials.is_token && !credentials.secret.empty();
  if (!may_log_in || !credentials.authorization_id.empty()) return nothing_fits(offered, credentials, may_reveal);
  return nullptr;
}

}  // namespace mailferry::auth
