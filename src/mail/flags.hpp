// The flags of one message: the system flags as bits, keywords as a sorted list (RFC 9051 §2.3.2).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry {

enum class SystemFlag : std::uint8_t { answered = 1, flagged = 2, deleted = 4, seen = 8, draft = 16 };

/// Cheap to copy: flags are handed on with each message, and most messages have the same.
class Flags {
 public:
  Flags() = default;

  /// Adds one flag by its wire name: "\Seen" in any case sets the bit, "\Recent" and "\*" are ignored (they cannot be
  /// stored), everything else that begins with a backslash is kept as it is, the rest are keywords.
  /// Keywords compare without case (RFC 9051 §2.3.2) and keep their first spelling.
  void add(std::string_view name);
  void remove(std::string_view name);
  void add(SystemFlag flag) noexcept { bits_ |= static_cast<std::uint8_t>(flag); }
  void remove(SystemFlag flag) noexcept { bits_ &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(flag)); }

  [[nodiscard]] bool has(SystemFlag flag) const noexcept { return (bits_ & static_cast<std::uint8_t>(flag)) != 0; }
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] bool empty() const noexcept { return bits_ == 0 && !keywords_; }
  /// Valid as long as this set is not changed.
  [[nodiscard]] const std::vector<std::string>& keywords() const noexcept { return keywords_ ? *keywords_ : kNone; }
  void clear() noexcept {
    bits_ = 0;
    keywords_.reset();
  }

  /// Takes out the system flags that are not in `other`.
  void keep_system(const Flags& other) noexcept { bits_ &= other.bits_; }

  /// What is in this set and not in `other`.
  [[nodiscard]] Flags minus(const Flags& other) const;
  [[nodiscard]] Flags united(const Flags& other) const;

  /// Wire form without parentheses in a fixed order: "\Seen \Answered $Label1". Round-trips through from_string.
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& text) const;
  [[nodiscard]] static Flags from_string(std::string_view text);

  /// Same flags; keywords compared without case.
  bool operator==(const Flags& other) const;

 private:
  using Keywords = std::vector<std::string>;
  static const Keywords kNone;
  void set_keywords(Keywords keywords);

  std::uint8_t bits_ = 0;
  std::shared_ptr<const Keywords> keywords_;  // sorted without case, unique; null: none
};

/// What a mailbox can store (RFC 9051 §7.1 PERMANENTFLAGS).
struct PermanentFlags {
  Flags flags;
  /// "\*": new keywords may be created.
  bool new_keywords = true;
  /// The server sent no PERMANENTFLAGS: everything may be assumed storable (RFC 9051 §6.3.2).
  bool known = false;

  /// The part of `wanted` that the mailbox can keep.
  [[nodiscard]] Flags storable(Flags wanted) const;
};

}  // namespace mailferry
