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

struct Row {
  const char* name;
  bool carries_token;
  /// The secret itself travels, so the channel has to be encrypted.
  bool reveals_secret;
};

/// Strongest first.
constexpr std::array kPreference{
    Row{"SCRAM-SHA-256", false, false}, Row{"SCRAM-SHA-1", false, false}, Row{"CRAM-MD5", false, false},
    Row{"PLAIN", false, true},          Row{"LOGIN", false, true},        Row{"OAUTHBEARER", true, true},
    Row{"XOAUTH2", true, true},
};

bool is_offered(const std::vector<std::string>& offered, const Row& row) {
  return std::any_of(offered.begin(), offered.end(),
                     [&](const std::string& name) { return equal_ascii_nocase(name, row.name); });
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

std::unexpected<Error> nothing_fits(const std::vector<std::string>& offered, const Credentials& credentials,
                                    bool may_reveal) {
  if (!may_reveal) {
    return fail(ErrorKind::auth, Scope::account,
                "the connection is not encrypted and the server offers no way to log in that hides the password",
                "use imaps:// or STARTTLS, or allow it with --from-plaintext or --to-plaintext");
  }
  return fail(ErrorKind::auth, Scope::account,
              fmt::format("the server takes no OAuth2 access token for {} (it offers: {})", credentials.user,
                          offered.empty() ? "nothing" : fmt::format("{}", fmt::join(offered, ", "))),
              "give a password instead of a token command");
}

Result<std::unique_ptr<SaslClient>> make(const Row& row, const Credentials& credentials) {
  if (!row.carries_token) return make_gnu_mechanism(row.name, credentials);
  const bool is_bearer = std::string_view(row.name) == "OAUTHBEARER";
  return is_bearer ? make_oauthbearer(credentials) : make_xoauth2(credentials);
}

}  // namespace

Result<std::unique_ptr<SaslClient>> choose_mechanism(const std::vector<std::string>& offered,
                                                     const Credentials& credentials, bool encrypted,
                                                     bool allow_plaintext) {
  CHECK_OK(check_credentials(credentials));
  const bool may_reveal = encrypted || allow_plaintext;
  for (const auto& row : kPreference) {
    if (row.carries_token != credentials.is_token || (row.reveals_secret && !may_reveal) || !is_offered(offered, row))
      continue;
    return make(row, credentials);
  }
  if (credentials.is_token || !may_reveal) return nothing_fits(offered, credentials, may_reveal);
  return nullptr;
}

}  // namespace mailferry::auth
