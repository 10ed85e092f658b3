// A stream of messages over one connection: EXAMINE and UID FETCH commands are sent ahead, bodies come out in chunks.
#pragma once

#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <deque>
#include <map>

namespace mailferry::stores::imap {

class ImapReader final : public store::Reader {
 public:
  /// All must outlive the reader. `examined`: the wire name of the mailbox that is open on the connection, empty for
  /// none; kept up to date for whoever uses the connection next.
  ImapReader(client::ImapConnection& connection, const MailboxNames& names, std::string& examined)
      : connection_(connection), names_(names), examined_(examined) {}

  void request(store::ReadRequest request) override { queue_.push_back({.request = std::move(request)}); }
  Result<store::ReadStep> poll() override;
  Task<> send() override;
  Task<> wait() override { return connection_.receive(); }
  store::MessageHead& head() noexcept override { return head_; }
  store::ReadDone take_done() override { return std::move(done_); }
  void close() noexcept override { connection_.close(); }

 private:
  struct Active {
    store::ReadRequest request;
    UidSet left = {};         // not delivered yet
    std::uint64_t epoch = 0;  // which EXAMINE it belongs to
    bool again = false;       // sent a second time, metadata first
    int passes = 1;           // how often it was sent
    bool incomplete = false;  // a body came before what is needed to append it
  };
  enum class Command { examine, metadata, bodies };
  struct Sent {
    Command command;
    std::string tag;
    std::optional<mailferry::imap::StatusResponse> completion;
  };
  using Step = std::optional<store::ReadStep>;

  void send_ahead();
  Result<> send(Active& active);
  void send_fetches(const Active& active);
  /// Which request wants this message. A server may answer the next FETCH before it completes the one before (Dovecot
  /// does), so that all requests for the open mailbox are looked at.
  [[nodiscard]] Active* find_active(Uid uid);
  Step on_event(mailferry::imap::Event& event);
  Step on_data(mailferry::imap::UntaggedData& data);
  void forget_metadata() noexcept;
  Step on_fetch(mailferry::imap::FetchData& fetch);
  Step on_body(const mailferry::imap::BodyBegin& body);
  Step on_end(const mailferry::imap::FetchData& whole);
  Step take_held();
  void on_status(mailferry::imap::StatusResponse& status);
  Step finish_next();
  Step finish_examine(const mailferry::imap::StatusResponse& status);
  Step finish_bodies(const mailferry::imap::StatusResponse& status);
  /// The Error of a NO or BAD; one that ends the connection is noted in lost_.
  Error refuse(const mailferry::imap::StatusResponse& status, std::string_view step);
  /// Fills head_. False: something that is needed to append the message has not come.
  [[nodiscard]] bool read_head(const mailferry::imap::FetchData& data, std::uint64_t size);
  Step deliver();
  store::ReadStep give(store::ReadDone done);

  client::ImapConnection& connection_;
  const MailboxNames& names_;
  std::deque<Active> queue_;             // not sent
  std::deque<Active> active_;            // sent; the front one is being answered
  std::deque<Sent> sent_;                // commands in flight
  std::deque<store::ReadDone> failed_;   // requests that could not be sent
  std::string& examined_;                // wire name that the last EXAMINE sent has opened
  std::optional<Error> mailbox_error_;   // why the mailbox of the front request cannot be read
  std::optional<Error> request_error_;   // why a part of the front request failed
  std::optional<Error> lost_;            // why the connection was given up
  UidValidity uid_validity_ = 0;         // as the EXAMINE being answered says
  std::optional<std::uint32_t> exists_;  // the same
  std::uint64_t sent_epoch_ = 0;         // EXAMINEs sent
  std::uint64_t epoch_ = 0;              // EXAMINEs completed
  bool metadata_first_ = false;
  std::map<SequenceNumber, store::MessageHead> metadata_;
  store::MessageHead head_;
  store::ReadDone done_;
  std::optional<std::string> held_body_;  // of the message at hand, which came as a string
  bool held_given_ = false;
  bool in_body_ = false;         // a FETCH with a streamed body is being answered
  bool delivering_ = false;      // it is wanted: head_ is its head
  bool wanted_section_ = false;  // the literal being streamed is the message
};

}  // namespace mailferry::stores::imap
