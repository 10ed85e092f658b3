#include "auth/sasl_gnu.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <gsasl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace mailferry::auth {
namespace {

struct FreeContext {
  void operator()(Gsasl* context) const noexcept { gsasl_done(context); }
};
struct FreeSession {
  void operator()(Gsasl_session* session) const noexcept { gsasl_finish(session); }
};

/// How a mechanism converses. `speaks_first`: it has an initial response. `proves_server`: success without the server's
/// own proof is none. `needs_verifier`: the server needs the password, or what SCRAM makes of it, in a form of its own,
/// which may be missing or old.
struct Traits {
  std::string_view name;
  bool speaks_first;
  bool proves_server;
  bool needs_verifier;
};

constexpr std::array kTraits{
    Traits{"SCRAM-SHA-256-PLUS", true, true, true}, Traits{"SCRAM-SHA-1-PLUS", true, true, true},
    Traits{"SCRAM-SHA-256", true, true, true},      Traits{"SCRAM-SHA-1", true, true, true},
    Traits{"CRAM-MD5", false, false, true},         Traits{"PLAIN", true, false, false},
    Traits{"LOGIN", false, false, false},           Traits{"EXTERNAL", true, false, false},
};

struct Explanation {
  int code;
  std::string_view message;
  std::string_view remedy;
};

constexpr std::array kExplanations{
    Explanation{GSASL_AUTHENTICATION_ERROR, "the server could not prove that it knows the password",
                "check the host name: this may not be the server you mean"},
    Explanation{GSASL_MECHANISM_PARSE_ERROR, "the server's challenge is malformed or refuses the credentials",
                "check user name and password"},
    Explanation{GSASL_SASLPREP_ERROR, "user name or password has characters that this mechanism forbids (RFC 4013)",
                "change the password to one of printable characters"},
    Explanation{GSASL_MECHANISM_CALLED_TOO_MANY_TIMES, "the server sent more challenges than the mechanism has", ""},
};

std::unexpected<Error> explain(std::string_view mechanism, int code) {
  for (const auto& row : kExplanations) {
    if (row.code == code) {
      return fail(ErrorKind::auth, Scope::account, fmt::format("{}: {}", mechanism, row.message),
                  std::string(row.remedy));
    }
  }
  return fail(ErrorKind::auth, Scope::account, fmt::format("{}: {}", mechanism, gsasl_strerror(code)));
}

class GnuMechanism final : public SaslClient {
 public:
  GnuMechanism(const Traits& traits, Gsasl* context, Gsasl_session* session)
      : traits_(traits), context_(context), session_(session) {}

  std::string_view mechanism() const noexcept override { return traits_.name; }
  bool has_initial_response() const noexcept override { return traits_.speaks_first; }
  bool is_complete() const noexcept override { return finished_ || (started_ && !traits_.proves_server); }

  bool may_be_unusable() const noexcept override {
    return traits_.needs_verifier && !failed_ && !(traits_.proves_server && finished_);
  }

  Result<std::string> step(std::string_view challenge) override {
    if (failed_) return explain(traits_.name, GSASL_MECHANISM_CALLED_TOO_MANY_TIMES);
    if (finished_) return after_the_end(challenge);
    if (!started_ && !traits_.speaks_first && challenge.empty() && traits_.name == "CRAM-MD5") {
      // RFC 2195: the response is a digest of the challenge; without one there is nothing to answer.
      failed_ = true;
      return explain(traits_.name, GSASL_MECHANISM_PARSE_ERROR);
    }
    started_ = true;
    char* output = nullptr;
    std::size_t length = 0;
    const int code = gsasl_step(session_.get(), challenge.data(), challenge.size(), &output, &length);
    if (code != GSASL_OK && code != GSASL_NEEDS_MORE) {
      failed_ = true;
      return explain(traits_.name, code);
    }
    finished_ = code == GSASL_OK;
    std::string response(output == nullptr ? "" : output, output == nullptr ? 0 : length);
    gsasl_free(output);
    return response;
  }

 private:
  // Some servers send one more empty continuation before their verdict; the answer is empty too.
  Result<std::string> after_the_end(std::string_view challenge) {
    if (challenge.empty() && !std::exchange(was_asked_again_, true)) return std::string{};
    failed_ = true;
    return explain(traits_.name, GSASL_MECHANISM_CALLED_TOO_MANY_TIMES);
  }

  Traits traits_;
  std::unique_ptr<Gsasl, FreeContext> context_;
  std::unique_ptr<Gsasl_session, FreeSession> session_;
  bool started_ = false;
  bool finished_ = false;
  bool was_asked_again_ = false;
  bool failed_ = false;
};

int set_binding(Gsasl_session* session, const net::ChannelBinding& binding) {
  if (binding.kind == net::ChannelBinding::Kind::none) return GSASL_OK;
  const auto property =
      binding.kind == net::ChannelBinding::Kind::tls_unique ? GSASL_CB_TLS_UNIQUE : GSASL_CB_TLS_EXPORTER;
  return gsasl_property_set(session, property, to_base64(binding.octets).c_str());
}

int set_credentials(Gsasl_session* session, const Traits& traits, const Credentials& credentials) {
  const std::string password(credentials.secret.reveal());
  int code = gsasl_property_set(session, GSASL_AUTHID, credentials.user.c_str());
  // A certificate may be good for several users: the name says which.
  const bool names_user = credentials.authorization_id.empty() && traits.name == "EXTERNAL";
  const auto& authorization = names_user ? credentials.user : credentials.authorization_id;
  if (code == GSASL_OK && !authorization.empty()) {
    code = gsasl_property_set(session, GSASL_AUTHZID, authorization.c_str());
  }
  if (code == GSASL_OK) code = gsasl_property_set_raw(session, GSASL_PASSWORD, password.data(), password.size());
  return code;
}

}  // namespace

Result<std::unique_ptr<SaslClient>> make_gnu_mechanism(std::string_view mechanism, const Credentials& credentials,
                                                       const net::ChannelBinding& binding) {
  const auto traits =
      std::find_if(kTraits.begin(), kTraits.end(), [&](const Traits& t) { return t.name == mechanism; });
  if (traits == kTraits.end()) return explain(mechanism, GSASL_UNKNOWN_MECHANISM);
  Gsasl* context = nullptr;
  if (const int code = gsasl_init(&context); code != GSASL_OK) return explain(mechanism, code);
  std::unique_ptr<Gsasl, FreeContext> owner(context);
  Gsasl_session* session = nullptr;
  if (const int code = gsasl_client_start(context, traits->name.data(), &session); code != GSASL_OK) {
    return explain(mechanism, code);
  }
  // From here on the session is owned; it must go before its context does.
  auto client = std::make_unique<GnuMechanism>(*traits, owner.release(), session);
  if (const int code = set_credentials(session, *traits, credentials); code != GSASL_OK)
    return explain(mechanism, code);
  if (const int code = set_binding(session, binding); code != GSASL_OK) return explain(mechanism, code);
  return client;
}

}  // namespace mailferry::auth
