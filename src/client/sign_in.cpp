// Greeting, STARTTLS and authentication of an ImapConnection.
#include "base/encoding.hpp"
#include "client/imap_connection.hpp"
#include "imap/response_errors.hpp"
#include "net/deflate_transport.hpp"

namespace mailferry::client {
namespace {

/// So many times the patience for one answer is enough for all answers of a sign-in together.
constexpr int kSignInPatience = 5;

Error refused(const imap::StatusResponse& response, const auth::Credentials& credentials) {
  auto error = imap::to_error(response, Scope::account, "the sign-in of " + credentials.user);
  if (error.kind != ErrorKind::permission && error.kind != ErrorKind::auth) return error;
  error.kind = ErrorKind::auth;  // a NO without a response code: nearly always the password
  if (credentials.is_token && error.retry == Retry::never) {
    error.remedy = "check that the access was allowed by this very user, and that IMAP is switched on for the account";
    return error;
  }
  if (error.remedy.empty()) error.remedy = "check the user name and the password (some providers want an app password)";
  return error;
}

/// What to try after a mechanism that failed. Some servers lock out after a few failures and count every one (quirk
/// c24): a mechanism that tells the password itself needs no verifier, so it is next where it is allowed.
Result<std::unique_ptr<auth::SaslClient>> choose_next(const auth::SaslClient& failed,
                                                      const std::vector<std::string>& offered,
                                                      const auth::Credentials& credentials,
                                                      const auth::Channel& channel) {
  constexpr std::string_view kLastThatHidesIt = "CRAM-MD5";
  auto telling = auth::choose_mechanism(offered, credentials, channel, kLastThatHidesIt);
  if (telling && *telling) return telling;
  return auth::choose_mechanism(offered, credentials, channel, failed.mechanism());
}

/// Cyrus SASL 2.1 offers PLUS inside TLS 1.3 though it knows only the binding of older versions (quirk o30).
net::ChannelBinding usable_binding(net::ChannelBinding binding, std::string_view greeting) {
  const bool too_new = binding.kind == net::ChannelBinding::Kind::tls_exporter && greeting.contains("Cyrus IMAP");
  return too_new ? net::ChannelBinding{} : std::move(binding);
}

std::unexpected<Error> plaintext_refused() {
  return fail(ErrorKind::auth, Scope::account,
              "the connection is not encrypted and the server offers no sign-in that hides the password",
              "use imaps:// or imap:// with STARTTLS, or allow it with --from-plaintext / --to-plaintext");
}

Error unproved() {
  return {.kind = ErrorKind::auth,
          .scope = Scope::account,
          .message = "the server accepted the sign-in without proving that it knows the password",
          .remedy = "this may be an impostor: check the host name and the certificate"};
}

Result<std::string> answer(auth::SaslClient& mechanism, std::string_view challenge) {
  const auto decoded = from_base64(challenge);
  if (!decoded) return fail(ErrorKind::auth, Scope::account, "the server sent a SASL challenge that is not base64");
  return mechanism.step(*decoded);
}

}  // namespace

Task<> ImapConnection::sign_in(const ConnectOptions& options) {
  for (const auto capability : options.disabled)
    engine_.disable(capability);
  sign_in_until_ = std::chrono::steady_clock::now() + kSignInPatience * timeouts_.response;
  bool preauthenticated = false;
  CO_CHECK(co_await read_greeting(preauthenticated));
  bool encrypted = options.endpoint.security == net::Security::tls;
  if (options.endpoint.security == net::Security::starttls) {
    // RFC 9051 §6.2.1: a server that is signed in already cannot be made safe; an attacker could have sent PREAUTH.
    if (preauthenticated)
      co_return fail(ErrorKind::tls, Scope::account, "the server skips STARTTLS by answering PREAUTH", "use imaps://");
    CO_CHECK(co_await start_tls(options.endpoint));
    encrypted = true;
  }
  if (!preauthenticated) CO_CHECK(co_await authenticate(options, encrypted));
  // What was offered before the sign-in does not count (quirk x25).
  if (engine_.capabilities().empty()) CO_CHECK(co_await refresh_capabilities());
  name_ourselves();
  CO_CHECK(co_await compress(options.endpoint.compression));
  sign_in_until_.reset();
  co_return Result<>{};
}

/// Some servers open no mailbox for a program without a name (quirk c10). Goes with the next command; nobody waits for
/// the answer.
void ImapConnection::name_ourselves() {
  if (has(imap::Capability::id)) submit(imap::commands::id({{"name", "mailferry"}}));
}

/// On a fast line, compressing takes longer than it saves (docs/benchmarks.md): only somebody who has measured asks for
/// it.
Task<> ImapConnection::compress(net::Compression wanted) {
  if (wanted != net::Compression::always) co_return Result<>{};
  if (!has(imap::Capability::compress_deflate)) co_return Result<>{};
  const auto command = imap::commands::compress_deflate();
  const auto done = co_await run(command, Scope::account);
  if (!done) co_return transport_->is_open() ? Result<>{} : Result<>(std::unexpected(done.error()));
  const auto received = engine_.take_received();
  transport_ = net::make_compressed(std::move(transport_), received);
  co_return Result<>{};
}

Task<> ImapConnection::read_greeting(bool& preauthenticated) {
  CO_TRY(const auto event, co_await next());
  const auto* status = std::get_if<imap::StatusResponse>(&event);
  if (status == nullptr || !status->tag.empty() ||
      (status->status != imap::Status::ok && status->status != imap::Status::preauth))
    co_return fail(ErrorKind::protocol, Scope::account,
                   status == nullptr ? "the server does not greet like an IMAP server"
                                     : fmt::format("the server does not greet with OK but says \"{}\"", status->text),
                   "check host and port (993 for imaps://, 143 for imap://)");
  preauthenticated = status->status == imap::Status::preauth;
  greeting_ = status->text;
  co_return Result<>{};
}

Task<> ImapConnection::start_tls(const net::Endpoint& endpoint) {
  if (engine_.capabilities().empty()) CO_CHECK(co_await refresh_capabilities());
  if (!has(imap::Capability::starttls))
    co_return fail(ErrorKind::tls, Scope::account, "the server offers no STARTTLS",
                   "use imaps:// if it has a TLS port, or --from-plaintext / --to-plaintext to go without encryption");
  const auto command = imap::commands::starttls();
  CO_TRY(auto done, co_await run(command, Scope::account));
  engine_.discard_received();
  engine_.forget_capabilities();
  CO_CHECK(co_await transport_->start_tls(endpoint.tls, endpoint.host));
  co_return Result<>{};
}

Task<> ImapConnection::refresh_capabilities() {
  const auto command = imap::commands::capability();
  CO_TRY(auto done, co_await run(command, Scope::account));
  co_return Result<>{};
}

Task<> ImapConnection::authenticate(const ConnectOptions& options, bool encrypted) {
  if (engine_.capabilities().empty()) CO_CHECK(co_await refresh_capabilities());
  const auto offered = engine_.capabilities().mechanisms();
  const bool forbids_login = has(imap::Capability::logindisabled);
  const auth::Channel channel{.encrypted = encrypted,
                              .allow_plaintext = options.allow_plaintext,
                              .binding = usable_binding(transport_->channel_binding(), greeting_)};
  CO_TRY(auto mechanism, auth::choose_mechanism(offered, options.credentials, channel));
  while (mechanism) {
    const auto done = co_await authenticate_sasl(*mechanism, options.credentials);
    // Closed: the server was no longer talking of the password, or is not to be told it.
    if (done || !mechanism->may_be_unusable() || !transport_->is_open()) co_return done;
    // Servers offer mechanisms for which they hold no verifier of this user; the password was not judged.
    auto weaker = choose_next(*mechanism, offered, options.credentials, channel);
    if (!weaker || (*weaker == nullptr && forbids_login)) co_return done;
    mechanism = std::move(*weaker);
  }
  // The last resort: some servers stall at a LOGIN with characters that have to be quoted (quirk c20).
  co_return co_await login(options.credentials, encrypted, options.allow_plaintext);
}

Error ImapConnection::judged(Error error) noexcept {
  is_refused_ = error.kind == ErrorKind::auth;
  return error;
}

Task<> ImapConnection::authenticate_sasl(auth::SaslClient& mechanism, const auth::Credentials& credentials) {
  std::optional<std::string> initial;
  if (mechanism.has_initial_response() && has(imap::Capability::sasl_ir)) {
    CO_TRY(const auto response, mechanism.step(""));
    initial = response.empty() ? "=" : to_base64(response);
  }
  std::optional<std::string_view> initial_view;
  if (initial) initial_view = *initial;
  const auto command = imap::commands::authenticate(mechanism.mechanism(), initial_view);
  engine_.forget_capabilities();
  const auto tag = submit(command);
  while (true) {
    CO_TRY(const auto event, co_await next());
    if (const auto* challenge = std::get_if<imap::Continuation>(&event)) {
      auto response = answer(mechanism, challenge->text);
      if (!response) co_return broken(std::move(response).error());
      const auto line = to_base64(*response);
      engine_.submit_line(line);
    } else if (const auto* status = std::get_if<imap::StatusResponse>(&event);
               status != nullptr && status->tag == tag) {
      if (status->status != imap::Status::ok) co_return std::unexpected(judged(refused(*status, credentials)));
      // RFC 5802 §5: an OK without the server's proof may come from somebody who does not know the password.
      if (!mechanism.is_complete()) co_return broken(unproved());
      co_return Result<>{};
    }
  }
}

Task<> ImapConnection::login(const auth::Credentials& credentials, bool encrypted, bool allow_plaintext) {
  if (credentials.is_token)
    co_return fail(ErrorKind::auth, Scope::account, "the server offers no sign-in with a token (OAUTHBEARER, XOAUTH2)",
                   "use a password instead");
  if (!encrypted && !allow_plaintext) co_return plaintext_refused();
  if (has(imap::Capability::logindisabled))
    co_return fail(ErrorKind::auth, Scope::account, "the server forbids LOGIN and offers no mechanism we know",
                   "use an encrypted connection (imaps://)");
  const auto command = imap::commands::login(credentials.user, credentials.secret.reveal());
  engine_.forget_capabilities();
  const auto tag = submit(command);
  while (true) {
    CO_TRY(const auto event, co_await next());
    const auto* status = std::get_if<imap::StatusResponse>(&event);
    if (status == nullptr || status->tag != tag) continue;
    if (status->status != imap::Status::ok) co_return std::unexpected(judged(refused(*status, credentials)));
    co_return Result<>{};
  }
}

}  // namespace mailferry::client
