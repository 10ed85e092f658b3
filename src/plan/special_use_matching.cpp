#include "plan/special_use_matching.hpp"

#include "base/ascii.hpp"
#include "plan/mailbox_mapping.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mailferry::plan {
namespace {

constexpr std::array kMatchedUses = {SpecialUse::all,     SpecialUse::archive,   SpecialUse::drafts,
                                     SpecialUse::flagged, SpecialUse::important, SpecialUse::junk,
                                     SpecialUse::sent,    SpecialUse::trash};

struct WellKnownName {
  std::string_view name;
  SpecialUse use;
};

/// What mail programs call their mailboxes on servers without SPECIAL-USE.
constexpr std::array<WellKnownName, 15> kWellKnownNames = {{{"Archive", SpecialUse::archive},
                                                            {"Archives", SpecialUse::archive},
                                                            {"Drafts", SpecialUse::drafts},
                                                            {"Draft", SpecialUse::drafts},
                                                            {"Junk", SpecialUse::junk},
                                                            {"Junk E-mail", SpecialUse::junk},
                                                            {"Junk Email", SpecialUse::junk},
                                                            {"Spam", SpecialUse::junk},
                                                            {"Sent", SpecialUse::sent},
                                                            {"Sent Items", SpecialUse::sent},
                                                            {"Sent Mail", SpecialUse::sent},
                                                            {"Sent Messages", SpecialUse::sent},
                                                            {"Trash", SpecialUse::trash},
                                                            {"Deleted Items", SpecialUse::trash},
                                                            {"Deleted Messages", SpecialUse::trash}}};

SpecialUse use_by_name(const MailboxPath& path) {
  if (path.components().size() != 1) return SpecialUse::none;
  for (const WellKnownName& known : kWellKnownNames) {
    if (equal_ascii_nocase(known.name, path.leaf())) return known.use;
  }
  return SpecialUse::none;
}

using Choice = std::optional<std::size_t>;

class Matching {
 public:
  Matching(std::span<const KnownMailbox> source, std::span<const KnownMailbox> destination, const SourceNames& names)
      : source_(source), destination_(destination), names_(names) {}

  [[nodiscard]] std::optional<SpecialUsePair> find(SpecialUse use) const {
    if (auto pair = pair_of(use, by_attribute(source_, use), by_attribute(destination_, use))) return pair;
    std::optional<SpecialUsePair> guess;
    if (!has_attribute(source_, use)) guess = pair_of(use, by_name(source_, use), by_attribute(destination_, use));
    if (!has_attribute(destination_, use)) guess = pair_of(use, by_attribute(source_, use), by_name(destination_, use));
    if (!guess || !is_safe(*guess)) return std::nullopt;
    guess->by_attributes = false;
    return guess;
  }

 private:
  using Candidates = std::vector<std::size_t>;

  static bool has_attribute(std::span<const KnownMailbox> side, SpecialUse use) {
    return std::any_of(side.begin(), side.end(), [use](const KnownMailbox& mailbox) { return mailbox.use == use; });
  }

  static Candidates by_attribute(std::span<const KnownMailbox> side, SpecialUse use) {
    Candidates found;
    for (std::size_t i = 0; i < side.size(); ++i) {
      if (side[i].selectable && side[i].use == use) found.push_back(i);
    }
    return found;
  }

  static Candidates by_name(std::span<const KnownMailbox> side, SpecialUse use) {
    Candidates found;
    for (std::size_t i = 0; i < side.size(); ++i) {
      const bool unmarked = side[i].use == SpecialUse::none && !side[i].foreign;
      if (side[i].selectable && unmarked && use_by_name(side[i].path) == use) found.push_back(i);
    }
    return found;
  }

  /// Two of the same name if there are, else the first of each side.
  [[nodiscard]] std::optional<SpecialUsePair> pair_of(SpecialUse use, Candidates sources,
                                                      const Candidates& destinations) const {
    std::erase_if(sources, [this](std::size_t i) { return !names_.free[i]; });
    if (sources.empty() || destinations.empty()) return std::nullopt;
    for (const std::size_t from : sources) {
      for (const std::size_t to : destinations) {
        if (names_.translated[from] == destination_[to].path) return SpecialUsePair{from, to, use, true};
      }
    }
    return SpecialUsePair{sources.front(), destinations.front(), use, true};
  }

  /// A guess must not take a mailbox away from its namesake, on either side.
  [[nodiscard]] bool is_safe(const SpecialUsePair& guess) const {
    const MailboxPath& own_name = names_.translated[guess.source];
    const MailboxPath& target = destination_[guess.destination].path;
    const bool has_namesake = std::any_of(destination_.begin(), destination_.end(),
                                          [&](const KnownMailbox& mailbox) { return mailbox.path == own_name; });
    const bool is_namesake =
        std::find(names_.translated.begin(), names_.translated.end(), target) != names_.translated.end();
    return !has_namesake && !is_namesake;
  }

  std::span<const KnownMailbox> source_;
  std::span<const KnownMailbox> destination_;
  const SourceNames& names_;
};

}  // namespace

std::vector<SpecialUsePair> match_special_uses(std::span<const KnownMailbox> source,
                                               std::span<const KnownMailbox> destination, const SourceNames& names) {
  const Matching matching(source, destination, names);
  std::vector<SpecialUsePair> pairs;
  for (const SpecialUse use : kMatchedUses) {
    if (const auto pair = matching.find(use)) pairs.push_back(*pair);
  }
  return pairs;
}

}  // namespace mailferry::plan
