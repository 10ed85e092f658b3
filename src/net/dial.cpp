#include "net/dial.hpp"

#include "async/notifier.hpp"

#include <algorithm>
#include <fcntl.h>
#include <list>
#include <memory>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>

namespace mailferry::net {

namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHeadStart{250};
constexpr int kKeepAliveIdleSeconds = 120;
constexpr int kKeepAliveIntervalSeconds = 30;

/// Shared with the handlers of the attempts, which may run after the race is over.
struct Race {
  explicit Race(asio::io_context& io) : context(io), changed(io) {}
  asio::io_context& context;
  async::Notifier changed;
  std::list<tcp::socket> running;
  std::optional<tcp::socket> winner;
  error_code first_error;
};

void start_attempt(const std::shared_ptr<Race>& race, const tcp::endpoint& address) {
  const auto attempt = race->running.emplace(race->running.end(), race->context);
  attempt->async_connect(address, [race, attempt](const error_code& code) {
    if (!code && !race->winner) race->winner = std::move(*attempt);
    if (code && !race->first_error) race->first_error = code;
    race->running.erase(attempt);
    race->changed.notify_all();
  });
}

void stop_attempts(Race& race) {
  error_code ignored;
  for (tcp::socket& attempt : race.running)
    attempt.close(ignored);
}

std::unexpected<Error> refused(const std::string& peer, const error_code& code) {
  return fail(code == asio::error::timed_out ? ErrorKind::timeout : ErrorKind::network, Scope::account,
              fmt::format("cannot connect to {}: {}", peer, code.message()),
              "Check the host name and the port, and whether the server is up.", Retry::later);
}

std::unexpected<Error> no_answer(const std::string& peer, std::chrono::milliseconds patience) {
  const double seconds = std::chrono::duration<double>(patience).count();
  return fail(ErrorKind::timeout, Scope::account,
              fmt::format("cannot connect to {}: no answer within {:.3g} s", peer, seconds),
              "Check the host name and the port, and whether a firewall is in the way.", Retry::later);
}

void set_option(tcp::socket& socket, int level, int name, unsigned value) {
  // A socket that lacks an option still works.
  (void)::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

}  // namespace

Task<tcp::socket> dial(asio::io_context& context, const Addresses& addresses, const std::string& peer,
                       std::chrono::milliseconds patience) {
  const auto race = std::make_shared<Race>(context);
  const Clock::time_point deadline = Clock::now() + patience;
  std::size_t next = 0;
  while (!race->winner && (next < addresses.size() || !race->running.empty())) {
    if (next < addresses.size()) start_attempt(race, addresses[next++]);
    const bool is_last = next == addresses.size();
    const Clock::time_point until = is_last ? deadline : std::min(deadline, Clock::now() + kHeadStart);
    co_await race->changed.wait_until(until);
    if (!race->winner && Clock::now() >= deadline) break;
  }
  const bool is_late = !race->running.empty();
  stop_attempts(*race);
  if (race->winner) co_return std::move(*race->winner);
  if (race->first_error && !is_late) co_return refused(peer, race->first_error);
  co_return no_answer(peer, patience);
}

void set_options(tcp::socket& socket, const Timeouts& timeouts) {
  // Commands that are started (tokens, tunnels) must not hold the connection open.
  (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<unsigned>(timeouts.write.count()));
}

}  // namespace mailferry::net
