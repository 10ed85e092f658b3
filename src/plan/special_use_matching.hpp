// Finds for each special use the one mailbox on either side that stands for it. Part of mailbox mapping.
#pragma once

#include "mail/mailbox_path.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace mailferry::plan {

struct KnownMailbox;

/// One mailbox of each side that have the same use.
struct SpecialUsePair {
  std::size_t source = 0;
  std::size_t destination = 0;
  SpecialUse use = SpecialUse::none;
  /// Both are marked; otherwise one is known by its name.
  bool by_attributes = true;
};

/// What the matching needs to know of the source, each vector as long as its list of mailboxes.
struct SourceNames {
  /// What each mailbox would be called on the destination by name alone.
  std::vector<MailboxPath> translated;
  /// Whether the mailbox is copied and no rule has placed it.
  std::vector<bool> free;
};

/// At most one pair a use. Of several mailboxes with one use, those of the same name are preferred, then the first.
[[nodiscard]] std::vector<SpecialUsePair> match_special_uses(std::span<const KnownMailbox> source,
                                                             std::span<const KnownMailbox> destination,
                                                             const SourceNames& names);

}  // namespace mailferry::plan
