// What a destination that is short of room still takes of one mailbox: the smallest messages first.
#pragma once

#include "base/result.hpp"
#include "mail/uid_set.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace mailferry::sync {

/// The messages of one mailbox after the destination refused some of them because of a quota. Each goes alone then,
/// from the smallest to the largest, so that a full account costs a few tries and not one for each message.
class Room {
 public:
  using Sizes = std::vector<std::pair<std::uint64_t, Uid>>;  // octets of a message

  /// Something was refused for lack of room.
  [[nodiscard]] bool tight() const noexcept { return error_.has_value(); }
  /// The sizes of what is left are known.
  [[nodiscard]] bool measured() const noexcept { return measured_; }

  /// Several messages were refused together: any of them may be the one that is too large.
  void refuse_several(const Error& error) { error_ = error; }
  /// This one was refused alone.
  void refuse(std::uint64_t octets, const Error& error);
  void accept() noexcept;

  /// `left`: all that is to be tried; what `sizes` lacks of it comes first.
  void measure(Sizes sizes, const UidSet& left);
  /// Other messages than those that were measured are left.
  void forget_sizes() noexcept { measured_ = false; }

  /// There may be room for a message of this size.
  [[nodiscard]] bool may_take(std::uint64_t octets) const noexcept { return octets < refused_; }
  [[nodiscard]] bool may_take_any(const UidSet& left) const { return next_index(left).has_value(); }
  /// Those of `left` that are to be tried next, the smallest; removed from it. More at a time as long as they are
  /// accepted.
  [[nodiscard]] UidSet take_smallest(UidSet& left);
  /// Why a message of this size was not even tried.
  [[nodiscard]] Error refusal(std::optional<std::uint64_t> octets) const;

 private:
  [[nodiscard]] std::optional<std::size_t> next_index(const UidSet& left) const;

  std::optional<Error> error_;
  std::uint64_t refused_ = std::numeric_limits<std::uint64_t>::max();  // the least octets that did not fit
  Sizes sizes_;                                                        // ascending
  std::size_t taken_ = 0;                                              // of sizes_, though some may have come back
  bool measured_ = false;
  std::size_t at_a_time_ = 1;
};

}  // namespace mailferry::sync
