#include "support/scripted_peer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <optional>

namespace mailferry::test {

namespace {

enum class Act { expect, silence, tls, send, close, reset, stall, stall_writes };

struct Step {
  Act act;
  std::string octets;
};

std::string visible(std::string_view octets) {
  constexpr std::size_t kShown = 300;
  std::string text;
  for (const char c : octets.substr(0, kShown)) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '\r')
      text += "\\r";
    else if (c == '\n')
      text += "\\n";
    else if (value < 0x20 || value >= 0x7f)
      text += fmt::format("\\x{:02x}", value);
    else
      text += c;
  }
  return octets.size() > kShown ? text + fmt::format("… ({} octets)", octets.size()) : text;
}

std::string describe(const Step& step) {
  switch (step.act) {
    case Act::expect:
      return fmt::format("expect \"{}\"", visible(step.octets));
    case Act::silence:
      return "expect silence";
    case Act::tls:
      return "expect TLS";
    case Act::send:
      return fmt::format("send \"{}\"", visible(step.octets));
    case Act::close:
      return "close";
    case Act::reset:
      return "reset";
    case Act::stall:
      return "stall";
    case Act::stall_writes:
      return "stall writes";
  }
  return {};
}

std::unexpected<Error> connection_error(ErrorKind kind, std::string message) {
  return fail(kind, Scope::account, std::move(message), {}, kind == ErrorKind::cancelled ? Retry::never : Retry::now);
}

}  // namespace

struct ScriptedPeer::Script {
  explicit Script(asio::io_context& io) : context(io), changed(io) {}

  void add(Step step) {
    steps.push_back(std::move(step));
    advance();
  }
  /// Plays the steps that need nothing from the client.
  void advance();
  bool compare();
  void mismatch(const std::string& what);
  [[nodiscard]] std::optional<Error> ending() const;

  asio::io_context& context;
  async::Notifier changed;
  std::deque<Step> steps;
  std::string inbox;   // written by the client, not yet expected
  std::string outbox;  // sent by the peer, not yet read
  std::string written;
  std::string complaint;
  std::size_t fragment = std::numeric_limits<std::size_t>::max();
  std::chrono::milliseconds patience_limit{2'000};
  std::optional<ErrorKind> peer_ended;  // network: closed or reset
  std::string peer_ended_how;
  bool client_closed = false;
  std::uint64_t octets_read = 0;
};

void ScriptedPeer::Script::advance() {
  bool moved = true;
  while (moved && !steps.empty() && complaint.empty()) {
    const Step step = steps.front();
    moved = false;
    if (step.act == Act::expect) moved = compare();
    if (step.act == Act::silence && !inbox.empty()) mismatch("silence was expected");
    if (step.act == Act::send) {
      outbox += step.octets;
      moved = true;
    }
    if (step.act == Act::close || step.act == Act::reset) {
      peer_ended = ErrorKind::network;
      peer_ended_how =
          step.act == Act::close ? "the scripted peer closed the connection" : "the scripted peer reset the connection";
      if (step.act == Act::reset) outbox.clear();
      moved = true;
    }
    if (moved) steps.pop_front();
  }
  if (steps.empty() && !inbox.empty() && !peer_ended) mismatch("the script is over");
  changed.notify_all();
}

/// Is the expected text there, as a whole?
bool ScriptedPeer::Script::compare() {
  const std::string& wanted = steps.front().octets;
  const std::size_t common = std::min(wanted.size(), inbox.size());
  if (inbox.compare(0, common, wanted, 0, common) != 0) {
    mismatch(fmt::format("\"{}\" was expected", visible(wanted)));
    return false;
  }
  if (common < wanted.size()) return false;
  inbox.erase(0, common);
  return true;
}

void ScriptedPeer::Script::mismatch(const std::string& what) {
  if (!complaint.empty()) return;
  complaint = fmt::format("the client wrote \"{}\" where {}", visible(inbox), what);
  peer_ended = ErrorKind::network;
  peer_ended_how = "the scripted peer reset the connection: " + complaint;
}

std::optional<Error> ScriptedPeer::Script::ending() const {
  if (client_closed)
    return connection_error(ErrorKind::cancelled, "the connection to the scripted peer was closed here").error();
  if (peer_ended) return connection_error(*peer_ended, peer_ended_how).error();
  return std::nullopt;
}

namespace {

class ScriptedTransport final : public net::Transport {
 public:
  explicit ScriptedTransport(std::shared_ptr<ScriptedPeer::Script> script) : script_(std::move(script)) {}
  ~ScriptedTransport() override { close(); }

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) override;
  Result<std::size_t> try_read(std::span<char> buffer) override;
  Task<> write_all(std::span<const char> octets) override;
  Task<> start_tls(const net::TlsOptions& options, const std::string& host) override;
  void close() noexcept override {
    if (script_->client_closed) return;
    script_->client_closed = true;
    script_->changed.notify_all();
  }
  /// As a socket, which stays open until what the peer said last is read.
  [[nodiscard]] bool is_open() const noexcept override {
    return !script_->ending() || (!script_->client_closed && !script_->outbox.empty());
  }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return script_->octets_read; }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return script_->written.size(); }

 private:
  [[nodiscard]] std::unexpected<Error> time_out(std::string message);
  std::size_t take_outbox(std::span<char> buffer);
  bool is_at(Act act) const { return !script_->steps.empty() && script_->steps.front().act == act; }

  std::shared_ptr<ScriptedPeer::Script> script_;
};

std::unexpected<Error> ScriptedTransport::time_out(std::string message) {
  script_->peer_ended = ErrorKind::timeout;
  script_->peer_ended_how = std::move(message);
  script_->changed.notify_all();
  return connection_error(ErrorKind::timeout, script_->peer_ended_how);
}

Task<std::size_t> ScriptedTransport::read_some(std::span<char> buffer, std::chrono::milliseconds patience) {
  // As with a socket, a read does not always return at once.
  co_await asio::post(script_->context, asio::use_awaitable);
  const auto deadline = std::chrono::steady_clock::now() + std::min(patience, script_->patience_limit);
  bool in_time = true;
  while (script_->client_closed || script_->outbox.empty()) {
    if (const std::optional<Error> ending = script_->ending()) co_return std::unexpected<Error>(*ending);
    if (is_at(Act::silence)) {
      script_->steps.pop_front();
      script_->advance();
      continue;
    }
    if (is_at(Act::stall)) {
      script_->steps.pop_front();
      co_return time_out("the scripted peer sent nothing in time");
    }
    if (!in_time) co_return time_out("the scripted peer waits for something else and sent nothing in time");
    in_time = co_await script_->changed.wait_until(deadline);
  }
  co_return take_outbox(buffer);
}

std::size_t ScriptedTransport::take_outbox(std::span<char> buffer) {
  const std::size_t count = std::min({buffer.size(), script_->outbox.size(), script_->fragment});
  std::memcpy(buffer.data(), script_->outbox.data(), count);
  script_->outbox.erase(0, count);
  script_->octets_read += count;
  return count;
}

Result<std::size_t> ScriptedTransport::try_read(std::span<char> buffer) {
  if (!script_->client_closed && !script_->outbox.empty()) return take_outbox(buffer);
  if (const std::optional<Error> ending = script_->ending()) return std::unexpected<Error>(*ending);
  return 0;
}

Task<> ScriptedTransport::write_all(std::span<const char> octets) {
  while (!octets.empty()) {
    if (const std::optional<Error> ending = script_->ending()) co_return std::unexpected<Error>(*ending);
    if (is_at(Act::stall_writes)) {
      script_->steps.pop_front();
      co_return time_out("the scripted peer took nothing in time");
    }
    const std::size_t count = std::min(octets.size(), script_->fragment);
    script_->inbox.append(octets.data(), count);
    script_->written.append(octets.data(), count);
    octets = octets.subspan(count);
    script_->advance();
    if (!octets.empty()) co_await asio::post(script_->context, asio::use_awaitable);
  }
  co_return Result<>{};
}

Task<> ScriptedTransport::start_tls(const net::TlsOptions&, const std::string&) {
  if (const std::optional<Error> ending = script_->ending()) co_return std::unexpected<Error>(*ending);
  if (!is_at(Act::tls)) {
    script_->complaint = "the client starts TLS where the script does not expect it";
    co_return connection_error(ErrorKind::tls, script_->complaint);
  }
  script_->steps.pop_front();
  // RFC 3501 §6.2.1: what came before TLS must not be used after it; a socket would choke on it.
  if (!script_->outbox.empty()) co_return connection_error(ErrorKind::tls, "octets were left when TLS began");
  script_->advance();
  co_return Result<>{};
}

}  // namespace

ScriptedPeer::ScriptedPeer(asio::io_context& context) : script_(std::make_shared<Script>(context)) {}
ScriptedPeer::~ScriptedPeer() = default;

ScriptedPeer& ScriptedPeer::expect(std::string octets) {
  return script_->add({Act::expect, std::move(octets)}), *this;
}
ScriptedPeer& ScriptedPeer::expect_silence() {
  return script_->add({Act::silence, {}}), *this;
}
ScriptedPeer& ScriptedPeer::expect_tls() {
  return script_->add({Act::tls, {}}), *this;
}
ScriptedPeer& ScriptedPeer::send(std::string octets) {
  return script_->add({Act::send, std::move(octets)}), *this;
}
ScriptedPeer& ScriptedPeer::close() {
  return script_->add({Act::close, {}}), *this;
}
ScriptedPeer& ScriptedPeer::reset() {
  return script_->add({Act::reset, {}}), *this;
}
ScriptedPeer& ScriptedPeer::stall() {
  return script_->add({Act::stall, {}}), *this;
}
ScriptedPeer& ScriptedPeer::stall_writes() {
  return script_->add({Act::stall_writes, {}}), *this;
}

void ScriptedPeer::fragment(std::size_t octets) {
  script_->fragment = octets;
}
void ScriptedPeer::limit_patience(std::chrono::milliseconds patience) {
  script_->patience_limit = patience;
}

std::unique_ptr<net::Transport> ScriptedPeer::transport() {
  return std::make_unique<ScriptedTransport>(script_);
}

const std::string& ScriptedPeer::written() const {
  return script_->written;
}
bool ScriptedPeer::is_closed_by_client() const {
  return script_->client_closed;
}

std::string ScriptedPeer::verdict() const {
  if (!script_->complaint.empty()) return script_->complaint;
  if (!script_->steps.empty()) {
    return fmt::format("the script stopped at: {}; unmatched so far: \"{}\"", describe(script_->steps.front()),
                       visible(script_->inbox));
  }
  if (!script_->outbox.empty()) return fmt::format("the client did not read \"{}\"", visible(script_->outbox));
  return {};
}

}  // namespace mailferry::test
