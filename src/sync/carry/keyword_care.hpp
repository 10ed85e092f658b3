// A message is worth more than its keywords: which ones it keeps where a destination refuses it with all of them.
#pragma once

#include "mail/flags.hpp"

#include <optional>

namespace mailferry::sync {

/// What of its keywords a message is sent with.
enum class KeywordsKept { all, short_ones, none };

/// Longer ones are the first to go: so many octets are what Dovecot takes unless it is told otherwise.
inline constexpr std::size_t kShortKeyword = 50;

/// The flags with those of their keywords that are kept.
[[nodiscard]] Flags keep_keywords(Flags flags, KeywordsKept kept);

/// What to try next where a message was refused with these flags; nothing: it had no keywords.
[[nodiscard]] std::optional<KeywordsKept> fewer_keywords(const Flags& refused);

/// Whether there are keywords, and all are longer than that.
[[nodiscard]] bool are_long_keywords(const Flags& flags);

}  // namespace mailferry::sync
