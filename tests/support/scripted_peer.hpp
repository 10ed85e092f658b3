// The other end of a Transport without any network: a script of what it expects and what it says.
#pragma once

#include "async/notifier.hpp"
#include "net/transport.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mailferry::test {

/// A dialogue of one connection:
///
///     ScriptedPeer peer(context);
///     peer.send("* OK ready\r\n").expect("A1 LOGIN alice secret\r\n").send("A1 OK in\r\n").close();
///     … use peer.transport() …
///     EXPECT_EQ(peer.verdict(), "");
///
/// The script may be written before or while the client runs. What the client writes is compared octet by octet,
/// however it is cut; what the peer sends becomes readable as soon as everything before it in the script has happened.
/// Octets that differ from the script end the connection as a reset, and verdict() shows both.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(asio::io_context& context);
  ~ScriptedPeer();
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  /// The next octets that the client writes are exactly these.
  ScriptedPeer& expect(std::string octets);
  /// The client must have written nothing more, until it waits for something to read.
  ScriptedPeer& expect_silence();
  /// The client calls start_tls() here.
  ScriptedPeer& expect_tls();
  ScriptedPeer& send(std::string octets);
  /// End of file for the client; its writes fail from here on.
  ScriptedPeer& close();
  /// The same as an error of the network.
  ScriptedPeer& reset();
  /// Says nothing more: a read that waits here runs into its timeout at once, whatever its patience.
  ScriptedPeer& stall();
  /// Takes nothing more: a write that comes here runs into its timeout at once.
  ScriptedPeer& stall_writes();

  /// A read gives at most so many octets, and a write is taken in such pieces with a turn of the loop in between.
  /// Default: no limit.
  void fragment(std::size_t octets);
  /// How long a read waits, at most, where the script expects the client to write (default 2 s): a dialogue in which
  /// both sides wait ends soon, as a timeout.
  void limit_patience(std::chrono::milliseconds patience);

  /// The client's end. Once.
  std::unique_ptr<net::Transport> transport();
  /// Everything that the client wrote.
  [[nodiscard]] const std::string& written() const;
  /// Did the client close its end, or destroy it?
  [[nodiscard]] bool is_closed_by_client() const;
  /// Empty when the whole script was played and nothing else was written; otherwise what is wrong, as text.
  [[nodiscard]] std::string verdict() const;

  struct Script;

 private:
  std::shared_ptr<Script> script_;  // also owned by the transport
};

}  // namespace mailferry::test
