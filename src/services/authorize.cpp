#include "services/authorize.hpp"

#include "async/run_loop.hpp"
#include "auth/oauth/token_lock.hpp"
#include "services/accounts.hpp"

#include <filesystem>

namespace mailferry::services {
namespace {

auth::OAuthFlow choose_flow(const AuthorizeRequest& request, const auth::OAuthSetup& setup) {
  using auth::OAuthFlow;
  if (request.flow) return *request.flow;
  if (request.port != 0) return OAuthFlow::loopback;
  if (request.has_display && auth::check_flow(setup, OAuthFlow::loopback)) return OAuthFlow::loopback;
  return auth::check_flow(setup, OAuthFlow::device) ? OAuthFlow::device : OAuthFlow::paste;
}

/// The file as it is, for its form and what else is in it; a new one where there is none or it cannot be understood.
auth::TokenFile present_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  auto file = auth::TokenFile::load(path);
  return file ? *std::move(file) : auth::TokenFile();
}

Task<> keep(asio::io_context& context, const auth::OAuthSetup& setup, const auth::OAuthTokens& tokens) {
  CO_TRY(const auto lock, co_await auth::TokenLock::acquire(context, setup.token_file));
  auto file = present_file(setup.token_file);
  file.update(tokens);
  co_return file.save(setup.token_file);
}

/// The consent may have been given by another user than the one of the account.
Task<> check_mail_server(asio::io_context& context, const config::Account& account) {
  const auto options = to_connect_options(account, Secret());
  CO_TRY(const auto connection, co_await client::ImapConnection::open(context, options));
  co_return co_await connection->logout();
}

Task<> authorize(asio::io_context& context, const AuthorizeRequest& request, auth::SignInGuide& guide,
                 AuthorizeReport& report) {
  CO_TRY(const auto incomplete, auth::make_oauth_setup(*request.account.oauth, to_oauth_account(request.account)));
  CO_TRY(const auto setup, auth::complete_from(incomplete, present_file(incomplete.token_file)));
  const auto flow = choose_flow(request, setup);
  CO_TRY(const auto tokens, co_await auth::sign_in(context, setup, flow, request.port, guide));
  CO_CHECK(co_await keep(context, setup, tokens));
  report.is_saved = true;
  report.is_lasting = !tokens.refresh.empty();
  co_return co_await check_mail_server(context, request.account);
}

}  // namespace

AuthorizeReport run_authorize(const AuthorizeRequest& request, auth::SignInGuide& guide) {
  AuthorizeReport report;
  asio::io_context io{1};
  auto done = async::run_until_done(io, authorize(io, request, guide, report));
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
