#include "auth/oauth/sign_in_flow.hpp"

#include "auth/oauth/flow_code.hpp"
#include "auth/oauth/flow_device.hpp"

namespace mailferry::auth {
namespace {

std::unexpected<Error> impossible(const OAuthSetup& setup, std::string_view reason, std::string_view remedy) {
  return fail(ErrorKind::usage, Scope::account,
              fmt::format("account '{}' cannot be signed in this way: {}", setup.account.name, reason),
              std::string(remedy));
}

}  // namespace

Result<> check_flow(const OAuthSetup& setup, OAuthFlow flow) {
  const bool needs_browser = flow != OAuthFlow::device;
  if (needs_browser && setup.authorize_url.empty())
    return impossible(setup, "oauth_authorize_url is not given", "give it, or use --device");
  if (flow == OAuthFlow::device && setup.device_url.empty())
    return impossible(setup, setup.preset->no_device, "use --paste or --loopback");
  if (flow == OAuthFlow::loopback && !leads_here(setup.redirect_url))
    return impossible(setup, "the client sends browsers to another machine", "use --paste");
  return {};
}

Task<OAuthTokens> sign_in(asio::io_context& context, const OAuthSetup& setup, OAuthFlow flow, std::uint16_t port,
                          SignInGuide& guide) {
  CO_CHECK(check_flow(setup, flow));
  switch (flow) {
    case OAuthFlow::loopback:
      co_return co_await sign_in_by_loopback(context, setup, port, guide);
    case OAuthFlow::device:
      co_return co_await sign_in_by_device(context, setup, guide);
    case OAuthFlow::paste:
      break;
  }
  co_return co_await sign_in_by_paste(context, setup, guide);
}

}  // namespace mailferry::auth
