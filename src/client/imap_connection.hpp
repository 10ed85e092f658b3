// One IMAP connection: the only place where the protocol engine and a transport meet.
#pragma once

#include "auth/credential_source.hpp"
#include "auth/sasl.hpp"
#include "imap/client_engine.hpp"
#include "net/transport.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mailferry::client {

struct ConnectOptions {
  net::Endpoint endpoint;
  auth::Credentials credentials;
  /// Gives those of the moment, which then count instead; null: they never change.
  std::shared_ptr<auth::CredentialSource> source;
  /// The user asked for a sign-in without TLS.
  bool allow_plaintext = false;
  /// Capabilities to be treated as not offered (quirks, and the user's wish).
  std::vector<imap::Capability> disabled;
  imap::ParserLimits limits;
};

/// Receives the untagged data that arrive while a command runs; may be empty.
using UntaggedHandler = std::function<void(imap::UntaggedData&)>;
/// The same for untagged OK/NO/BAD, which carry the response codes of SELECT.
using StatusHandler = std::function<void(const imap::StatusResponse&)>;

class ImapConnection {
 public:
  /// Connects, secures, reads the greeting, signs in. Every step has its deadline; errors name the server and the step.
  /// Credentials from a source that the server refuses are renewed once, for a second connection.
  static Task<std::unique_ptr<ImapConnection>> open(asio::io_context& context, const ConnectOptions& options);

  /// Over a transport that is connected already; nothing is sent until sign_in().
  ImapConnection(std::unique_ptr<net::Transport> transport, net::Timeouts timeouts, imap::ParserLimits limits = {});

  /// Greeting, STARTTLS where asked, authentication, capabilities afterwards. Has a deadline as a whole: a server that
  /// always says something else holds nobody up.
  Task<> sign_in(const ConnectOptions& options);

  /// Queues a command and returns its tag; sent by the next call that waits.
  std::string submit(const imap::Command& command) { return engine_.submit(command); }
  /// Sends what is queued.
  Task<> flush();
  /// The next event that has come already, null if there is none; valid until the next call, may be moved from. BYE is
  /// an error.
  Result<imap::Event*> poll();
  /// Takes in what has come from the network, without waiting. False: nothing has.
  Result<bool> receive_at_once();
  /// Sends what is queued and waits for more octets.
  Task<> receive();
  /// The same, with room for few octets only and another patience.
  Task<> receive_little(std::chrono::milliseconds patience);
  /// poll(), and receive() where needed.
  Task<imap::Event> next();
  /// next(), where nothing need come for so long: the deadline for an answer begins after that.
  Task<imap::Event> next_within(std::chrono::steady_clock::duration quiet);
  /// Gives back memory before a long wait.
  void make_small() { engine_.make_small(); }
  /// Waits for the completion of `tag`, in flight. OK → the response; NO, BAD → Error of `scope`, or wider.
  /// Bodies that come meanwhile are skipped; completions of other commands are kept for their turn.
  Task<imap::StatusResponse> complete(std::string_view tag, Scope scope, std::string_view step,
                                      const UntaggedHandler& on_data = {}, const StatusHandler& on_status = {});
  /// The Error of a NO or BAD to what carries messages. Where the whole account is refused and that may pass, the
  /// connection is closed: so the messages do not count as refused, and the next connection begins after a pause.
  Error refuse(const imap::StatusResponse& response, Scope scope, std::string_view step);
  /// The same error, with the account where its message does not name the server: there may be two at work.
  [[nodiscard]] Error located(Error error) const;
  /// submit() and complete() in one.
  Task<imap::StatusResponse> run(const imap::Command& command, Scope scope, const UntaggedHandler& on_data = {},
                                 const StatusHandler& on_status = {});

  /// Says LOGOUT and closes. The goodbye would tell nothing and cost a round trip; errors are of no interest.
  Task<> logout();
  void close() noexcept;

  [[nodiscard]] imap::ClientEngine& engine() noexcept { return engine_; }
  [[nodiscard]] const imap::Capabilities& capabilities() const noexcept { return engine_.capabilities(); }
  [[nodiscard]] bool has(imap::Capability capability) const noexcept { return engine_.capabilities().has(capability); }
  [[nodiscard]] net::Transport& transport() noexcept { return *transport_; }
  [[nodiscard]] const net::Timeouts& timeouts() const noexcept { return timeouts_; }
  /// The peer takes nothing any more; what it said before is still to be read, with an error at its end.
  [[nodiscard]] bool is_hung_up() const noexcept { return hung_up_.has_value(); }
  /// Queues `octets` if they are few and there is room; false: nothing was done, send_octets() is to be called.
  bool queue_octets(std::span<const char> octets);
  /// Sends `octets` behind what is queued, without copying them when they are many.
  Task<> send_octets(std::span<const char> octets);

 private:
  /// `is_refused`: the server judged the credentials, and does not accept them.
  static Task<std::unique_ptr<ImapConnection>> open_once(asio::io_context& context, const ConnectOptions& options,
                                                         bool& is_refused);
  /// How long to wait for the next octets: for an answer, and in a sign-in no longer than for all of it.
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool is_sign_in_late() const;
  /// A write failed. Where the peer hung up that is no error yet: what it said before (OK, NO with its reason, BYE) is
  /// still to be read, and reading fails at its end.
  Result<> unsent(Error error);
  /// A read failed: for the reason of the write that failed before it, if one did.
  std::unexpected<Error> unread(Error error);
  /// Closes: a stream that failed once cannot be used again.
  std::unexpected<Error> broken(Error error);
  /// Users have to see an alert (RFC 9051 §7.1); each text once.
  void tell_alert(const imap::StatusResponse& response);
  Task<> read_greeting(bool& preauthenticated);
  Task<> start_tls(const net::Endpoint& endpoint);
  Task<> compress(net::Compression wanted);
  Task<> refresh_capabilities();
  void name_ourselves();
  Task<> authenticate(const ConnectOptions& options, bool encrypted);
  /// Notes whether the error is about the credentials.
  Error judged(Error error) noexcept;
  /// Leaves the connection open only where the server answered with NO or BAD: nothing else is a reason for a mechanism
  /// that tells the password.
  Task<> authenticate_sasl(auth::SaslClient& mechanism, const auth::Credentials& credentials);
  Task<> login(const auth::Credentials& credentials, bool encrypted, bool allow_plaintext);

  std::unique_ptr<net::Transport> transport_;
  net::Timeouts timeouts_;
  imap::ClientEngine engine_;
  std::optional<std::chrono::steady_clock::time_point> sign_in_until_;  // while it lasts
  bool is_refused_ = false;
  std::optional<Error> hung_up_;                       // told by a write; nothing more is sent
  std::string server_;                                 // as the user calls it
  std::string account_;                                // "ann@host", once it is signed in
  std::set<std::string> alerts_;                       // told
  std::string greeting_;                               // its text, which some quirks show in
  std::map<std::string, imap::StatusResponse> early_;  // completions that came before their turn
};

}  // namespace mailferry::client
