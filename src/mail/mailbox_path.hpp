// The name of a mailbox as a list of UTF-8 components, free of any server's separator, prefix or encoding.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry {

class MailboxPath {
 public:
  MailboxPath() = default;
  explicit MailboxPath(std::vector<std::string> components);

  /// Splits a UTF-8 name at `separator` ('\0': a flat name). INBOX in any case becomes "INBOX" when it is the first
  /// component (RFC 9051 §5.1).
  [[nodiscard]] static MailboxPath split(std::string_view name, char separator);

  [[nodiscard]] const std::vector<std::string>& components() const noexcept { return components_; }
  [[nodiscard]] bool empty() const noexcept { return components_.empty(); }
  [[nodiscard]] bool is_inbox() const noexcept { return components_.size() == 1 && components_.front() == "INBOX"; }
  [[nodiscard]] MailboxPath parent() const;
  [[nodiscard]] const std::string& leaf() const { return components_.back(); }

  /// Joined with `separator` and nothing else done; for people: joined with '/'.
  [[nodiscard]] std::string join(char separator) const;
  [[nodiscard]] std::string to_string() const { return join('/'); }
  /// The same for all names that differ only in the case of ASCII letters.
  [[nodiscard]] MailboxPath caseless() const;

  auto operator<=>(const MailboxPath&) const = default;

 private:
  std::vector<std::string> components_;
};

/// RFC 6154 and RFC 8457 uses; inbox is ours.
enum class SpecialUse { none, inbox, all, archive, drafts, flagged, important, junk, sent, trash };

/// "\Sent" in any case → SpecialUse::sent; none for anything unknown. And back ("" for none and inbox).
[[nodiscard]] SpecialUse parse_special_use(std::string_view attribute) noexcept;
[[nodiscard]] std::string_view to_attribute(SpecialUse use) noexcept;

}  // namespace mailferry
