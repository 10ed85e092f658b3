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
  Task<std::variant<store::MessageHead, store::ReadDone>> next() override;
  Task<std::span<const char>> body() override;
  void close() noexcept override { connection_.close(); }

 private:
  struct Active {
    store::ReadRequest request;
    UidSet left = {};         // not delivered yet
    std::uint64_t epoch = 0;  // which EXAMINE it belongs to
    bool again = false;       // sent a second time, metadata first
    bool incomplete = false;  // a body came before what is needed to append it
  };
  enum class Step { examine, metadata, bodies };
  struct Sent {
    Step step;
    std::string tag;
    std::optional<mailferry::imap::StatusResponse> completion;
  };
  using Next = std::optional<std::variant<store::MessageHead, store::ReadDone>>;

  void send_ahead();
  Result<> send(Active& active);
  void send_fetches(const Active& active);
  /// Which request wants this message. A server may answer the next FETCH before it completes the one before (Dovecot
  /// does), so that all requests for the open mailbox are looked at.
  [[nodiscard]] Active* find_active(Uid uid);
  [[nodiscard]] bool ends_body(const mailferry::imap::Event& event) const;
  Next on_event(mailferry::imap::Event& event);
  Next on_data(mailferry::imap::UntaggedData& data);
  Next on_body(const mailferry::imap::BodyBegin& body);
  void on_status(const mailferry::imap::StatusResponse& status);
  Next finish_next();
  Next finish_examine(const mailferry::imap::StatusResponse& status);
  Next finish_bodies(const mailferry::imap::StatusResponse& status);
  [[nodiscard]] std::optional<store::MessageHead> head_of(const mailferry::imap::FetchData& data, std::uint64_t size);
  store::MessageHead deliver(Active& active, store::MessageHead head);

  client::ImapConnection& connection_;
  const MailboxNames& names_;
  std::deque<Active> queue_;            // not sent
  std::deque<Active> active_;           // sent; the front one is being answered
  std::deque<Sent> sent_;               // commands in flight
  std::deque<store::ReadDone> failed_;  // requests that could not be sent
  std::string& examined_;               // wire name that the last EXAMINE sent has opened
  std::optional<Error> mailbox_error_;  // why the mailbox of the front request cannot be read
  std::optional<Error> request_error_;  // why a part of the front request failed
  UidValidity uid_validity_ = 0;        // as the EXAMINE being answered says
  std::uint64_t sent_epoch_ = 0;        // EXAMINEs sent
  std::uint64_t epoch_ = 0;             // EXAMINEs completed
  bool metadata_first_ = false;
  std::map<SequenceNumber, store::MessageHead> metadata_;
  std::optional<std::string> held_body_;  // a body that came as a string, not yet taken
  std::string held_chunk_;                // and taken
  bool in_body_ = false;                  // a streamed body is being answered
};

}  // namespace mailferry::stores::imap
