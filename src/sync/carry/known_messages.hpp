// Which messages are known to be in one destination mailbox: what was delivered lately, and what look-ups found.
#pragma once

#include "mail/message_identity.hpp"
#include "mail/uid.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace mailferry::sync {

using SteadyTime = std::chrono::steady_clock::time_point;

struct KnownMessage {
  Uid uid = 0;               // 0: the server did not tell
  std::uint64_t octets = 0;  // as the destination tells them; 0: unknown
  std::int64_t seconds = 0;  // of its INTERNALDATE, where a look-up found it; 0: unknown
  std::optional<Digest> body{};
  bool weak = true;
  bool doubted = false;  // a look-up after an interruption found it: it may have been sent by whoever was interrupted
};

/// A message that was looked up, and may be another one only in what a server makes of its broken header.
struct Lookalike {
  Digest identity{};
  KnownMessage message{};
};

class KnownMessages {
 public:
  explicit KnownMessages(std::chrono::steady_clock::duration memory) : memory_(memory) {}

  /// Remembers for a time; the oldest are forgotten also when there are too many.
  void add(const Digest& identity, const KnownMessage& message, SteadyTime now);
  /// What it contains became known.
  void note_body(const Digest& identity, Uid uid, const Digest& body);
  /// The messages with this identity; empty: none known.
  [[nodiscard]] std::vector<KnownMessage> find(const Digest& identity) const;

  /// Messages with other identities that came at this second and have as many octets, or nearly.
  [[nodiscard]] std::vector<Lookalike> find_lookalikes(const Digest& identity, std::int64_t seconds,
                                                       std::uint64_t octets) const;
  /// A message of a source is this one: it is no lookalike of others.
  void note_taken(const Digest& identity, const KnownMessage& message);

  /// The mailbox is another one now. Who is at delivering stays at it.
  void forget_all() {
    messages_.clear();
    dated_.clear();
    order_.clear();
  }

  /// One deliverer at a time: absent where this one may, otherwise since when another one is at it.
  [[nodiscard]] std::optional<SteadyTime> claim(const Digest& identity, SteadyTime now) {
    const auto [claim, is_new] = claimed_.try_emplace(identity, now);
    return is_new ? std::nullopt : std::optional(claim->second);
  }
  void release(const Digest& identity) { claimed_.erase(identity); }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
  struct Dated {
    Digest identity{};
    Uid uid = 0;
  };

  void forget_oldest();

  std::chrono::steady_clock::duration memory_;
  std::unordered_multimap<Digest, KnownMessage, DigestHash> messages_;
  std::unordered_multimap<std::int64_t, Dated> dated_;  // by second; some may be forgotten already
  std::deque<std::pair<SteadyTime, Digest>> order_;
  std::unordered_map<Digest, SteadyTime, DigestHash> claimed_;
};

}  // namespace mailferry::sync
