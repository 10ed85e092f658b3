#include "auth/command_credentials.hpp"

#include "async/blocking_pool.hpp"

namespace mailferry::auth {
namespace {

/// A token that is refused so soon after it was printed is not refused for its age.
constexpr std::chrono::seconds kFresh{60};

}  // namespace

Task<Credentials> CommandCredentials::current(asio::io_context& /*context*/) {
  co_return current_;
}

bool CommandCredentials::is_current(const Credentials& refused) const {
  return refused.secret.reveal() == current_.secret.reveal();
}

Task<bool> CommandCredentials::renew(asio::io_context& context, const Credentials& refused) {
  while (reading_)
    co_await reading_->wait();
  if (!is_current(refused)) co_return true;  // another connection has seen to it
  if (read_at_ && std::chrono::steady_clock::now() - *read_at_ < kFresh) co_return false;
  CO_CHECK(co_await read_again(context));
  co_return !is_current(refused);
}

Task<> CommandCredentials::read_again(asio::io_context& context) {
  reading_ = std::make_unique<async::Notifier>(context);
  const auto printed = std::make_shared<std::optional<Result<Secret>>>();
  std::function<Result<>()> work = [printed, source = source_, who = who_] {
    printed->emplace(read_secret(source, who));
    return Result<>{};
  };
  async::BlockingPool pool(context);
  auto ran = co_await pool.run(std::move(work));
  read_at_ = std::chrono::steady_clock::now();
  if (ran && printed->value()) current_.secret = printed->value().value();
  const auto done = std::move(reading_);
  done->notify_all();
  if (!ran) co_return ran;
  if (printed->value()) co_return Result<>{};
  auto error = printed->value().error();
  error.scope = Scope::account;
  co_return std::unexpected(std::move(error));
}

}  // namespace mailferry::auth
