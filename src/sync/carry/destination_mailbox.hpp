// One mailbox of the destination, as all sources see it: whether it is there, what it can store, and which messages it
// is known to have.
#pragma once

#include "async/notifier.hpp"
#include "store/store.hpp"
#include "sync/carry/carry_settings.hpp"
#include "sync/carry/known_messages.hpp"

#include <map>
#include <optional>
#include <set>

namespace mailferry::sync {

/// A header field, and what it contains.
struct SearchName {
  std::string field;
  std::string text;
  auto operator<=>(const SearchName&) const = default;
};

class DestinationMailbox {
 public:
  /// So often a message is asked for that cannot be shown, with pauses between.
  static constexpr int kMostUnreadable = 3;

  DestinationMailbox(MailboxPath path, const CarrySettings& settings, asio::io_context& context)
      : path_(std::move(path)), settings_(settings), known_(settings.dedup_memory), settled_(context) {}

  [[nodiscard]] const MailboxPath& path() const noexcept { return path_; }
  [[nodiscard]] KnownMessages& known() noexcept { return known_; }
  [[nodiscard]] const PermanentFlags& permanent_flags() const noexcept { return permanent_flags_; }
  [[nodiscard]] UidValidity uid_validity() const noexcept { return uid_validity_; }
  /// What is appended from now on has this UID or a higher one; 0: unknown.
  [[nodiscard]] Uid next_uid() const noexcept { return next_uid_; }

  /// What has a lower UID was there before this process looked first; 1: nothing is known to have been.
  [[nodiscard]] Uid began_at() const noexcept { return began_at_; }
  /// UIDVALIDITY and UIDNEXT; 0: not known, or not told.
  struct Found {
    UidValidity uid_validity = 0;
    Uid uid_next = 0;
    bool operator==(const Found&) const = default;
  };
  /// How an earlier process left it; the first call counts.
  void expect(const Found& left) noexcept {
    if (left_.uid_validity == 0) left_ = left;
  }
  /// How this one leaves it, where that is news; nothing: it is not.
  [[nodiscard]] std::optional<Found> take_left();
  /// How often it was another one than before, or counted from a lower UID: restored from a copy, or made anew.
  [[nodiscard]] unsigned set_backs() const noexcept { return set_backs_; }
  /// Whether anything was ever brought here, or begun to be, before this process; absent: nobody has asked the state.
  std::optional<bool> used_before{};

  /// Before this process, messages may have been appended from UID `from` on of which nobody knows. `validity`: by
  /// which UIDVALIDITY that counts; 0: by the one that it has.
  void doubt_from(Uid from, UidValidity validity = 0);
  /// A connection broke with appends under way, that began when next_uid() was `from`: they may still arrive.
  void doubt_now(Uid from, UidValidity validity);
  [[nodiscard]] bool in_doubt() const noexcept { return doubt_from_.has_value(); }
  /// The mailbox has to be made, or made sure of, before the next append.
  void forget_prepared() noexcept { prepared_ = false; }

  /// Creates it where it is missing, learns what it can store, and looks up what is in doubt.
  Task<> make_ready(store::Session& session, std::chrono::milliseconds slowest_append, const bool& stopping);
  /// What servers can be asked for: its Message-ID, or where it has none that can be written in a search, its Date,
  /// then its Subject; nothing: they say nothing.
  [[nodiscard]] static std::optional<SearchName> search_name(const store::MessageMeta& meta);
  /// Looks on the destination for messages with these, so that known() has them.
  Task<> look_for(store::Session& session, const std::set<SearchName>& names);
  /// The same for messages that nothing in their headers names, by their dates, octet counts aside: those the mailbox
  /// has from such seconds.
  Task<> look_for_dates(store::Session& session, const std::set<std::int64_t>& seconds);
  /// An append was answered.
  void delivered(const Digest& identity, const KnownMessage& message, UidValidity uid_validity);
  /// A message here could not be shown, or the connection broke over it. True: so often that it will not be.
  bool note_unreadable(Uid uid) { return ++unreadable_[uid] >= kMostUnreadable; }
  [[nodiscard]] bool is_unreadable(Uid uid) const {
    const auto found = unreadable_.find(uid);
    return found != unreadable_.end() && found->second >= kMostUnreadable;
  }
  /// Whether this message here is proof that one of a source was delivered: of one only, copies prove nothing.
  [[nodiscard]] bool take_proof(Uid uid);

 private:
  Task<> prepare(store::Session& session);
  Task<> settle_doubt(store::Session& session, std::chrono::milliseconds slowest_append, const bool& stopping);
  Task<UidSet> scan_from(store::Session& session, Uid from);
  void forget_all();
  void note_found(const store::MailboxStatus& status, const Found& before);
  /// `seen`: what is looked up as it is in doubt; null: nothing is.
  Task<> learn(store::Session& session, store::ScanRequest request, UidSet* seen);
  /// The UIDs that the request is about.
  Task<UidSet> list(store::Session& session, const store::ScanRequest& request);
  Task<> learn_singly(store::Session& session, const store::ScanRequest& request, store::MetaSink& sink, UidSet* seen);
  Task<> learn_each(store::Session& session, const UidSet& uids, store::MetaSink& sink, std::map<Uid, Error>& refused);
  /// Error: some may still be shown.
  Result<> blame(const std::map<Uid, Error>& refused);

  MailboxPath path_;
  const CarrySettings& settings_;
  KnownMessages known_;
  async::Notifier settled_;
  PermanentFlags permanent_flags_;
  UidValidity uid_validity_ = 0;
  Uid next_uid_ = 0;
  Uid began_at_ = 1;
  Found left_;  // as it is on record
  unsigned set_backs_ = 0;
  UidSet proofs_;                  // taken
  std::map<Uid, int> unreadable_;  // how often
  bool prepared_ = false;
  bool busy_ = false;                    // somebody is making it ready
  std::optional<Uid> doubt_from_;        // to be scanned from here
  UidValidity doubt_validity_ = 0;       // by which that counts; 0: by any
  std::optional<SteadyTime> broken_at_;  // appends may still arrive
};

}  // namespace mailferry::sync
