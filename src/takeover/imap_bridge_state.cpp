// state.db: folder_offsets(account_folder, last_uid), sync_state(msgid), sync_failures(key, msgid, failures,
// last_error, skipped_at). Places are written "user:folder", so only the configuration tells where the user ends.
#include "config/user_text.hpp"
#include "db/foreign_copy.hpp"
#include "takeover/moments.hpp"
#include "takeover/old_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>

namespace mailferry::takeover {
namespace {

constexpr std::string_view kNoMessageId = "__noid__";

/// How a path may have been spelled for the tool: as the server does.
std::vector<std::string> spellings(const std::string& mailbox, config::MailboxNames names) {
  if (names == config::MailboxNames::server) return {mailbox};
  std::string dotted = mailbox;
  std::ranges::replace(dotted, '/', '.');
  return {mailbox, dotted, "INBOX." + dotted, "INBOX/" + mailbox};
}

/// The mailboxes of all sources by the keys that the tool had for them.
class Places {
 public:
  explicit Places(const config::Config& config) {
    for (const auto& source : config.bridge->sources) {
      const auto* account = config.find(source.account);
      if (account == nullptr) continue;
      for (const auto& mapping : source.mappings) {
        add({source.account, mapping.from}, *account, config.bridge->names);
        for (const auto& to : mapping.to)
          for (const auto& spelling : spellings(to, config.bridge->names))
            destinations_.emplace(spelling, to);
      }
    }
  }

  /// The destination as the configuration has it; one that it has no more, as the tool spelled it.
  [[nodiscard]] std::string destination(std::string_view spelling) const {
    const auto found = destinations_.find(spelling);
    return found == destinations_.end() ? std::string(spelling) : found->second;
  }

  /// Where "user:folder" is. Null: no source has it, or more than one account does.
  [[nodiscard]] const Place* find(std::string_view key) const { return find_in(by_key_, key); }
  /// The same for "user_folder", of mail without Message-ID.
  [[nodiscard]] const Place* find_joined(std::string_view key) const { return find_in(by_joined_, key); }
  [[nodiscard]] bool is_ambiguous(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found != by_key_.end() && found->second.size() > 1;
  }

 private:
  using Index = std::map<std::string, std::set<Place>, std::less<>>;

  static const Place* find_in(const Index& index, std::string_view key) {
    const auto found = index.find(key);
    return found == index.end() || found->second.size() != 1 ? nullptr : &*found->second.begin();
  }

  void add(const Place& place, const config::Account& account, config::MailboxNames names) {
    for (const auto& spelling : spellings(place.mailbox, names)) {
      by_key_[fmt::format("{}:{}", account.user, spelling)].insert(place);
      by_joined_[fmt::format("{}_{}", account.user, spelling)].insert(place);
    }
  }

  Index by_key_;
  Index by_joined_;
  std::map<std::string, std::string, std::less<>> destinations_;
};

/// The number behind the last `separator`, which is cut off with it; 0: there is none.
Uid take_uid(std::string_view& key, char separator) {
  const auto at = key.rfind(separator);
  if (at == std::string_view::npos) return 0;
  Uid uid = 0;
  const auto digits = key.substr(at + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), uid);
  if (error != std::errc{} || end != digits.data() + digits.size()) return 0;
  key = key.substr(0, at);
  return uid;
}

class StateReader {
 public:
  StateReader(db::ForeignCopy& copy, const config::Config& config) : copy_(copy), places_(config) {}

  Result<TakenOver> read() {
    TRY(const bool has_offsets, copy_.has_table("folder_offsets"));
    if (!has_offsets) return fail(ErrorKind::state_corrupt, Scope::run, "it has no table folder_offsets");
    CHECK_OK(read_offsets());
    TRY(const bool has_state, copy_.has_table("sync_state"));
    if (has_state) CHECK_OK(read_delivered());
    TRY(const bool has_failures, copy_.has_table("sync_failures"));
    if (has_failures) CHECK_OK(read_failures());
    for (const auto& note : notes_)
      state_.notes.push_back(note);
    return std::move(state_);
  }

 private:
  void note_unknown(std::string_view key) {
    const auto reason = places_.is_ambiguous(key)
                            ? "means several accounts, as the tool did not tell hosts apart; what the destination has "
                              "decides there"
                            : "is mapped by no source any more";
    notes_.insert(fmt::format("'{}' {}", config::shown(key), reason));
  }

  Result<> read_offsets() {
    TRY(auto rows, copy_.connection().prepare("SELECT account_folder, last_uid FROM folder_offsets ORDER BY 1"));
    for (;;) {
      TRY(const bool more, rows.step());
      if (!more) return {};
      const auto last = rows.integer(1);
      if (last < 0 || last > std::numeric_limits<Uid>::max())
        return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("it has {} as a UID", last));
      const auto* place = places_.find(rows.text(0));
      if (place == nullptr)
        note_unknown(rows.text(0));
      else if (last > 0)
        keep({*place, static_cast<Uid>(last)});
    }
  }

  /// Where two spellings of one mailbox have an offset, the lower one is sure.
  void keep(const TakenOver::Offset& offset) {
    const auto same = std::ranges::find(state_.offsets, offset.place, &TakenOver::Offset::place);
    if (same == state_.offsets.end())
      state_.offsets.push_back(offset);
    else
      same->last_uid = std::min(same->last_uid, offset.last_uid);
  }

  Result<> read_delivered() {
    TRY(auto rows, copy_.connection().prepare("SELECT msgid FROM sync_state ORDER BY 1"));
    for (;;) {
      TRY(const bool more, rows.step());
      if (!more) return {};
      const auto key = rows.text(0);
      // A Message-ID has no NUL.
      const auto end = key.find('\0');
      if (end == std::string_view::npos || end == 0) continue;
      add_delivered(key.substr(0, end), places_.destination(key.substr(end + 1)));
    }
  }

  void add_delivered(std::string_view message_id, std::string destination) {
    if (!message_id.starts_with(kNoMessageId)) {
      state_.delivered.push_back({std::string(message_id), std::move(destination)});
      return;
    }
    message_id.remove_prefix(kNoMessageId.size());
    const auto uid = take_uid(message_id, '_');
    const auto* place = places_.find_joined(message_id);
    if (uid != 0 && place != nullptr) state_.delivered_uids.push_back({*place, uid, std::move(destination)});
  }

  Result<> read_failures() {
    TRY(auto rows, copy_.connection().prepare(
                       "SELECT key, msgid, failures, last_error, skipped_at FROM sync_failures ORDER BY 1"));
    for (;;) {
      TRY(const bool more, rows.step());
      if (!more) return {};
      auto key = rows.text(0);
      const auto uid = take_uid(key, ':');
      const auto* place = places_.find(key);
      if (uid == 0 || place == nullptr) {
        note_unknown(key);
        continue;
      }
      add_failure(rows, *place, uid);
    }
  }

  void add_failure(const db::Statement& row, const Place& place, Uid uid) {
    const auto id = row.text(1);
    const auto attempts = std::clamp<std::int64_t>(row.integer(2), 0, std::numeric_limits<int>::max());
    state_.failures.push_back({.place = place,
                               .uid = uid,
                               .message_id = id.starts_with(kNoMessageId) ? std::string() : std::string(id),
                               .reason = std::string(row.text(3)),
                               .attempts = static_cast<int>(attempts),
                               .given_up = parse_moment(row.text(4))});
  }

  db::ForeignCopy& copy_;
  Places places_;
  TakenOver state_;
  std::set<std::string> notes_;
};

}  // namespace

Result<TakenOver> read_imap_bridge_state(const std::string& file, const config::Config& config) {
  TRY(auto copy, db::ForeignCopy::make(file));
  auto state = StateReader(copy, config).read();
  if (state) return state;
  auto error = copy.about_original(state.error());
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} is not a whole state of imap-bridge: {}", file, error.message));
}

}  // namespace mailferry::takeover
