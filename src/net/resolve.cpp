#include "net/resolve.hpp"

#include "async/notifier.hpp"
#include "async/signal_guard.hpp"
#include "base/ascii.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <cstring>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace mailferry::net {

namespace {

using asio::ip::tcp;

Error look_up_error(const std::string& host, int code) {
  const bool unknown = code == EAI_NONAME || code == EAI_NODATA;
  Error error{.kind = ErrorKind::network,
              .scope = Scope::account,
              .retry = unknown ? Retry::never : Retry::later,
              .retry_after = {},
              .message = fmt::format("unknown host {}", host),
              .remedy = "Check the spelling of the host name and this computer's network connection.",
              .trail = {}};
  if (!unknown) error.message = fmt::format("cannot look up host {}: {}", host, ::gai_strerror(code));
  return error;
}

/// What the coroutine and the look-up's thread share; each may be gone before the other.
struct Shared {
  std::mutex mutex;
  asio::io_context* context = nullptr;  // null: nobody waits any more
  async::Notifier* finished = nullptr;
  std::optional<Result<Addresses>> result;
};

void finish(const std::shared_ptr<Shared>& shared, Result<Addresses> result) {
  const std::lock_guard lock(shared->mutex);
  if (shared->context == nullptr) return;
  shared->result = std::move(result);
  asio::post(*shared->context, [shared] {
    const std::lock_guard relock(shared->mutex);
    if (shared->finished != nullptr) shared->finished->notify_all();
  });
}

/// Ends the waiting, also when the coroutine is destroyed while it waits.
class Abandon {
 public:
  explicit Abandon(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  Abandon(const Abandon&) = delete;
  Abandon& operator=(const Abandon&) = delete;
  ~Abandon() {
    const std::lock_guard lock(shared_->mutex);
    shared_->context = nullptr;
    shared_->finished = nullptr;
  }

 private:
  std::shared_ptr<Shared> shared_;
};

Result<> start_look_up(const std::shared_ptr<Shared>& shared, LookUp look_up, std::string host, std::uint16_t port) {
  const async::SignalGuard starting;
  try {
    std::thread([=] { finish(shared, look_up(host, port)); }).detach();
  } catch (const std::system_error& error) {
    return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot start a thread: {}", error.code().message()));
  }
  return {};
}

bool has_result(Shared& shared) {
  const std::lock_guard lock(shared.mutex);
  return shared.result.has_value();
}

/// The favourite's family first, then the families in turn.
Addresses take_turns(const Addresses& addresses) {
  Addresses ordered;
  std::vector<Addresses> families(2);
  for (const tcp::endpoint& address : addresses) {
    families[address.protocol() == addresses.front().protocol() ? 0 : 1].push_back(address);
  }
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    for (const Addresses& family : families) {
      if (i < family.size()) ordered.push_back(family[i]);
    }
  }
  return ordered;
}

/// What "localhost" means where nobody wrote it into /etc/hosts (RFC 6761 §6.3).
Addresses loopback(std::uint16_t port) {
  return {tcp::endpoint(asio::ip::address_v4::loopback(), port), tcp::endpoint(asio::ip::address_v6::loopback(), port)};
}

}  // namespace

Result<Addresses> look_up_with_system(const std::string& host, std::uint16_t port) {
  ::addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ::addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  const int code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
  if (code != 0 && equal_ascii_nocase(host, "localhost")) return loopback(port);
  if (code != 0) return std::unexpected<Error>(look_up_error(host, code));
  Addresses addresses;
  for (const ::addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint address;
    if (entry->ai_addrlen > address.capacity()) continue;
    std::memcpy(address.data(), entry->ai_addr, entry->ai_addrlen);
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  if (addresses.empty()) return std::unexpected<Error>(look_up_error(host, EAI_NONAME));
  return addresses;
}

Task<Addresses> resolve(asio::io_context& context, const std::string& host, std::uint16_t port,
                        std::chrono::milliseconds patience, const LookUp& look_up) {
  boost::system::error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Addresses{tcp::endpoint(literal, port)};

  const auto deadline = std::chrono::steady_clock::now() + patience;
  async::Notifier finished(context);
  const auto shared = std::make_shared<Shared>();
  shared->context = &context;
  shared->finished = &finished;
  const Abandon abandon(shared);
  CO_CHECK(start_look_up(shared, look_up, host, port));
  bool in_time = true;
  while (in_time && !has_result(*shared))
    in_time = co_await finished.wait_until(deadline);
  if (!has_result(*shared)) {
    co_return fail(ErrorKind::timeout, Scope::account, fmt::format("the name server gives no answer for host {}", host),
                   "Check this computer's network connection and name server.", Retry::later);
  }
  Result<Addresses> result = *shared->result;
  if (result) result = take_turns(*result);
  co_return result;
}

}  // namespace mailferry::net
