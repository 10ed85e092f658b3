#include "auth/oauth/token_endpoint.hpp"

#include "auth/oauth/json_members.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "net/http_client.hpp"

#include <algorithm>
#include <array>

namespace mailferry::auth {
namespace {

constexpr std::size_t kLongestDescription = 200;
constexpr std::size_t kLongestToken = 60'000;  // what a sign-in command may carry
constexpr std::chrono::seconds kLongestLife{366 * 24 * 3600};

std::chrono::seconds seconds_member(const boost::json::object& members, std::string_view name, std::int64_t standard) {
  const auto number = number_member(members, name).value_or(standard);
  return std::chrono::seconds(std::clamp<std::int64_t>(number, 0, kLongestLife.count()));
}

std::string shown(const std::string& text, std::size_t most) {
  return sanitize_for_terminal(text, most);
}

/// A passing fault of the provider, whatever its body says.
Result<> check_status(unsigned status) {
  if (status != 429 && status < 500) return {};
  return fail(ErrorKind::throttled, Scope::account,
              fmt::format("the OAuth2 provider cannot answer now (HTTP status {})", status), "try again later",
              Retry::later);
}

std::unexpected<Error> no_answer(unsigned status) {
  return fail(ErrorKind::protocol, Scope::account,
              fmt::format("the OAuth2 provider gave an answer without tokens (HTTP status {})", status),
              "check the addresses of the provider", Retry::later);
}

OAuthRefusal refusal_of(const boost::json::object& members) {
  constexpr std::size_t kLongestCode = 60;
  return {.code = shown(text_member(members, "error"), kLongestCode),
          .description = shown(text_member(members, "error_description"), kLongestDescription)};
}

bool is_usable(const std::string& token) {
  return !token.empty() && token.size() <= kLongestToken &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

OAuthTokens tokens_of(const boost::json::object& members, std::chrono::sys_seconds now) {
  OAuthTokens tokens;
  tokens.access = Secret(text_member(members, "access_token"));
  tokens.refresh = Secret(text_member(members, "refresh_token"));
  tokens.lifetime = seconds_member(members, "expires_in", 0);
  if (tokens.lifetime.count() > 0) tokens.expires = now + tokens.lifetime;
  return tokens;
}

/// What the provider says must not repeat what it was told.
void forget_secrets(OAuthRefusal& refusal, std::string_view form) {
  for (const auto* name : {"refresh_token", "code", "client_secret", "device_code", "code_verifier"}) {
    const auto value = find_in_form(form, name);
    if (value && !value->empty() && refusal.description.contains(*value)) refusal.description.clear();
  }
}

bool is_in_header(const OAuthSetup& setup) {
  return setup.client_proof == ClientProof::header && !setup.client_secret.empty();
}

/// RFC 6749 §2.3.1: both parts are encoded first, so that neither contains a colon.
Secret header_of(const OAuthSetup& setup) {
  if (!is_in_header(setup)) return {};
  const Secret pair(encode_form(setup.client_id) + ":" + encode_form(setup.client_secret.reveal()));
  return Secret("Basic " + to_base64(pair.reveal()));
}

Task<net::HttpAnswer> post(asio::io_context& context, const OAuthSetup& setup, const std::string& url,
                           const FormText& form) {
  CO_TRY(const auto parsed, net::parse_http_url(url));
  if (!parsed.is_private())
    co_return fail(ErrorKind::usage, Scope::account,
                   fmt::format("{} is not reached by https, and secrets go there", parsed.authority()),
                   "give an address that begins with https://");
  const net::HttpPost request{.url = parsed,
                              .form = Secret(form.text()),
                              .authorization = header_of(setup),
                              .tls = setup.tls,
                              .proxy = setup.account.proxy,
                              .timeouts = setup.account.timeouts};
  auto answer = co_await net::post_form(context, request);
  if (!answer) co_return with_context(std::move(answer).error(), "OAuth2 provider " + parsed.authority());
  co_return answer;
}

void add_client(FormText& form, const OAuthSetup& setup) {
  if (!is_in_header(setup)) form.add("client_id", setup.client_id).add("client_secret", setup.client_secret.reveal());
}

struct Cause {
  std::string_view code;
  std::string_view remedy;
};

/// RFC 6749 §5.2, RFC 8628 §3.5.
constexpr std::array kCauses{
    Cause{"invalid_client",
          "check the client's id and secret in mailferry.toml or in its file, and oauth_client_proof"},
    Cause{"unauthorized_client",
          "the provider does not allow this client to sign in in this way, or wants another oauth_client_proof"},
    Cause{"unsupported_grant_type", "the provider does not know this way of signing in; try another one"},
    Cause{"invalid_scope", "check oauth_scopes: the provider does not give this client such access"},
    Cause{"access_denied", "somebody refused the access; run it again and allow it"},
    Cause{"expired_token", "the code was not entered in time; run it again"},
};

}  // namespace

Result<TokenAnswer> parse_token_answer(unsigned status, std::string_view body, std::chrono::sys_seconds now) {
  const auto members = parse_json_object(body, "the answer");
  if (members && status >= 400 && status < 500 && !text_member(*members, "error").empty())
    return TokenAnswer(refusal_of(*members));
  CHECK_OK(check_status(status));
  if (!members || status != 200) return no_answer(status);
  auto tokens = tokens_of(*members, now);
  if (!is_usable(std::string(tokens.access.reveal()))) return no_answer(status);
  return TokenAnswer(std::move(tokens));
}

Result<DeviceCode> parse_device_answer(unsigned status, std::string_view body) {
  const auto members = parse_json_object(body, "the answer");
  CHECK_OK(check_status(status));
  if (!members) return no_answer(status);
  if (status != 200)
    return fail(ErrorKind::auth, Scope::account,
                fmt::format("the OAuth2 provider gives no device code: {} {}", refusal_of(*members).code,
                            refusal_of(*members).description),
                "the client must be one that may use device codes; or run it with --paste");
  DeviceCode code;
  code.device_code = Secret(text_member(*members, "device_code"));
  code.user_code = shown(text_member(*members, "user_code"), 100);
  code.url = shown(text_member(*members, "verification_uri"), 500);
  if (code.url.empty()) code.url = shown(text_member(*members, "verification_url"), 500);  // Google's older name
  code.full_url = shown(text_member(*members, "verification_uri_complete"), 1000);
  code.lifetime = seconds_member(*members, "expires_in", 900);
  code.interval =
      std::clamp(seconds_member(*members, "interval", 5), std::chrono::seconds(1), std::chrono::seconds(60));
  if (code.device_code.empty() || code.user_code.empty() || code.url.empty()) return no_answer(status);
  return code;
}

Task<TokenAnswer> request_tokens(asio::io_context& context, const OAuthSetup& setup, FormText parameters) {
  add_client(parameters, setup);
  CO_TRY(const auto answer, co_await post(context, setup, setup.token_url, parameters));
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto parsed = parse_token_answer(answer.status, answer.body.reveal(), now);
  if (!parsed) {
    auto error = std::move(parsed).error();
    error.retry_after = answer.retry_after;
    co_return std::unexpected(std::move(error));
  }
  if (auto* refusal = std::get_if<OAuthRefusal>(&*parsed)) forget_secrets(*refusal, parameters.text());
  co_return parsed;
}

Task<DeviceCode> request_device_code(asio::io_context& context, const OAuthSetup& setup) {
  FormText form;
  add_client(form, setup);
  form.add("scope", setup.scope);
  CO_TRY(const auto answer, co_await post(context, setup, setup.device_url, form));
  co_return parse_device_answer(answer.status, answer.body.reveal());
}

Error to_error(const OAuthRefusal& refusal, const OAuthSetup& setup, std::string_view what) {
  const auto* cause = std::ranges::find(kCauses, refusal.code, &Cause::code);
  const auto detail = refusal.description.empty() ? "" : ": " + refusal.description;
  const auto remedy = cause != kCauses.end() ? std::string(cause->remedy) : setup.advice();
  return fail(ErrorKind::auth, Scope::account,
              fmt::format("the OAuth2 provider refuses {} of account '{}' ({}{})", what, setup.account.name,
                          refusal.code, detail),
              remedy)
      .error();
}

}  // namespace mailferry::auth
