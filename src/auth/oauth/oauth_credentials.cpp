#include "auth/oauth/oauth_credentials.hpp"

#include "async/blocking_pool.hpp"
#include "async/notifier.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "auth/oauth/token_lock.hpp"
#include "base/log.hpp"

#include <filesystem>
#include <random>

namespace mailferry::auth {
namespace {

/// A token that is refused so soon after it was fetched is not refused for its age.
constexpr std::chrono::seconds kFresh{60};

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

double unit_random() {
  static std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::unexpected<Error> not_signed_in(const OAuthSetup& setup) {
  return fail(
      ErrorKind::auth, Scope::account,
      fmt::format("account '{}' is not signed in: there is no token file {}", setup.account.name, setup.token_file),
      setup.advice());
}

std::unexpected<Error> cannot_refresh(const OAuthSetup& setup) {
  return fail(ErrorKind::auth, Scope::account,
              fmt::format("the access token of account '{}' has ended, and there is no refresh token in {}",
                          setup.account.name, setup.token_file),
              setup.advice());
}

std::unexpected<Error> refused(const OAuthRefusal& refusal, const OAuthSetup& setup) {
  auto error = to_error(refusal, setup, "the refresh token");
  if (refusal.code == "invalid_grant") error.remedy = fmt::format("{}; {}", setup.advice(), setup.preset->dead_token);
  return std::unexpected(std::move(error));
}

bool is_same(const Secret& one, const Secret& other) {
  return one.reveal() == other.reveal();
}

}  // namespace

OAuthCredentials::OAuthCredentials(OAuthSettings settings, OAuthAccount account, Credentials base)
    : settings_(std::move(settings)), account_(std::move(account)), base_(std::move(base)) {
  base_.is_token = true;
}

Credentials OAuthCredentials::credentials() const {
  auto whole = base_;
  whole.secret = tokens_.access;
  return whole;
}

bool OAuthCredentials::is_due(const OAuthTokens& tokens) const {
  return auth::is_due(tokens, now(), lead_);
}

Result<TokenFile> OAuthCredentials::load() const {
  std::error_code ignored;
  if (!std::filesystem::exists(setup_->token_file, ignored)) return not_signed_in(*setup_);
  auto file = TokenFile::load(setup_->token_file);
  if (!file && file.error().kind == ErrorKind::auth)
    return fail(ErrorKind::auth, Scope::account, file.error().message,
                fmt::format("{} again, or repair the file", setup_->advice()));
  return file;
}

Result<> OAuthCredentials::prepare() {
  if (setup_) return {};
  TRY(setup_, make_oauth_setup(settings_, account_));
  auto file = load();
  if (!file) {
    setup_.reset();  // what was missing may be there the next time
    return std::unexpected(std::move(file).error());
  }
  adopt(file->tokens());
  return {};
}

void OAuthCredentials::adopt(OAuthTokens tokens) {
  tokens_ = std::move(tokens);
  lead_ = refresh_lead(tokens_.lifetime, unit_random());
}

Task<Credentials> OAuthCredentials::current(asio::io_context& context) {
  CO_CHECK(prepare());
  if (!is_due(tokens_)) co_return credentials();
  auto refreshed = co_await refresh(context);
  if (refreshed) co_return credentials();
  if (refreshed.error().retry == Retry::never || auth::is_due(tokens_, now(), std::chrono::seconds(0)))
    co_return std::unexpected(std::move(refreshed).error());
  log::warning("an access token could not be refreshed; the old one still serves",
               {{"account", account_.name}, {"reason", refreshed.error().describe()}});
  co_return credentials();
}

Task<bool> OAuthCredentials::renew(asio::io_context& context, const Credentials& refused) {
  CO_CHECK(prepare());
  if (!is_same(refused.secret, tokens_.access)) co_return true;  // another connection has seen to it
  const bool has_ended = auth::is_due(tokens_, now(), std::chrono::seconds(0));
  if (!has_ended && refreshed_ && Clock::now() - *refreshed_ < kFresh) co_return false;
  CO_CHECK(co_await refresh(context));
  co_return true;
}

struct OAuthCredentials::Refresh {
  explicit Refresh(asio::io_context& context) : ended(context) {}
  async::Notifier ended;
  std::optional<Result<>> outcome;
};

/// A provider that hangs or refuses is asked once, not by each connection after the other.
Task<> OAuthCredentials::refresh(asio::io_context& context) {
  if (const auto other = under_way_) {
    while (!other->outcome)
      co_await other->ended.wait();
    co_return *other->outcome;
  }
  const auto mine = std::make_shared<Refresh>(context);
  under_way_ = mine;
  mine->outcome = co_await refresh_alone(context);
  under_way_.reset();
  mine->ended.notify_all();
  co_return *mine->outcome;
}

/// Under the lock the file is read again: another process may have been faster, or `mailferry auth` was run.
Task<> OAuthCredentials::refresh_alone(asio::io_context& context) {
  const auto stale = tokens_.access;
  CO_TRY(const auto lock, co_await TokenLock::acquire(context, setup_->token_file));
  CO_TRY(auto file, load());
  if (unsaved_) file.update(tokens_);
  const auto tokens = file.tokens();
  if (is_same(tokens.access, stale) || is_due(tokens)) co_return co_await replace(context, std::move(file));
  adopt(tokens);
  refreshed_.reset();
  co_return Result<>{};
}

Task<> OAuthCredentials::replace(asio::io_context& context, TokenFile file) {
  CO_TRY(const auto setup, complete_from(*setup_, file));
  const auto old = file.tokens();
  if (old.refresh.empty()) co_return cannot_refresh(setup);
  FormText form;
  form.add("grant_type", "refresh_token").add("refresh_token", old.refresh.reveal());
  CO_TRY(auto answer, co_await request_tokens(context, setup, form));
  if (const auto* refusal = std::get_if<OAuthRefusal>(&answer)) co_return refused(*refusal, setup);
  auto& tokens = std::get<OAuthTokens>(answer);
  if (tokens.refresh.empty()) tokens.refresh = old.refresh;
  file.update(tokens);
  adopt(tokens);
  refreshed_ = Clock::now();
  co_return co_await save(context, file);
}

/// What was fetched serves, though the disk is full; the next refresh tries again.
Task<> OAuthCredentials::save(asio::io_context& context, const TokenFile& file) {
  async::BlockingPool pool(context);
  const auto path = setup_->token_file;
  std::function<Result<>()> work = [file, path] { return file.save(path); };
  const auto saved = co_await pool.run(std::move(work));
  unsaved_ = !saved;
  if (unsaved_)
    log::warning("fresh tokens could not be written; they are kept in memory only",
                 {{"account", account_.name}, {"reason", saved.error().describe()}});
  co_return Result<>{};
}

}  // namespace mailferry::auth
