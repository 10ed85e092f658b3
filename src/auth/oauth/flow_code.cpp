#include "auth/oauth/flow_code.hpp"

#include "auth/oauth/pkce.hpp"
#include "auth/oauth/redirect_listener.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "base/utf8.hpp"
#include "net/http_url.hpp"
#include "net/loopback_listener.hpp"

namespace mailferry::auth {
namespace {

/// Where nobody listens: the browser shows an error, and its address bar the code.
constexpr std::string_view kNowhere = "http://localhost";
constexpr std::string_view kBlanks = " \t\r\n";

std::unexpected<Error> refused(std::string message, std::string remedy) {
  return fail(ErrorKind::auth, Scope::account, std::move(message), std::move(remedy));
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Task<OAuthTokens> redeem(asio::io_context& context, const OAuthSetup& setup, const CodeRequest& request,
                         const Secret& code) {
  FormText form;
  form.add("grant_type", "authorization_code").add("code", code.reveal());
  form.add("redirect_uri", request.redirect_url).add("code_verifier", request.verifier.reveal());
  CO_TRY(auto answer, co_await request_tokens(context, setup, form));
  if (const auto* refusal = std::get_if<OAuthRefusal>(&answer))
    co_return std::unexpected(to_error(*refusal, setup, "the code"));
  co_return std::get<OAuthTokens>(std::move(answer));
}

/// The port that the redirect URL names, if there is one, else the user's.
Result<std::uint16_t> port_for(const OAuthSetup& setup, std::uint16_t wanted) {
  if (setup.redirect_url.empty()) return wanted;
  TRY(const auto url, net::parse_http_url(setup.redirect_url));
  if (wanted == 0 || wanted == url.port) return url.port;
  return fail(ErrorKind::usage, Scope::run, fmt::format("the client sends browsers to port {} and no other", url.port),
              "leave --port out");
}

std::string path_of(const std::string& redirect_url) {
  const auto url = net::parse_http_url(redirect_url);
  return url ? url->target.substr(0, url->target.find('?')) : "/";
}

}  // namespace

bool leads_here(std::string_view redirect_url) {
  if (redirect_url.empty()) return true;
  const auto url = net::parse_http_url(redirect_url);
  return url && !url->is_https && url->is_private() && url->host != "::1";
}

CodeRequest make_code_request(std::string redirect_url) {
  return {.redirect_url = std::move(redirect_url), .verifier = make_random_text(), .state = make_random_text()};
}

std::string authorize_url(const OAuthSetup& setup, const CodeRequest& request) {
  FormText query;
  query.add("response_type", "code").add("client_id", setup.client_id).add("redirect_uri", request.redirect_url);
  query.add("scope", setup.scope).add("state", request.state.reveal());
  query.add("code_challenge", challenge_of(request.verifier)).add("code_challenge_method", "S256");
  query.add("login_hint", setup.account.user).add_encoded(setup.preset->authorize_extra);
  return with_query(setup.authorize_url, query);
}

Result<Secret> code_in_query(std::string_view query, const Secret& state) {
  if (find_in_form(query, "state") != state.reveal())
    return refused("the answer belongs to another attempt to sign in", "begin again, and use the newest address");
  if (const auto error = find_in_form(query, "error")) {
    const auto detail = find_in_form(query, "error_description").value_or("");
    return refused(fmt::format("the provider did not allow it: {}{}{}", sanitize_for_terminal(*error, 60),
                               detail.empty() ? "" : ": ", sanitize_for_terminal(detail, 200)),
                   "begin again, and allow the access");
  }
  const auto code = find_in_form(query, "code");
  if (!code || code->empty()) return refused("the answer holds no code", "begin again");
  return Secret(*code);
}

Result<Secret> code_in_pasted(std::string_view text, const Secret& state) {
  text = trimmed(text);
  if (text.empty()) return refused("nothing was pasted", "begin again");
  const auto question = text.find('?');
  if (text.contains("://") || question == 0) {
    if (question == std::string_view::npos)
      return refused("the address holds no code", "paste the address that the browser ended at, whole");
    return code_in_query(text.substr(question + 1, text.find('#') - question - 1), state);
  }
  if (text.starts_with("code=") || text.contains("&code=")) return code_in_query(text, state);
  if (text.find_first_of(kBlanks) != std::string_view::npos)
    return refused("what was pasted is neither a code nor an address", "begin again");
  const auto decoded = text.contains('%') ? decode_form(text) : std::string(text);
  return Secret(decoded.value_or(std::string(text)));
}

Task<OAuthTokens> sign_in_by_loopback(asio::io_context& context, const OAuthSetup& setup, std::uint16_t port,
                                      SignInGuide& guide) {
  CO_TRY(const auto wanted, port_for(setup, port));
  CO_TRY(auto listener, net::LoopbackListener::open(context, wanted, setup.account.timeouts));
  const auto here = fmt::format("http://{}:{}", setup.preset->loopback_host, listener->port());
  const auto request = make_code_request(setup.redirect_url.empty() ? here : setup.redirect_url);
  guide.open_here(authorize_url(setup, request), request.redirect_url);
  RedirectListener redirects(context, std::move(listener), path_of(request.redirect_url), request.state);
  CO_TRY(const auto code, co_await redirects.wait());
  co_return co_await redeem(context, setup, request, code);
}

Task<OAuthTokens> sign_in_by_paste(asio::io_context& context, const OAuthSetup& setup, SignInGuide& guide) {
  const auto request = make_code_request(setup.redirect_url.empty() ? std::string(kNowhere) : setup.redirect_url);
  CO_TRY(const auto pasted, guide.ask_for_code(authorize_url(setup, request)));
  CO_TRY(const auto code, code_in_pasted(pasted.reveal(), request.state));
  co_return co_await redeem(context, setup, request, code);
}

}  // namespace mailferry::auth
