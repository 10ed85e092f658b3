#include "client/imap_connection.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "imap/response_errors.hpp"

#include <algorithm>

namespace mailferry::client {
namespace {

/// Below this it is cheaper to copy into the output buffer than to send separately.
constexpr std::size_t kCopyBelow = 16U << 10;
constexpr std::size_t kFlushAt = 128U << 10;
constexpr std::size_t kReadSize = 128U << 10;
/// For connections that wait: there may be thousands.
constexpr std::size_t kLittle = 2048;
/// What a peer said before it hung up is here already; a tunnel may take a moment.
constexpr std::chrono::milliseconds kAfterHangUp{1000};
/// Of one connection, and of one alert.
constexpr std::size_t kMostAlerts = 10;
constexpr std::size_t kAlertCharacters = 500;

/// Servers say goodbye at any moment, as when a token expires (quirk x2).
Error bye_error(const imap::StatusResponse& response) {
  return imap::to_error(response, Scope::account, "this connection");
}

Error late_error() {
  return {.kind = ErrorKind::timeout,
          .scope = Scope::account,
          .retry = Retry::later,
          .message = "the server keeps talking, but does not finish the sign-in",
          .remedy = "try again later; if the server is only slow, raise response_timeout of the account"};
}

}  // namespace

Task<std::unique_ptr<ImapConnection>> ImapConnection::open(asio::io_context& context, const ConnectOptions& options) {
  bool is_refused = false;
  if (!options.source) co_return co_await open_once(context, options, is_refused);
  auto current = options;
  CO_TRY(current.credentials, co_await options.source->current(context));
  auto opened = co_await open_once(context, current, is_refused);
  if (opened || !is_refused) co_return opened;
  CO_TRY(const bool is_renewed, co_await options.source->renew(context, current.credentials));
  if (!is_renewed) co_return opened;
  CO_TRY(current.credentials, co_await options.source->current(context));
  co_return co_await open_once(context, current, is_refused);
}

Task<std::unique_ptr<ImapConnection>> ImapConnection::open_once(asio::io_context& context,
                                                                const ConnectOptions& options, bool& is_refused) {
  CO_TRY(auto transport, co_await net::connect(context, options.endpoint));
  auto connection = std::make_unique<ImapConnection>(std::move(transport), options.endpoint.timeouts, options.limits);
  connection->server_ = options.endpoint.host;
  auto signed_in = co_await connection->sign_in(options);
  if (!signed_in) {
    connection->close();
    is_refused = connection->is_refused_;
    if (signed_in.error().message.contains(options.endpoint.host)) co_return std::unexpected(signed_in.error());
    co_return with_context(std::move(signed_in).error(), options.endpoint.host);
  }
  connection->account_ = fmt::format("{}@{}", options.credentials.user, options.endpoint.host);
  co_return connection;
}

ImapConnection::ImapConnection(std::unique_ptr<net::Transport> transport, net::Timeouts timeouts,
                               imap::ParserLimits limits)
    : transport_(std::move(transport)), timeouts_(timeouts), engine_(limits) {}

void ImapConnection::close() noexcept {
  transport_->close();
}

Task<> ImapConnection::flush() {
  while (engine_.output_size() > 0) {
    const auto octets = engine_.output();
    if (!hung_up_) {
      auto written = co_await transport_->write_all(octets);
      if (!written) CO_CHECK(unsent(std::move(written).error()));
    }
    engine_.sent(octets.size());
  }
  co_return Result<>{};
}

bool ImapConnection::queue_octets(std::span<const char> octets) {
  if (octets.size() >= kCopyBelow || engine_.output_size() >= kFlushAt) return false;
  engine_.append_octets(octets);
  return true;
}

Task<> ImapConnection::send_octets(std::span<const char> octets) {
  CO_CHECK(co_await flush());
  if (queue_octets(octets) || hung_up_) co_return Result<>{};
  auto written = co_await transport_->write_all(octets);
  if (!written) co_return unsent(std::move(written).error());
  co_return Result<>{};
}

Result<> ImapConnection::unsent(Error error) {
  if (error.kind != ErrorKind::network || !transport_->is_open()) return broken(std::move(error));
  hung_up_ = std::move(error);
  return {};
}

std::unexpected<Error> ImapConnection::unread(Error error) {
  return broken(hung_up_ ? *hung_up_ : std::move(error));
}

std::unexpected<Error> ImapConnection::broken(Error error) {
  transport_->close();
  error.scope = Scope::account;
  return std::unexpected(located(std::move(error)));
}

Error ImapConnection::located(Error error) const {
  const bool is_named = !server_.empty() && error.message.contains(server_);
  if (!account_.empty() && !is_named) error.trail.push_back(account_);
  return error;
}

Result<imap::Event*> ImapConnection::poll() {
  auto polled = engine_.poll();
  if (!polled) return broken(std::move(polled).error());
  const auto* status = *polled == nullptr ? nullptr : std::get_if<imap::StatusResponse>(*polled);
  if (status != nullptr && status->status == imap::Status::bye) return broken(bye_error(*status));
  if (status != nullptr && status->code.code == imap::Code::alert) tell_alert(*status);
  return polled;
}

/// A refusal is told by whoever it meets.
void ImapConnection::tell_alert(const imap::StatusResponse& response) {
  if (response.status != imap::Status::ok || alerts_.contains(response.text)) return;
  if (alerts_.size() == kMostAlerts) return;
  alerts_.insert(response.text);
  log::warning("the server wants you to know: " + sanitize_for_terminal(response.text, kAlertCharacters),
               {{"server", server_}});
}

Result<bool> ImapConnection::receive_at_once() {
  const auto octets = transport_->try_read(engine_.prepare(kReadSize));
  if (!octets) return unread(octets.error());
  engine_.received(*octets);
  return *octets > 0;
}

std::chrono::milliseconds ImapConnection::patience() const {
  if (hung_up_) return kAfterHangUp;
  if (!sign_in_until_) return timeouts_.response;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*sign_in_until_ - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds{1}, timeouts_.response);
}

bool ImapConnection::is_sign_in_late() const {
  return sign_in_until_ && std::chrono::steady_clock::now() >= *sign_in_until_;
}

Task<> ImapConnection::receive() {
  CO_CHECK(co_await flush());
  const auto room = engine_.prepare(kReadSize);
  auto octets = co_await transport_->read_some(room, patience());
  if (is_sign_in_late() && (octets || octets.error().kind == ErrorKind::timeout)) co_return broken(late_error());
  if (!octets) co_return unread(std::move(octets).error());
  engine_.received(*octets);
  co_return Result<>{};
}

Task<> ImapConnection::receive_little(std::chrono::milliseconds patience) {
  CO_CHECK(co_await flush());
  const auto room = engine_.prepare(kLittle);
  auto octets = co_await transport_->read_some(room.first(kLittle), hung_up_ ? kAfterHangUp : patience);
  if (!octets) co_return unread(std::move(octets).error());
  engine_.received(*octets);
  co_return Result<>{};
}

Task<imap::Event> ImapConnection::next_within(std::chrono::steady_clock::duration quiet) {
  while (true) {
    CO_TRY(imap::Event* const event, poll());
    if (event != nullptr) co_return std::move(*event);
    const auto wait =
        std::max(std::chrono::duration_cast<std::chrono::milliseconds>(quiet), std::chrono::milliseconds{0});
    CO_CHECK(co_await receive_little(wait + timeouts_.response));
  }
}

Task<imap::Event> ImapConnection::next() {
  while (true) {
    CO_TRY(imap::Event* const event, poll());
    if (event != nullptr) co_return std::move(*event);
    CO_CHECK(co_await receive());
  }
}

Task<imap::StatusResponse> ImapConnection::complete(std::string_view tag, Scope scope, std::string_view step,
                                                    const UntaggedHandler& on_data, const StatusHandler& on_status) {
  std::optional<imap::StatusResponse> completion;
  if (const auto early = early_.find(std::string(tag)); early != early_.end())
    completion = std::move(early_.extract(early).mapped());
  while (!completion) {
    CO_TRY(auto event, co_await next());
    if (auto* data = std::get_if<imap::UntaggedData>(&event)) {
      if (on_data) on_data(*data);
    } else if (auto* status = std::get_if<imap::StatusResponse>(&event)) {
      if (status->tag.empty()) {
        if (on_status) on_status(*status);
      } else if (status->tag == tag) {
        completion = std::move(*status);
      } else if (engine_.is_own(status->tag)) {  // of others there may be any number
        early_.insert_or_assign(status->tag, std::move(*status));
      }
    }
  }
  if (completion->status == imap::Status::ok) co_return std::move(*completion);
  co_return std::unexpected(located(imap::to_error(*completion, scope, step)));
}

Error ImapConnection::refuse(const imap::StatusResponse& response, Scope scope, std::string_view step) {
  auto error = imap::to_error(response, scope, step);
  if (imap::needs_pause(error)) transport_->close();
  // Only a destination refuses a single message, and there may be many.
  return error.scope == Scope::message ? error : located(std::move(error));
}

Task<imap::StatusResponse> ImapConnection::run(const imap::Command& command, Scope scope,
                                               const UntaggedHandler& on_data, const StatusHandler& on_status) {
  const auto tag = submit(command);
  co_return co_await complete(tag, scope, command.name, on_data, on_status);
}

Task<> ImapConnection::logout() {
  submit(imap::commands::logout());
  auto said = co_await flush();
  transport_->close();
  co_return said;
}

}  // namespace mailferry::client
