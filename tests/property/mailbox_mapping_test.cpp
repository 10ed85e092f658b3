// However mailboxes are called, each is routed or skipped, and none is joined with another by accident.
#include "plan/mailbox_mapping.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace mailferry::plan {
namespace {

/// Names from few characters, so that alterations meet each other.
rc::Gen<std::set<MailboxPath>> paths() {
  const auto component = rc::gen::container<std::string>(rc::gen::elementOf(std::string("a._-2")));
  const auto components = rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(component));
  // Scaled down: short names meet each other as often, and cost less.
  return rc::gen::scale(0.15,
                        rc::gen::container<std::set<MailboxPath>>(rc::gen::map(
                            components, [](std::vector<std::string> parts) { return MailboxPath(std::move(parts)); })));
}

rc::Gen<NamingLimits> limits() {
  return rc::gen::map(rc::gen::element('.', '/', '\0', '_'),
                      [](char separator) { return NamingLimits{.separator = separator}; });
}

std::vector<KnownMailbox> mailboxes_of(const std::set<MailboxPath>& names) {
  std::vector<KnownMailbox> mailboxes;
  for (const MailboxPath& path : names)
    mailboxes.push_back({.path = path});
  return mailboxes;
}

RC_GTEST_PROP(MappingProperty, WithoutRulesEachMailboxHasADestinationOfItsOwn, ()) {
  const auto source = mailboxes_of(*paths());
  const auto allowed = *limits();
  const auto mapping = map_mailboxes(source, {}, allowed, {});
  RC_ASSERT(mapping.has_value());
  RC_ASSERT(mapping->routes.size() == source.size());
  std::set<std::string> names;
  for (const Route& route : mapping->routes) {
    const std::string name = route.destination.join(allowed.separator);
    RC_ASSERT(names.insert(name).second);
    RC_ASSERT(MailboxPath::split(name, allowed.separator) == route.destination);
  }
}

RC_GTEST_PROP(MappingProperty, ChildrenStayBelowTheirParents, ()) {
  const auto source = mailboxes_of(*paths());
  const NamingLimits allowed{.separator = '.'};
  const auto mapping = map_mailboxes(source, {}, allowed, {});
  RC_ASSERT(mapping.has_value());
  for (const Route& parent : mapping->routes) {
    for (const Route& child : mapping->routes) {
      if (child.source.parent() == parent.source) RC_ASSERT(child.destination.parent() == parent.destination);
    }
  }
}

RC_GTEST_PROP(MappingProperty, TheSecondRunGoesToTheSameMailboxesAndMakesNone, ()) {
  const auto source = mailboxes_of(*paths());
  const NamingLimits allowed{.separator = '.'};
  const auto first = map_mailboxes(source, {}, allowed, {});
  RC_ASSERT(first.has_value());
  std::vector<KnownMailbox> made;
  for (const Preparation& step : first->preparations)
    made.push_back({.path = step.mailbox});
  const auto second = map_mailboxes(source, made, allowed, {});
  RC_ASSERT(second.has_value());
  RC_ASSERT(second->preparations.empty());
  for (std::size_t i = 0; i < source.size(); ++i)
    RC_ASSERT(second->routes[i].destination == first->routes[i].destination);
}

RC_GTEST_PROP(MappingProperty, MailStaysWhereItIsWhateverComesBesideIt, ()) {
  auto names = *paths();
  const auto allowed = *limits();
  const auto first = map_mailboxes(mailboxes_of(names), {}, allowed, {});
  RC_ASSERT(first.has_value());
  std::vector<KnownMailbox> made;
  std::vector<Home> homes;
  for (const Route& route : first->routes) {
    made.push_back({.path = route.destination});
    homes.push_back({.source = route.source, .destination = route.destination});
  }
  names.merge(*paths());
  const auto second = map_mailboxes(mailboxes_of(names), made, allowed, {}, homes);
  RC_ASSERT(second.has_value());
  RC_ASSERT(second->routes.size() == names.size());
  std::set<MailboxPath> destinations;
  for (const Route& route : second->routes)
    RC_ASSERT(destinations.insert(route.destination).second);
  for (const Home& home : homes) {
    const auto route = std::ranges::find(second->routes, home.source, &Route::source);
    RC_ASSERT(route->destination == home.destination);
  }
}

RC_GTEST_PROP(MappingProperty, PatternsReadBackNamesExactly, ()) {
  const auto component =
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("aIN/\\*%?=."))));
  const MailboxPath path(
      *rc::gen::scale(0.2, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(component))));
  const auto pattern = MailboxPattern::parse(to_pattern_text(path));
  RC_ASSERT(pattern.has_value());
  RC_ASSERT(pattern->matches(path, SpecialUse::none));
  RC_ASSERT(pattern->fill({}) == path);
}

RC_GTEST_PROP(MappingProperty, AStarMapsAnyTreeIntoAnother, ()) {
  const auto source = mailboxes_of(*paths());
  MappingRules rules;
  auto rule = MapRule::parse("*=Old/*");
  RC_ASSERT(rule.has_value());
  rules.map.push_back(*std::move(rule));
  const auto mapping = map_mailboxes(source, {}, {.separator = '/'}, rules);
  RC_PRE(mapping.has_value());
  for (const Route& route : mapping->routes)
    RC_ASSERT(route.destination.components().front() == "Old");
}

}  // namespace
}  // namespace mailferry::plan
