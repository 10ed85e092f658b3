#include "net/transport.hpp"

#include "async/task_scope.hpp"
#include "support/loopback_server.hpp"
#include "support/test_certificates.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <latch>

namespace mailferry::net {
namespace {

using namespace std::chrono_literals;
using test::drain;
using test::LoopbackServer;
using test::run_task;
using test::ServerConnection;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

/// Both kinds of stream must behave the same.
class TransportTest : public testing::TestWithParam<Security> {
 protected:
  ~TransportTest() override {
    if (!released_.try_wait()) released_.count_down();
  }

  /// Connects to a server that runs `handler`, after TLS where that is the parameter.
  Transport& connect_to(std::function<void(ServerConnection&)> handler,
                        Timeouts timeouts = {kPatience, kPatience, kPatience}) {
    server_ = std::make_unique<LoopbackServer>([this, handler](ServerConnection& connection) {
      if (GetParam() == Security::tls && !connection.start_tls(certificate_)) return;
      handler(connection);
    });
    Endpoint endpoint = tls_endpoint(server_->port(), ca_.path());
    endpoint.security = GetParam();
    endpoint.timeouts = timeouts;
    Result<TransportPtr> transport = connect_now(context_, endpoint);
    if (!transport) throw std::runtime_error(transport.error().describe());
    transport_ = std::move(*transport);
    return *transport_;
  }

  test::TestAuthority authority_;
  test::TemporaryFile ca_{authority_.certificate()};
  test::TestCertificate certificate_ = authority_.issue({});
  std::latch released_{1};  // what a handler waits for that must hold its end open; outlives the server's thread
  std::unique_ptr<LoopbackServer> server_;
  asio::io_context context_;
  TransportPtr transport_;
};

void echo(ServerConnection& connection) {
  for (std::string octets = connection.read(); !octets.empty(); octets = connection.read()) {
    if (!connection.write(octets)) return;
  }
}

void hold(ServerConnection& connection) {
  connection.wait_for_close();
}

Task<> run_read(Transport* transport, std::chrono::milliseconds patience, std::optional<Result<std::size_t>>* outcome) {
  std::string buffer(100, '\0');
  const std::span<char> span = buffer;
  *outcome = co_await transport->read_some(span, patience);
  co_return Result<>{};
}

Task<> run_write(Transport* transport, std::string octets, std::optional<Result<>>* outcome) {
  const std::span<const char> span = octets;
  *outcome = co_await transport->write_all(span);
  co_return Result<>{};
}

Task<> run_read_all(Transport* transport, std::size_t size, std::string* all) {
  std::string buffer(100'000, '\0');
  const std::span<char> span = buffer;
  while (all->size() < size) {
    CO_TRY(const std::size_t count, co_await transport->read_some(span, kPatience));
    all->append(buffer, 0, count);
  }
  co_return Result<>{};
}

TEST_P(TransportTest, CarriesOctetsBothWays) {
  Transport& transport = connect_to(echo);
  ASSERT_TRUE(write_now(context_, transport, "A1 NOOP\r\n"));
  EXPECT_EQ(read_exactly(context_, transport, 9).value(), "A1 NOOP\r\n");
  EXPECT_EQ(transport.octets_read(), 9U);
  EXPECT_EQ(transport.octets_written(), 9U);
}

TEST_P(TransportTest, ReadsAndWritesManyMegabytesAtTheSameTime) {
  Transport& transport = connect_to(echo);
  const std::string sent = pattern(12'000'000);
  std::string received;
  std::optional<Result<>> written;
  async::TaskScope scope(context_);
  scope.spawn("write", run_write(&transport, sent, &written));
  scope.spawn("read", run_read_all(&transport, sent.size(), &received));
  const Result<> joined = run_task(context_, scope.join());
  ASSERT_TRUE(joined) << joined.error().describe();
  ASSERT_TRUE(written.value());
  EXPECT_TRUE(received == sent) << "the octets differ";
  EXPECT_EQ(transport.octets_read(), sent.size());
  EXPECT_EQ(transport.octets_written(), sent.size());
}

TEST_P(TransportTest, ReadsIntoBuffersOfAnySize) {
  const std::string text = pattern(40'000);
  Transport& transport = connect_to([text](ServerConnection& connection) {
    connection.write(text);
    hold(connection);
  });
  std::string all;
  for (std::size_t size = 1; all.size() < text.size(); size = size * 3 + 1) {
    const Result<std::string> piece = read_now(context_, transport, size);
    ASSERT_TRUE(piece) << piece.error().describe();
    ASSERT_LE(piece->size(), size);
    all += *piece;
  }
  EXPECT_TRUE(all == text);
}

TEST_P(TransportTest, SaysThatThePeerClosed) {
  Transport& transport = connect_to([](ServerConnection& connection) { connection.write("* BYE\r\n"); });
  EXPECT_EQ(read_exactly(context_, transport, 7).value(), "* BYE\r\n");
  const Result<std::string> end = read_now(context_, transport);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::network);
  EXPECT_EQ(end.error().scope, Scope::account);
  EXPECT_EQ(end.error().retry, Retry::now);
  EXPECT_THAT(end.error().message, HasSubstr("localhost"));
  EXPECT_FALSE(transport.is_open());
  EXPECT_EQ(read_now(context_, transport).error().message, end.error().message) << "and says so again";
  EXPECT_EQ(write_now(context_, transport, "x").error().kind, ErrorKind::network);
}

TEST_P(TransportTest, SaysThatThePeerReset) {
  Transport& transport = connect_to([](ServerConnection& connection) {
    connection.read_line();
    connection.reset();
  });
  ASSERT_TRUE(write_now(context_, transport, "go\n"));
  const Result<std::string> end = read_now(context_, transport);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::network);
  EXPECT_THAT(end.error().message, HasSubstr("reset"));
}

TEST_P(TransportTest, ClosesWhenNothingComesInTime) {
  Transport& transport = connect_to(hold);
  const auto before = Clock::now();
  const Result<std::string> late = read_now(context_, transport, 10, 60ms);
  ASSERT_FALSE(late);
  EXPECT_GE(Clock::now() - before, 60ms);
  EXPECT_LT(Clock::now() - before, 2s);
  EXPECT_EQ(late.error().kind, ErrorKind::timeout);
  EXPECT_EQ(late.error().retry, Retry::now);
  EXPECT_THAT(late.error().message, HasSubstr("0.06 s"));
  EXPECT_FALSE(transport.is_open());
}

TEST_P(TransportTest, HoldsAShortPatienceAfterALongOne) {
  Transport& transport = connect_to([](ServerConnection& connection) {
    connection.read_line();
    connection.write("late enough to make the first read wait");
    hold(connection);
  });
  std::optional<Result<std::size_t>> first;
  async::TaskScope scope(context_);
  scope.spawn("read", run_read(&transport, 60s, &first));
  drain(context_);
  ASSERT_FALSE(first);
  ASSERT_TRUE(write_now(context_, transport, "go\n"));
  ASSERT_TRUE(run_task(context_, scope.join()));
  ASSERT_TRUE(first.value());
  const auto before = Clock::now();
  EXPECT_EQ(read_now(context_, transport, 10, 50ms).error().kind, ErrorKind::timeout);
  EXPECT_LT(Clock::now() - before, 2s);
}

TEST_P(TransportTest, KeepsALongPatienceAfterAShortOne) {
  Transport& transport = connect_to([this](ServerConnection& connection) {
    connection.write("1");
    connection.read_line();
    released_.wait();
    connection.write("2");
    hold(connection);
  });
  EXPECT_EQ(read_now(context_, transport, 1, 1s).value(), "1");
  std::optional<Result<std::size_t>> second;
  async::TaskScope scope(context_);
  scope.spawn("read", run_read(&transport, 60s, &second));
  ASSERT_TRUE(write_now(context_, transport, "go\n"));
  // Until the timer of the first read would have gone off.
  const auto until = Clock::now() + 1'100ms;
  while (Clock::now() < until)
    context_.run_one_until(until);
  EXPECT_FALSE(second);
  released_.count_down();
  ASSERT_TRUE(run_task(context_, scope.join()));
  EXPECT_TRUE(second.value());
}

TEST_P(TransportTest, KnowsWhetherThePeerIsNearAndTheStreamEncrypted) {
  Transport& transport = connect_to(echo);
  ASSERT_TRUE(write_now(context_, transport, "a"));
  EXPECT_EQ(read_now(context_, transport, 1, 1s).value(), "a");
  EXPECT_EQ(transport.is_near_and_encrypted(), GetParam() == Security::tls);
}

TEST_P(TransportTest, ClosesWhenThePeerTakesNothing) {
  Transport& transport = connect_to([this](ServerConnection&) { released_.wait(); }, {kPatience, kPatience, 80ms});
  std::optional<Result<std::size_t>> read;
  async::TaskScope scope(context_);
  scope.spawn("read", run_read(&transport, 60s, &read));
  const std::string much = pattern(40'000'000);
  const Result<> late = write_now(context_, transport, much);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::timeout);
  EXPECT_THAT(late.error().message, HasSubstr("took no data"));
  EXPECT_FALSE(transport.is_open());
  ASSERT_TRUE(run_task(context_, scope.join()));
  EXPECT_EQ(read.value().error().kind, ErrorKind::timeout) << "the pending read ends for the same reason";
}

TEST_P(TransportTest, EndsPendingCallsWhenClosed) {
  Transport& transport = connect_to([this](ServerConnection&) { released_.wait(); });
  std::optional<Result<std::size_t>> read;
  std::optional<Result<>> write;
  async::TaskScope scope(context_);
  scope.spawn("read", run_read(&transport, 60s, &read));
  scope.spawn("write", run_write(&transport, pattern(40'000'000), &write));
  while (context_.run_one_for(50ms) != 0) {
  }
  EXPECT_FALSE(read);
  EXPECT_FALSE(write);
  transport.close();
  transport.close();
  EXPECT_FALSE(transport.is_open());
  ASSERT_TRUE(run_task(context_, scope.join()));
  EXPECT_EQ(read.value().error().kind, ErrorKind::cancelled);
  EXPECT_EQ(write.value().error().kind, ErrorKind::cancelled);
  EXPECT_EQ(read_now(context_, transport).error().kind, ErrorKind::cancelled);
  EXPECT_EQ(write_now(context_, transport, "x").error().kind, ErrorKind::cancelled);
}

TEST_P(TransportTest, LeavesNothingBehindThatKeepsTheLoopBusy) {
  connect_to([](ServerConnection& connection) {
    connection.read_line();
    connection.write("answer");
    hold(connection);
  });
  std::optional<Result<std::size_t>> read;
  async::TaskScope scope(context_);
  scope.spawn("read", run_read(transport_.get(), 60s, &read));
  drain(context_);
  ASSERT_TRUE(write_now(context_, *transport_, "go\n"));
  ASSERT_TRUE(run_task(context_, scope.join()));
  transport_.reset();
  context_.restart();
  const auto before = Clock::now();
  context_.run();
  EXPECT_LT(Clock::now() - before, 2s);
}

INSTANTIATE_TEST_SUITE_P(Streams, TransportTest, testing::Values(Security::plaintext, Security::tls),
                         [](const auto& each) { return each.param == Security::tls ? "Tls" : "Plaintext"; });

TEST(PlainTransport, StillHandsOutWhatThePeerSaidBeforeItHungUp) {
  std::latch hung_up(1);
  const LoopbackServer server([&hung_up](ServerConnection& connection) {
    connection.write("* BYE too many connections\r\n");
    connection.read(1);
    hung_up.count_down();
  });
  asio::io_context context;
  const Result<TransportPtr> transport = connect_now(context, plain_endpoint(server.port()));
  ASSERT_TRUE(transport);
  ASSERT_TRUE(write_now(context, **transport, "x"));
  hung_up.wait();
  // Sooner or later the kernel knows that nobody listens.
  Result<> written;
  for (int i = 0; i < 1000 && written; ++i)
    written = write_now(context, **transport, "more");
  EXPECT_EQ(read_now(context, **transport).value_or("nothing"), "* BYE too many connections\r\n");
}

}  // namespace
}  // namespace mailferry::net
