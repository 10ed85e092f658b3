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
  std::optional<Digest> body{};
  bool weak = true;
  bool doubted = false;  // a look-up after an interruption found it: it may have been sent by whoever was interrupted
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

  /// The mailbox is another one now. Who is at delivering stays at it.
  void forget_all() {
    messages_.clear();
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
  void forget_oldest();

  std::chrono::steady_clock::duration memory_;
  std::unordered_multimap<Digest, KnownMessage, DigestHash> messages_;
  std::deque<std::pair<SteadyTime, Digest>> order_;
  std::unordered_map<Digest, SteadyTime, DigestHash> claimed_;
};

}  // namespace mailferry::sync
