#include "net/deflate_transport.hpp"
#include "support/loopback_server.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <zlib.h>

namespace mailferry::net {
namespace {

using test::LoopbackServer;
using test::ServerConnection;

/// The peer's side, by zlib itself.
class Peer {
 public:
  Peer() {
    deflateInit2(&out_, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    inflateInit2(&in_, -15);
  }
  ~Peer() {
    deflateEnd(&out_);
    inflateEnd(&in_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  std::string pack(std::string plain) { return run(out_, ::deflate, std::move(plain)); }
  std::string unpack(std::string packed) { return run(in_, ::inflate, std::move(packed)); }

 private:
  template <class Step>
  static std::string run(z_stream& stream, Step step, std::string input) {
    std::string output(input.size() * 1100 + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(output.size());
    step(&stream, Z_SYNC_FLUSH);
    output.resize(output.size() - stream.avail_out);
    return output;
  }
  z_stream out_{};
  z_stream in_{};
};

class DeflateTest : public testing::Test {
 protected:
  /// A compressed connection to a server that `handler` plays.
  TransportPtr connect_to(std::function<void(ServerConnection&)> handler, std::string_view received = {}) {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    auto plain = connect_now(context_, plain_endpoint(server_->port()));
    EXPECT_TRUE(plain);
    return plain ? make_compressed(*std::move(plain), received) : nullptr;
  }
  asio::io_context context_;
  std::unique_ptr<LoopbackServer> server_;
};

void echo(ServerConnection& connection) {
  Peer peer;
  for (auto octets = connection.read(); !octets.empty(); octets = connection.read())
    connection.write(peer.pack(peer.unpack(octets)));
}

TEST_F(DeflateTest, EachWriteArrivesWhole) {
  const auto transport = connect_to(echo);
  for (const std::string line : {"A1 NOOP\r\n", "A2 NOOP\r\n", "x"}) {
    ASSERT_TRUE(write_now(context_, *transport, line));
    EXPECT_EQ(read_exactly(context_, *transport, line.size()).value(), line);
  }
}

TEST_F(DeflateTest, CarriesWhatCanAndWhatCannotBeCompressed) {
  const auto transport = connect_to(echo);
  for (const auto& octets : {std::string(300'000, 'a'), pattern(300'000)}) {
    for (std::size_t at = 0; at < octets.size(); at += 50'000) {
      ASSERT_TRUE(write_now(context_, *transport, octets.substr(at, 50'000)));
      EXPECT_EQ(read_exactly(context_, *transport, 50'000).value(), octets.substr(at, 50'000));
    }
  }
}

TEST_F(DeflateTest, SendsLess) {
  const auto transport = connect_to(echo);
  ASSERT_TRUE(write_now(context_, *transport, std::string(100'000, 'a')));
  EXPECT_EQ(read_exactly(context_, *transport, 100'000).value().size(), 100'000U);
  EXPECT_LT(transport->octets_written(), 2'000U);
  EXPECT_LT(transport->octets_read(), 2'000U);
}

TEST_F(DeflateTest, BeginsWithWhatWasReceivedAlready) {
  Peer peer;
  const auto first = peer.pack("first ");
  const auto second = peer.pack("second");
  const auto transport = connect_to(
      [second](ServerConnection& connection) {
        connection.write(second);
        connection.wait_for_close();
      },
      first);
  EXPECT_EQ(read_exactly(context_, *transport, 12).value(), "first second");
}

TEST_F(DeflateTest, TryReadTakesOnlyWhatHasCome) {
  Peer peer;
  const auto transport =
      connect_to([](ServerConnection& connection) { connection.wait_for_close(); }, peer.pack("here"));
  std::string buffer(100, '\0');
  EXPECT_EQ(transport->try_read(buffer).value(), 4U);
  EXPECT_EQ(transport->try_read(buffer).value(), 0U);
}

TEST_F(DeflateTest, RefusesAStreamThatIsBrokenOrEnds) {
  for (const auto& octets : {std::string("\xff\xff\xff garbage"), std::string("\x03\x00", 2)}) {
    const auto transport = connect_to([octets](ServerConnection& connection) {
      connection.write(octets);
      connection.wait_for_close();
    });
    const auto read = read_now(context_, *transport);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::protocol);
    EXPECT_FALSE(transport->is_open());
  }
}

}  // namespace
}  // namespace mailferry::net
