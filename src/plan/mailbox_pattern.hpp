// Mailbox names and patterns as people write them: '/' between levels whatever the server uses, "\/" for a slash inside
// a name, '*' for anything, '%' for anything within one level, '?' for one character within a level. A special use
// ("\Trash") stands for the mailbox that has it. A backslash takes its meaning from / \ * % ? and =.
#pragma once

#include "base/result.hpp"
#include "mail/mailbox_path.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::plan {

class MailboxPattern {
 public:
  /// Errors are of kind usage: an empty pattern, or a backslash before anything else.
  [[nodiscard]] static Result<MailboxPattern> parse(std::string_view text);

  /// The whole name must match: "Work" is not "Work/2024"; "Work/*" is all below it. Case counts, except in INBOX.
  [[nodiscard]] bool matches(const MailboxPath& path, SpecialUse use) const { return capture(path, use).has_value(); }
  /// What each wildcard stood for, in order (levels inside are separated as fill() expects); nothing without a match.
  [[nodiscard]] std::optional<std::vector<std::string>> capture(const MailboxPath& path, SpecialUse use) const;
  /// The pattern as a template: its n-th wildcard is replaced by the n-th of `captures`.
  [[nodiscard]] MailboxPath fill(std::span<const std::string> captures) const;

  [[nodiscard]] std::size_t wildcards() const noexcept;
  [[nodiscard]] bool is_special_use() const noexcept { return use_ != SpecialUse::none; }
  /// As it was given.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  enum class Kind : std::uint8_t { octet, separator, anything, within_level, one_character };
  struct Token {
    Kind kind;
    char octet;
  };
  class Matcher;
  std::string text_;
  std::vector<Token> tokens_;
  SpecialUse use_ = SpecialUse::none;
};

/// One `--map FROM=TO`: mailboxes that match `from` go to `to`. Where `to` has wildcards, they take what those of
/// `from` stood for ("Work/*=Old/*"); where it has none, all that match go into that one mailbox.
struct MapRule {
  MailboxPattern from;
  MailboxPattern to;

  /// Splits at the first '=' without a backslash before it. Errors are of kind usage.
  [[nodiscard]] static Result<MapRule> parse(std::string_view text);
};

/// Which mailboxes are copied and where to.
struct MappingRules {
  /// `--mailbox`; empty: all.
  std::vector<MailboxPattern> include;
  /// `--exclude`; stronger than include.
  std::vector<MailboxPattern> exclude;
  /// `--map`; the first that matches counts.
  std::vector<MapRule> map;

  [[nodiscard]] static Result<MappingRules> parse(std::span<const std::string> include,
                                                  std::span<const std::string> exclude,
                                                  std::span<const std::string> map);
};

/// The name of a mailbox so that MailboxPattern::parse() reads it back as exactly this mailbox.
[[nodiscard]] std::string to_pattern_text(const MailboxPath& path);

}  // namespace mailferry::plan
