#include "auth/sasl_oauth.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace mailferry::auth {
namespace {

/// Both speak once; a challenge after that is the server's error document, which has to be acknowledged before the
/// server sends its tagged NO.
class TokenMechanism final : public SaslClient {
 public:
  TokenMechanism(std::string_view name, std::string first, std::string acknowledgement)
      : name_(name), first_(std::move(first)), acknowledgement_(std::move(acknowledgement)) {}

  std::string_view mechanism() const noexcept override { return name_; }
  bool has_initial_response() const noexcept override { return true; }
  bool is_complete() const noexcept override { return steps_ == 1; }

  Result<std::string> step(std::string_view /*challenge*/) override {
    switch (++steps_) {
      case 1:
        return std::string(first_.reveal());
      case 2:
        return acknowledgement_;
      default:
        return fail(ErrorKind::auth, Scope::account, fmt::format("{}: the server refuses the access token", name_),
                    "get a new access token");
    }
  }

 private:
  std::string_view name_;
  Secret first_;
  std::string acknowledgement_;
  int steps_ = 0;
};

// RFC 5801 §4 saslname: ',' and '=' are not allowed as they are.
std::string gs2_name(std::string_view user) {
  std::string encoded;
  for (const char c : user) {
    if (c == ',') {
      encoded += "=2C";
    } else if (c == '=') {
      encoded += "=3D";
    } else {
      encoded += c;
    }
  }
  return encoded;
}

/// Whose mail is wanted: with a token, only that name travels.
const std::string& owner(const Credentials& credentials) {
  return credentials.authorization_id.empty() ? credentials.user : credentials.authorization_id;
}

}  // namespace

std::unique_ptr<SaslClient> make_oauthbearer(const Credentials& credentials) {
  auto first = fmt::format(
      "n,a={},\x01"
      "auth=Bearer {}\x01\x01",
      gs2_name(owner(credentials)), credentials.secret.reveal());
  return std::make_unique<TokenMechanism>("OAUTHBEARER", std::move(first), "\x01");
}

std::unique_ptr<SaslClient> make_xoauth2(const Credentials& credentials) {
  auto first = fmt::format(
      "user={}\x01"
      "auth=Bearer {}\x01\x01",
      owner(credentials), credentials.secret.reveal());
  return std::make_unique<TokenMechanism>("XOAUTH2", std::move(first), "");
}

}  // namespace mailferry::auth
