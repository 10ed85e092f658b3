// The contract between the engine and any place where mail lives. Calls are per batch, never per message, so that a
// store can pipeline. All errors carry their scope; after an Error of scope account a Session is closed and useless.
#pragma once

#include "async/task.hpp"
#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/message_identity.hpp"
#include "mail/uid.hpp"
#include "mail/uid_set.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mailferry::store {

/// What is known of a mailbox without opening it. Zero: unknown.
struct MailboxStatus {
  UidValidity uid_validity = 0;
  Uid uid_next = 0;
  std::uint32_t messages = 0;
  ModSeq highest_modseq = 0;
  std::optional<std::uint64_t> octets;
};

struct MailboxInfo {
  MailboxPath path;  // without the namespace prefix of the personal namespace
  bool selectable = true;
  bool subscribed = false;
  SpecialUse use = SpecialUse::none;
  std::optional<MailboxStatus> status;  // absent: not selectable, or the server refused to tell
  bool foreign = false;                 // of another user, or shared by several
};

/// What an account has.
struct MailboxList {
  std::vector<MailboxInfo> mailboxes;
  /// Told in a form that cannot be read: there are so many more.
  std::uint64_t unreadable = 0;
  /// Whether a mailbox that is made under this name would be another user's, or shared. Empty: none would.
  std::function<bool(const MailboxPath&)> is_of_others{};
};

/// How a store behaves; asked for, never guessed from its name.
struct Traits {
  std::string name;      // "alice@mail.example.org"
  std::string identity;  // "alice@mail.example.org:993", the key of the account in the state
  char separator = '/';
  bool uid_plus = false;  // appends tell the new UID
  bool multi_append = false;
  bool change_tokens = false;       // CONDSTORE: highest_modseq is reliable
  bool gmail_labels = false;        // X-GM-EXT-1: Labeller gives what Gmail calls labels
  bool near_and_encrypted = false;  // encryption takes the time, and not waiting
  std::optional<std::uint64_t> append_limit;
};

/// One message as a scan sees it.
struct MessageMeta {
  Uid uid = 0;
  Flags flags;
  std::uint64_t octets = 0;
  InternalDate date;
  MessageIdentity identity;
  std::string message_id{};  // "<…>" as the header has it; empty: none, or not asked for
  /// The other fields that a message can be searched for by; with message_id.
  std::string sent{};     // Date
  std::string subject{};  // not decoded
  bool is_dated = false;  // the store told a date
};

/// What a scan shall fill in besides the UID.
struct ScanDetail {
  bool flags = false;
  bool octets = false;
  bool date = false;
  bool identity = false;
  bool message_id = false;  // and what else can be searched for; only with identity
};

struct ScanRequest {
  MailboxPath mailbox;
  UidValidity uid_validity = 0;  // 0: any; otherwise a change is Error{protocol, mailbox}
  std::optional<UidSet> uids;    // absent: all from `from` on
  Uid from = 1;
  ModSeq changed_since = 0;  // with Traits::change_tokens: only what changed after this
  ScanDetail detail;
};

/// The state of a mailbox at the moment it was opened by a scan.
struct ScanResult {
  MailboxStatus status;
  UidSet uids;  // of the messages seen by this scan
  /// Messages that the mailbox counts and did not list, in a scan of the whole of it; otherwise 0.
  std::uint32_t unlisted = 0;
};

/// Receives a scan in batches; called on the network thread.
class MetaSink {
 public:
  virtual ~MetaSink() = default;
  virtual void message(MessageMeta&& meta) = 0;
};

struct CreateRequest {
  MailboxPath mailbox;
  SpecialUse use = SpecialUse::none;
  bool create = true;
  bool subscribe = false;
};
/// State of the mailbox for appending: after the create.
struct Prepared {
  MailboxStatus status;
  PermanentFlags permanent_flags;
  std::optional<Error> not_subscribed{};  // as was asked for; the mailbox can be used all the same
};

struct FlagUpdate {
  UidSet uids;
  Flags add;
  Flags remove;
};

/// What a reader was asked for; requests are sent ahead of the answers.
struct ReadRequest {
  std::uint64_t ticket = 0;
  MailboxPath mailbox;
  UidValidity uid_validity = 0;
  UidSet uids;
};

struct MessageHead {
  std::uint64_t ticket = 0;
  Uid uid = 0;
  Flags flags;
  std::optional<InternalDate> date;  // absent: the source does not tell
  std::uint64_t octets = 0;
};

/// The end of a request. `missing` were asked for and never came; with an error result, so are those not yet delivered.
struct ReadDone {
  std::uint64_t ticket = 0;
  Result<> result{};
  UidSet missing{};
  /// In the whole mailbox when it was opened for this request; absent: it was open already.
  std::optional<std::uint32_t> messages{};
};

/// What Reader::poll() found.
struct ReadStep {
  enum class Kind {
    nothing,  // has come yet: Reader::wait()
    message,  // begins: Reader::head()
    octets,   // of its body
    end,      // of it: every announced octet came, and the source confirmed that this is all
    done,     // a request ended: Reader::take_done()
  };
  Kind kind = Kind::nothing;
  std::span<const char> octets{};  // valid until the next call
};

/// Messages of many mailboxes as one stream over one session. What is there already is taken with poll(), so that a
/// small message costs no suspension; only wait() waits.
class Reader {
 public:
  virtual ~Reader() = default;
  /// Queues a request. Kept until sent; sending happens inside poll() and wait().
  virtual void request(ReadRequest request) = 0;
  /// The next step, if it has come. A message whose steps are ignored is skipped.
  virtual Result<ReadStep> poll() = 0;
  /// Sends what is queued, without waiting for answers.
  virtual Task<> send() = 0;
  /// The same, and waits until there is more to poll. With no request outstanding it waits in vain.
  virtual Task<> wait() = 0;
  /// The message of the last step `message`; the caller may move out of it.
  [[nodiscard]] virtual MessageHead& head() noexcept = 0;
  /// Once after each step `done`; UIDs that never came are gone from the source.
  virtual ReadDone take_done() = 0;
  virtual void close() noexcept = 0;
};

/// What became of messages that were appended together. When several are refused it is not known which of them is to
/// blame, nor for certain that none was stored.
struct AppendOutcome {
  std::vector<std::uint64_t> tokens{};
  UidValidity uid_validity = 0;
  UidSet uids{};  // one a token, in their order; empty when the server does not tell
  Result<> result{};
  bool is_of_size = false;   // it was refused because it is too large, whatever else it has
  bool is_of_limit = false;  // it was refused for a limit that may be the message's, or that of the account
};

/// Appends in order over one session with a window in flight. The try_ forms do the same where that needs no waiting;
/// where they return false nothing was done, and the form without try_ is to be called.
class Appender {
 public:
  virtual ~Appender() = default;
  /// Begins a message; waits while the window is full. Messages for the same mailbox may share a MULTIAPPEND.
  /// `alone`: this message must be its own APPEND.
  virtual Task<> begin(const MailboxPath& mailbox, const MessageHead& head, std::uint64_t token, bool alone) = 0;
  virtual bool try_begin(const MailboxPath& mailbox, const MessageHead& head, std::uint64_t token, bool alone) = 0;
  virtual Task<> write(std::span<const char> octets) = 0;
  virtual bool try_write(std::span<const char> octets) = 0;
  /// The message is whole. Errors: it had another number of octets than its head announced.
  virtual Result<> end() = 0;
  /// For when there is nothing else to do: sends what is queued if that is worth it, and takes in the outcomes that
  /// have come. What is held back goes with the octets that follow, or with drain().
  virtual Task<> flush() = 0;
  /// Completes everything, sends it and waits for all outcomes. In the middle of a message its command stays open, and
  /// only those before it are waited for.
  virtual Task<> drain() = 0;
  /// The outcomes since the last call, in the order of the messages. After an Error from any call above, the messages
  /// without an outcome are in doubt.
  virtual std::vector<AppendOutcome> take_outcomes() = 0;
  virtual void close() noexcept = 0;
};

/// A mailbox as its owner last saw it.
struct Watched {
  MailboxPath mailbox;
  UidValidity uid_validity = 0;
  Uid uid_next = 0;
  bool flags = false;  // changes of flags are news as well
};

/// Waits for what happens in a mailbox. What it tells are hints: a scan decides (DESIGN §2.6).
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Waits until something may have happened in the mailbox since it was as in `watched`, until `until`, or until
  /// interrupt(). True: something may have happened. Afterwards the session can be used again.
  virtual Task<bool> watch(const Watched& watched, std::chrono::steady_clock::time_point until) = 0;
  /// Ends the watch() that is going on, or the next one, soon. From the network thread.
  virtual void interrupt() noexcept = 0;
};

/// Waits for what happens in several mailboxes over one session.
class ManyWatcher {
 public:
  virtual ~ManyWatcher() = default;
  /// As Watcher::watch(), and ended by its interrupt(): the indices of those where something may have happened, in no
  /// order. A mailbox that the store cannot tell of stays silent. Error of scope mailbox: the store does not watch
  /// several at all, and the session should watch nothing any more.
  virtual Task<std::vector<std::size_t>> watch_many(const std::vector<Watched>& watched,
                                                    std::chrono::steady_clock::time_point until) = 0;
};

/// Finds messages on the server.
class Searcher {
 public:
  virtual ~Searcher() = default;
  /// The UIDs of the messages that have one of these Message-IDs ("<…>"), or look as if; all asked in one turn.
  Task<UidSet> find_message_ids(const MailboxPath& mailbox, const std::vector<std::string>& message_ids) {
    return find_in_header(mailbox, "Message-ID", message_ids);
  }
  /// The same of any header field that contains one of these texts.
  virtual Task<UidSet> find_in_header(const MailboxPath& mailbox, std::string field,
                                      const std::vector<std::string>& texts) = 0;
};

/// Removes messages for good.
class Pruner {
 public:
  virtual ~Pruner() = default;
  /// Removes these and no others (UID EXPUNGE). A UIDVALIDITY that changed is Error{protocol, mailbox}.
  virtual Task<> expunge(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids) = 0;
};

/// What Gmail calls labels.
class Labeller {
 public:
  virtual ~Labeller() = default;
  /// Adds them to what these messages have.
  virtual Task<> add_labels(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids,
                            const std::vector<std::string>& labels) = 0;
};

/// One connection's worth of access to an account. One call at a time, except where said.
class Session {
 public:
  virtual ~Session() = default;
  [[nodiscard]] virtual const Traits& traits() const noexcept = 0;
  /// All mailboxes with their status in as few turns as the server allows.
  virtual Task<MailboxList> list(bool with_octets) = 0;
  /// How the server spells the names of mailboxes, for who does not list them: it holds for all sessions of the store.
  virtual Task<> learn_names() = 0;
  /// Creates, subscribes and opens in one turn; one result a request, in order.
  virtual Task<std::vector<Result<Prepared>>> prepare(const std::vector<CreateRequest>& requests) = 0;
  /// Scans mailboxes in one pipelined turn; one result a request, in order. `sinks[i]` may be null.
  virtual Task<std::vector<Result<ScanResult>>> scan(const std::vector<ScanRequest>& requests,
                                                     const std::vector<MetaSink*>& sinks) = 0;
  /// Digest of the canonical body (line ends normalised) of each message, in the order of the UIDs; missing ones left
  /// out.
  virtual Task<std::vector<std::pair<Uid, Digest>>> body_digests(const MailboxPath& mailbox, const UidSet& uids) = 0;
  /// Raw values of the Subject fields, for reports.
  virtual Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) = 0;
  virtual Task<> change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                              const std::vector<FlagUpdate>& updates) = 0;
  /// The session becomes a reader or an appender until that is destroyed.
  virtual std::unique_ptr<Reader> reader() = 0;
  virtual std::unique_ptr<Appender> appender(std::size_t window_octets) = 0;
  /// What not every store offers; null: this one does not. They belong to the session.
  [[nodiscard]] virtual Watcher* watcher() noexcept { return nullptr; }
  [[nodiscard]] virtual ManyWatcher* many_watcher() noexcept { return nullptr; }
  [[nodiscard]] virtual Searcher* searcher() noexcept { return nullptr; }
  [[nodiscard]] virtual Pruner* pruner() noexcept { return nullptr; }
  [[nodiscard]] virtual Labeller* labeller() noexcept { return nullptr; }
  /// Says goodbye politely within a short deadline.
  virtual Task<> logout() = 0;
  virtual void close() noexcept = 0;
  /// Commands sent so far, for reports and tests.
  [[nodiscard]] virtual std::uint64_t commands() const noexcept = 0;
};

/// An account.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;      // for people
  [[nodiscard]] virtual const std::string& identity() const noexcept = 0;  // key in the state
  /// A new session, connected and signed in.
  virtual Task<std::unique_ptr<Session>> open_session() = 0;
};

}  // namespace mailferry::store
