#include "plan/mailbox_mapping.hpp"

#include "base/utf8.hpp"
#include "plan/special_use_matching.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace mailferry::plan {
namespace {

/// Uses that a client may give to a mailbox; the others are views that servers make (RFC 6154 §5.3, RFC 8457).
constexpr std::array kGivenUses = {SpecialUse::archive, SpecialUse::drafts, SpecialUse::junk, SpecialUse::sent,
                                   SpecialUse::trash};

std::string shown(const MailboxPath& path) {
  return sanitize_for_terminal(to_pattern_text(path));
}

std::vector<MailboxPath> paths_of(std::span<const KnownMailbox> mailboxes) {
  std::vector<MailboxPath> paths;
  paths.reserve(mailboxes.size());
  for (const KnownMailbox& mailbox : mailboxes)
    paths.push_back(mailbox.path);
  return paths;
}

const MailboxPattern* first_match(std::span<const MailboxPattern> patterns, const KnownMailbox& mailbox) {
  const auto found = std::find_if(patterns.begin(), patterns.end(), [&](const MailboxPattern& pattern) {
    return pattern.matches(mailbox.path, mailbox.use);
  });
  return found == patterns.end() ? nullptr : &*found;
}

std::optional<SkippedMailbox> skip(const KnownMailbox& mailbox, const MappingRules& rules) {
  const auto because = [&](SkipReason reason, std::string explanation) {
    return SkippedMailbox{mailbox.path, reason, std::move(explanation), mailbox.messages};
  };
  if (const MailboxPattern* pattern = first_match(rules.exclude, mailbox)) {
    return because(SkipReason::excluded, fmt::format("--exclude {}", sanitize_for_terminal(pattern->text())));
  }
  if (!rules.include.empty() && first_match(rules.include, mailbox) == nullptr) {
    return because(SkipReason::not_included, "no --mailbox matches it");
  }
  if (!mailbox.selectable) return because(SkipReason::not_selectable, "it is only a level and cannot hold messages");
  if (mailbox.foreign && rules.include.empty())
    return because(SkipReason::belongs_to_others, "it belongs to others; --mailbox includes it");
  return std::nullopt;
}

/// "--mailbox X" for each of these patterns that matches nothing.
template <class Rules, class PatternOf>
void add_unmatched(std::string_view option, const Rules& rules, PatternOf pattern_of,
                   std::span<const KnownMailbox> mailboxes, std::vector<std::string>& unmatched) {
  for (const auto& rule : rules) {
    const MailboxPattern& pattern = pattern_of(rule);
    const auto matches = [&](const KnownMailbox& mailbox) { return pattern.matches(mailbox.path, mailbox.use); };
    if (std::ranges::none_of(mailboxes, matches))
      unmatched.push_back(fmt::format("{} {}", option, sanitize_for_terminal(pattern.text())));
  }
}

/// A route while it is not known yet what else goes to its destination.
struct Draft {
  Route route;
  std::size_t source = 0;
  /// A --map without wildcards in its target: joining mailboxes there is what the user asked for.
  bool may_join = false;
  bool is_home = false;
};

/// A home, and why mail is there.
struct Residence {
  MailboxPath destination;
  RouteReason reason = RouteReason::earlier_run;
  std::string explanation;
};
using Residences = std::map<MailboxPath, Residence>;  // by source

class Mapper {
 public:
  Mapper(std::span<const KnownMailbox> source, std::span<const KnownMailbox> destination, const NamingLimits& limits,
         const MappingRules& rules, const Residences& residences)
      : source_(source),
        destination_(destination),
        rules_(rules),
        names_(paths_of(source), limits),
        is_of_others_(limits.is_of_others),
        residences_(residences) {
    for (const KnownMailbox& mailbox : destination_) {
      by_path_.emplace(mailbox.path, &mailbox);
      if (limits.caseless) spellings_.emplace(mailbox.path.caseless(), mailbox.path);
    }
    for (const auto& [path, residence] : residences_)
      inhabited_.insert(residence.destination);
  }

  Result<MailboxMapping> run() {
    SourceNames free_names;
    for (std::size_t i = 0; i < source_.size(); ++i) {
      free_names.translated.push_back(as_listed(names_.translate(source_[i].path)));
      free_names.free.push_back(place_by_rule(i));
    }
    place_by_use(free_names);
    place_by_name(free_names);
    CHECK_OK(refuse_collisions());
    CHECK_OK(find_unmatched());
    return finish();
  }

 private:
  /// True when the mailbox is to be copied and no rule says where to.
  bool place_by_rule(std::size_t index) {
    const KnownMailbox& mailbox = source_[index];
    if (auto skipped = skip(mailbox, rules_)) {
      mapping_.skipped.push_back(*std::move(skipped));
      return false;
    }
    for (const MapRule& rule : rules_.map) {
      const auto captures = rule.from.capture(mailbox.path, mailbox.use);
      if (!captures) continue;
      place(index, as_listed(names_.adapt(rule.to.fill(*captures))), RouteReason::mapped,
            fmt::format("--map {}={}", rule.from.text(), rule.to.text()))
          .may_join = rule.to.wildcards() == 0;
      return false;
    }
    if (const auto residence = residences_.find(mailbox.path); residence != residences_.end()) {
      const auto& [destination, reason, explanation] = residence->second;
      place(index, destination, reason, explanation).is_home = true;
      return false;
    }
    if (!mailbox.path.is_inbox()) return true;
    place(index, mailbox.path, RouteReason::inbox, "both are INBOX");
    return false;
  }

  void place_by_use(SourceNames& free_names) {
    for (const SpecialUsePair& pair : match_special_uses(source_, destination_, free_names)) {
      if (inhabited_.contains(destination_[pair.destination].path)) continue;
      place(pair.source, destination_[pair.destination].path, RouteReason::special_use,
            pair.by_attributes ? fmt::format("both are marked {}", to_attribute(pair.use))
                               : fmt::format("one is marked {}, the other is called so", to_attribute(pair.use)));
      free_names.free[pair.source] = false;
    }
  }

  void place_by_name(const SourceNames& free_names) {
    for (std::size_t i = 0; i < source_.size(); ++i) {
      if (!free_names.free[i]) continue;
      const MailboxPath& name = free_names.translated[i];
      if (inhabited_.contains(name)) {
        place(i, name_beside(name, free_names), RouteReason::altered_name,
              fmt::format("{} has the mail that earlier runs brought of another mailbox", to_pattern_text(name)));
      } else if (name == source_[i].path) {
        place(i, name, RouteReason::same_name, "the same name");
      } else if (!spellings_.empty() && name.caseless() == source_[i].path.caseless()) {
        place(i, name, RouteReason::altered_name,
              fmt::format("the destination, which knows no case, calls it {}", to_pattern_text(name)));
      } else {
        place(i, name, RouteReason::altered_name,
              fmt::format("the destination cannot have a mailbox called {}", to_pattern_text(source_[i].path)));
      }
    }
  }

  /// As a destination without case spells it, or the deepest level of it that there is.
  [[nodiscard]] MailboxPath as_listed(MailboxPath name) const {
    if (spellings_.empty() || name.empty() || by_path_.contains(name)) return name;
    if (const auto listed = spellings_.find(name.caseless()); listed != spellings_.end()) return listed->second;
    auto components = as_listed(name.parent()).components();
    components.push_back(name.leaf());
    return MailboxPath(std::move(components));
  }

  /// With a number, where neither earlier runs brought anything nor another mailbox goes by its name.
  [[nodiscard]] MailboxPath name_beside(const MailboxPath& name, const SourceNames& names) const {
    for (int number = 2;; ++number) {
      auto components = name.components();
      components.back() += fmt::format("-{}", number);
      auto other = as_listed(names_.adapt(MailboxPath(std::move(components))));
      bool is_name = false;
      for (std::size_t i = 0; i < names.free.size(); ++i)
        is_name = is_name || (names.free[i] && names.translated[i] == other);
      if (!is_name && !inhabited_.contains(other)) return other;
    }
  }

  Draft& place(std::size_t index, MailboxPath destination, RouteReason reason, std::string explanation) {
    const KnownMailbox& mailbox = source_[index];
    const auto known = by_path_.find(destination);
    const bool exists = known != by_path_.end() && known->second->selectable;
    drafts_.push_back({.route = {.source = mailbox.path,
                                 .destination = std::move(destination),
                                 .reason = reason,
                                 .explanation = sanitize_for_terminal(explanation),
                                 .destination_exists = exists,
                                 .messages = mailbox.messages},
                       .source = index,
                       .may_join = false,
                       .is_home = false});
    return drafts_.back();
  }

  Result<> find_unmatched() {
    auto& unmatched = mapping_.unmatched;
    add_unmatched(
        "--mailbox", rules_.include, [](const MailboxPattern& rule) -> auto& { return rule; }, source_, unmatched);
    if (!unmatched.empty() && unmatched.size() == rules_.include.size())
      return fail(ErrorKind::usage, Scope::run, fmt::format("no mailbox of the source matches {}", unmatched.front()),
                  "see `mailferry folders FROM` for the names");
    add_unmatched(
        "--exclude", named_excludes(), [](const MailboxPattern& rule) -> auto& { return rule; }, source_, unmatched);
    add_unmatched(
        "--map", rules_.map, [](const MapRule& rule) -> auto& { return rule.from; }, source_, unmatched);
    return refuse_nothing_left();
  }

  /// A special use that no mailbox has is nothing that somebody misspelt.
  [[nodiscard]] std::vector<MailboxPattern> named_excludes() const {
    auto named = rules_.exclude;
    std::erase_if(named, [](const MailboxPattern& pattern) { return pattern.is_special_use(); });
    return named;
  }

  [[nodiscard]] Result<> refuse_nothing_left() const {
    const bool is_excluded = std::ranges::any_of(
        mapping_.skipped, [](const SkippedMailbox& skipped) { return skipped.reason == SkipReason::excluded; });
    if (!drafts_.empty() || !is_excluded) return {};
    return fail(ErrorKind::usage, Scope::run, "no mailbox is left: --exclude leaves out all that there would be",
                "see `mailferry folders FROM` for the names; exclude in mailferry.toml counts as well");
  }

  [[nodiscard]] Result<> refuse_collisions() const {
    std::map<MailboxPath, const Draft*> owners;
    for (const Draft& draft : drafts_) {
      CHECK_OK(refuse_foreign(draft.route));
      if (draft.route.destination.empty()) {
        return fail(ErrorKind::usage, Scope::run,
                    fmt::format("{} gives {} an empty name", draft.route.explanation, shown(draft.route.source)),
                    "Write a target that is a name for everything that its pattern matches.");
      }
      if (draft.may_join) continue;
      const auto [owner, first] = owners.emplace(draft.route.destination, &draft);
      if (!first && !(draft.is_home && owner->second->is_home)) return collision(owner->second->route, draft.route);
    }
    return {};
  }

  [[nodiscard]] Result<> refuse_foreign(const Route& route) const {
    if (route.reason == RouteReason::mapped || !leads_to_others(route.destination)) return {};
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("{} would go to {} of the destination, which belongs to others", shown(route.source),
                            shown(route.destination)),
                fmt::format("Use --map '{0}=OTHER NAME' to put it elsewhere, --exclude '{0}' to leave it out, or --map "
                            "'{0}={1}' if they may read it.",
                            shown(route.source), shown(route.destination)));
  }

  /// Also where no such mailbox is listed: it would be made in the account of another.
  [[nodiscard]] bool leads_to_others(const MailboxPath& destination) const {
    if (const auto known = by_path_.find(destination); known != by_path_.end()) return known->second->foreign;
    return is_of_others_ && is_of_others_(destination);
  }

  static std::unexpected<Error> collision(const Route& first, const Route& second) {
    // Naming the one that has its place by something else than its own name would undo that.
    const Route& moved = second.reason == RouteReason::special_use ? first : second;
    const std::string target = shown(first.destination);
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("both {} ({}) and {} ({}) would go to {}", shown(first.source), first.explanation,
                            shown(second.source), second.explanation, target),
                fmt::format("Use --map '{}=OTHER NAME' to keep them apart, or --map '{}={}' to put them together.",
                            shown(moved.source), shown(moved.source), target));
  }

  MailboxMapping finish() {
    std::sort(drafts_.begin(), drafts_.end(), [](const Draft& a, const Draft& b) { return a.source < b.source; });
    std::map<MailboxPath, Preparation> needed;
    for (Draft& draft : drafts_) {
      Preparation& preparation = needed.try_emplace(draft.route.destination).first->second;
      prepare(preparation, draft);
      mapping_.routes.push_back(std::move(draft.route));
    }
    // The map is in the order of components, and so has parents before their children.
    for (auto& [path, preparation] : needed) {
      if (preparation.create || preparation.subscribe) mapping_.preparations.push_back(std::move(preparation));
    }
    return std::move(mapping_);
  }

  void prepare(Preparation& preparation, const Draft& draft) const {
    const auto known = by_path_.find(draft.route.destination);
    preparation.mailbox = draft.route.destination;
    preparation.create = !draft.route.destination_exists;
    if (preparation.create && preparation.use == SpecialUse::none) preparation.use = use_to_give(draft);
    const bool subscribed = known != by_path_.end() && known->second->subscribed;
    if (source_[draft.source].subscribed && !subscribed) preparation.subscribe = true;
  }

  /// The use of the source, unless a mailbox of the destination has it already or another one gets it.
  [[nodiscard]] SpecialUse use_to_give(const Draft& draft) const {
    const SpecialUse use = source_[draft.source].use;
    if (std::find(kGivenUses.begin(), kGivenUses.end(), use) == kGivenUses.end()) return SpecialUse::none;
    const bool is_taken = std::any_of(destination_.begin(), destination_.end(),
                                      [use](const KnownMailbox& mailbox) { return mailbox.use == use; });
    const auto first = std::find_if(drafts_.begin(), drafts_.end(),
                                    [&](const Draft& other) { return source_[other.source].use == use; });
    return !is_taken && &*first == &draft ? use : SpecialUse::none;
  }

  std::span<const KnownMailbox> source_;
  std::span<const KnownMailbox> destination_;
  const MappingRules& rules_;
  NameTranslation names_;
  const std::function<bool(const MailboxPath&)> is_of_others_;
  const Residences& residences_;
  std::set<MailboxPath> inhabited_;                     // of the destination
  std::map<MailboxPath, const KnownMailbox*> by_path_;  // of the destination
  std::map<MailboxPath, MailboxPath> spellings_;        // of a destination without case: by caseless name
  std::vector<Draft> drafts_;
  MailboxMapping mapping_;
};

/// Of several homes the one where the mailbox would go anyhow, else the last.
Residences choose_homes(std::span<const Home> homes, std::span<const Route> afresh) {
  Residences chosen;
  for (const Home& home : homes) {
    const auto route = std::ranges::find(afresh, home.source, &Route::source);
    Residence& residence = chosen[home.source];
    if (route != afresh.end() && !residence.destination.empty() && residence.destination == route->destination)
      continue;
    residence = {home.destination, RouteReason::earlier_run, "earlier runs brought its mail there"};
    if (route != afresh.end() && route->destination == home.destination)
      residence = {home.destination, route->reason, route->explanation};
  }
  return chosen;
}

}  // namespace

std::string_view to_string(RouteReason reason) noexcept {
  switch (reason) {
    case RouteReason::mapped:
      return "mapped";
    case RouteReason::inbox:
      return "inbox";
    case RouteReason::special_use:
      return "special_use";
    case RouteReason::same_name:
      return "same_name";
    case RouteReason::altered_name:
      return "altered_name";
    case RouteReason::earlier_run:
      return "earlier_run";
  }
  return "";
}

std::string_view to_string(SkipReason reason) noexcept {
  switch (reason) {
    case SkipReason::excluded:
      return "excluded";
    case SkipReason::not_included:
      return "not_included";
    case SkipReason::not_selectable:
      return "not_selectable";
    case SkipReason::belongs_to_others:
      return "belongs_to_others";
  }
  return "";
}

Result<MailboxMapping> map_mailboxes(std::span<const KnownMailbox> source, std::span<const KnownMailbox> destination,
                                     const NamingLimits& destination_limits, const MappingRules& rules,
                                     std::span<const Home> homes) {
  const auto afresh = Mapper(source, destination, destination_limits, rules, {}).run();
  if (homes.empty()) return afresh;
  const auto residences = choose_homes(homes, afresh ? afresh->routes : std::vector<Route>{});
  return Mapper(source, destination, destination_limits, rules, residences).run();
}

}  // namespace mailferry::plan
