// One side of a mailbox as verify holds it.
#pragma once

#include "plan/message_matching.hpp"
#include "sync/steady_session.hpp"

#include <map>
#include <string>
#include <vector>

namespace mailferry::services {

/// 56 octets a message, and each combination of flags once.
class Side final : public sync::RestartableSink {
 public:
  struct Entry {
    Uid uid;
    std::uint32_t flags : 31;
    std::uint32_t weak : 1;
    std::int64_t seconds;
    Digest digest;
  };

  /// Messages with UIDs in `taken` are somebody else's; it must outlive this.
  explicit Side(const UidSet& taken) : taken_(taken) {}

  void message(store::MessageMeta&& meta) override;
  void restart() override;
  /// After the last message.
  void sort();
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Messages that the mailbox counts and did not list.
  void set_unlisted(std::uint32_t messages) noexcept { unlisted_ = messages; }
  [[nodiscard]] std::uint32_t unlisted() const noexcept { return unlisted_; }
  [[nodiscard]] const Entry& find(Uid uid) const;
  [[nodiscard]] const Flags& flags_of(const Entry& entry) const { return combinations_[entry.flags]; }
  /// For the matching; once.
  [[nodiscard]] plan::IdentityList take_list() { return std::move(list_); }

 private:
  const UidSet& taken_;
  plan::IdentityList list_;
  std::vector<Entry> entries_;
  std::vector<Flags> combinations_;
  std::map<std::string, std::uint32_t> index_;
  std::uint32_t unlisted_ = 0;
};

}  // namespace mailferry::services
