#include "plan/mailbox_mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mailferry::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Mailboxes = std::vector<KnownMailbox>;

KnownMailbox box(std::string_view name, SpecialUse use = SpecialUse::none) {
  return {.path = MailboxPath::split(name, '/'), .use = use};
}
KnownMailbox subscribed(KnownMailbox mailbox) {
  mailbox.subscribed = true;
  return mailbox;
}
KnownMailbox level(std::string_view name) {
  KnownMailbox mailbox = box(name);
  mailbox.selectable = false;
  return mailbox;
}

KnownMailbox foreign(KnownMailbox mailbox) {
  mailbox.foreign = true;
  return mailbox;
}

struct Options {
  std::vector<std::string> include{};
  std::vector<std::string> exclude{};
  std::vector<std::string> map{};
  NamingLimits limits{};
  std::vector<Home> homes{};
};

Result<MailboxMapping> try_mapping(const Mailboxes& source, const Mailboxes& destination, const Options& options = {}) {
  auto rules = MappingRules::parse(options.include, options.exclude, options.map);
  EXPECT_TRUE(rules);
  return map_mailboxes(source, destination, options.limits, *rules, options.homes);
}

/// "source→destination reason" for each route.
std::vector<std::string> lines(const MailboxMapping& mapping) {
  std::vector<std::string> text;
  for (const Route& route : mapping.routes) {
    text.push_back(route.source.to_string() + " -> " + route.destination.to_string() + " " +
                   std::string(to_string(route.reason)));
  }
  return text;
}

std::vector<std::string> routes(const Mailboxes& source, const Mailboxes& destination, const Options& options = {}) {
  const auto mapping = try_mapping(source, destination, options);
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().message);
  return mapping ? lines(*mapping) : std::vector<std::string>{};
}

std::string refusal(const Mailboxes& source, const Mailboxes& destination, const Options& options = {}) {
  const auto mapping = try_mapping(source, destination, options);
  EXPECT_FALSE(mapping);
  if (mapping) return "";
  EXPECT_EQ(mapping.error().kind, ErrorKind::usage);
  return mapping.error().message + " " + mapping.error().remedy;
}

TEST(MapMailboxes, KeepsNamesWhereNothingElseIsSaid) {
  EXPECT_THAT(routes({box("inbox"), box("Work/2024")}, {box("INBOX")}),
              ElementsAre("INBOX -> INBOX inbox", "Work/2024 -> Work/2024 same_name"));
}

TEST(MapMailboxes, GoesByTheNamesOfADestinationWithoutCase) {
  const Options caseless{.limits = {.caseless = true}};
  EXPECT_THAT(routes({box("Work"), box("Work/New"), box("work"), box("Same")}, {box("WORK"), box("Same")}, caseless),
              ElementsAre("Work -> WORK altered_name", "Work/New -> WORK/New altered_name",
                          "work -> work-2 altered_name", "Same -> Same same_name"));
  const auto mapping = try_mapping({box("Work")}, {box("work")}, caseless);
  ASSERT_TRUE(mapping);
  EXPECT_TRUE(mapping->routes.front().destination_exists);
  EXPECT_EQ(mapping->routes.front().explanation, "the destination, which knows no case, calls it work");
  EXPECT_THAT(mapping->preparations, IsEmpty());
  EXPECT_THAT(routes({box("Work")}, {box("work")}), ElementsAre("Work -> Work same_name"));
}

TEST(MapMailboxes, MapsToTheNamesOfADestinationWithoutCase) {
  const Options caseless{.map = {"Old/*=Work/*"}, .limits = {.caseless = true}};
  EXPECT_THAT(routes({box("Old/A"), box("Old/B")}, {box("work/a")}, caseless),
              ElementsAre("Old/A -> work/a mapped", "Old/B -> Work/B mapped"));
}

TEST(MapMailboxes, MatchesSpecialUsesBeforeNames) {
  EXPECT_THAT(routes({box("Sent", SpecialUse::sent), box("Trash", SpecialUse::trash)},
                     {box("Sent Items", SpecialUse::sent), box("Sent"), box("Trash")}),
              ElementsAre("Sent -> Sent Items special_use", "Trash -> Trash same_name"));
}

TEST(MapMailboxes, OfTwoMailboxesWithOneUseTheNamesakeIsPreferred) {
  EXPECT_THAT(routes({box("Sent Messages", SpecialUse::sent), box("Sent", SpecialUse::sent)},
                     {box("Sent Messages 2", SpecialUse::sent), box("Sent", SpecialUse::sent)}),
              ElementsAre("Sent Messages -> Sent Messages same_name", "Sent -> Sent special_use"));
}

TEST(MapMailboxes, OfTwoMailboxesWithOneUseTheFirstIsTakenWhenThereIsNoNamesake) {
  EXPECT_THAT(routes({box("A", SpecialUse::junk), box("B", SpecialUse::junk)}, {box("Spam", SpecialUse::junk)}),
              ElementsAre("A -> Spam special_use", "B -> B same_name"));
}

TEST(MapMailboxes, AWellKnownNameStandsInForAMissingAttributeOnOneSide) {
  EXPECT_THAT(routes({box("Sent")}, {box("Sent Items", SpecialUse::sent)}),
              ElementsAre("Sent -> Sent Items special_use"));
  EXPECT_THAT(routes({box("Gesendet", SpecialUse::sent)}, {box("Sent")}), ElementsAre("Gesendet -> Sent special_use"));
  EXPECT_THAT(routes({box("Sent")}, {box("Sent Items")}), ElementsAre("Sent -> Sent same_name"))
      << "two guesses are too many";
}

TEST(MapMailboxes, AGuessDoesNotTakeAMailboxFromItsNamesake) {
  EXPECT_THAT(routes({box("Sent"), box("Sent Items")}, {box("Sent Items", SpecialUse::sent)}),
              ElementsAre("Sent -> Sent same_name", "Sent Items -> Sent Items same_name"));
  EXPECT_THAT(routes({box("Sent")}, {box("Sent Items", SpecialUse::sent), box("Sent")}),
              ElementsAre("Sent -> Sent same_name"));
  EXPECT_THAT(routes({box("Work/Sent")}, {box("Sent", SpecialUse::sent)}),
              ElementsAre("Work/Sent -> Work/Sent same_name"));
}

TEST(MapMailboxes, ReplacesTheDestinationsSeparatorInsideNames) {
  EXPECT_THAT(routes({box("v1.2"), box("v1.2/notes.txt"), box("plain")}, {}, {.limits = {.separator = '.'}}),
              ElementsAre("v1.2 -> v1_2 altered_name", "v1.2/notes.txt -> v1_2/notes_txt altered_name",
                          "plain -> plain same_name"));
}

TEST(MapMailboxes, AlteredNamesNeverJoinMailboxes) {
  EXPECT_THAT(routes({box("v1.2/a"), box("v1_2/a"), box("v1_2-2"), box("v1.2")}, {}, {.limits = {.separator = '.'}}),
              ElementsAre("v1.2/a -> v1_2-3/a altered_name", "v1_2/a -> v1_2/a same_name", "v1_2-2 -> v1_2-2 same_name",
                          "v1.2 -> v1_2-3 altered_name"));
}

TEST(MapMailboxes, AlteredNamesDoNotDependOnWhatIsCopied) {
  EXPECT_THAT(routes({box("v1_2"), box("v1.2")}, {}, {.include = {"v1.2"}, .limits = {.separator = '.'}}),
              ElementsAre("v1.2 -> v1_2-2 altered_name"));
}

TEST(MapMailboxes, ReplacesForbiddenAndControlCharactersAndEmptyNames) {
  EXPECT_THAT(routes({box("a*b\tc"), box("x//y")}, {}, {.limits = {.separator = '/', .forbidden = "*%"}}),
              ElementsAre("a*b\tc -> a_b_c altered_name", "x//y -> x/_/y altered_name"));
}

TEST(MapMailboxes, FlattensLevelsForADestinationWithoutThem) {
  EXPECT_THAT(routes({box("a/b"), box("a_b"), box("a")}, {}, {.limits = {.separator = '\0'}}),
              ElementsAre("a/b -> a_b-2 altered_name", "a_b -> a_b same_name", "a -> a same_name"));
}

TEST(MapMailboxes, TheFirstMapThatMatchesCounts) {
  EXPECT_THAT(routes({box("Work"), box("Work/a"), box("Sent", SpecialUse::sent)}, {box("Sent Items", SpecialUse::sent)},
                     {.map = {"Work/a=Special", "Work/*=Old/*", "Work=Old", "Sent=Mine"}}),
              ElementsAre("Work -> Old mapped", "Work/a -> Special mapped", "Sent -> Mine mapped"));
}

TEST(MapMailboxes, TargetsOfMapsAreAdaptedToTheDestination) {
  EXPECT_THAT(routes({box("a")}, {}, {.map = {"a=v1.2/x"}, .limits = {.separator = '.'}}),
              ElementsAre("a -> v1_2/x mapped"));
}

TEST(MapMailboxes, ExcludeIsStrongerThanInclude) {
  const auto mapping =
      try_mapping({box("a/1"), box("a/2"), box("b"), level("a/3")}, {}, {.include = {"a/*"}, .exclude = {"*2"}});
  ASSERT_TRUE(mapping);
  EXPECT_THAT(lines(*mapping), ElementsAre("a/1 -> a/1 same_name"));
  ASSERT_EQ(mapping->skipped.size(), 3U);
  EXPECT_EQ(mapping->skipped[0].reason, SkipReason::excluded);
  EXPECT_THAT(mapping->skipped[0].explanation, HasSubstr("--exclude *2"));
  EXPECT_EQ(mapping->skipped[1].reason, SkipReason::not_included);
  EXPECT_EQ(mapping->skipped[2].reason, SkipReason::not_selectable);
}

TEST(MapMailboxes, WhatBelongsToOthersIsCopiedOnlyWhereMailboxIncludesIt) {
  const Mailboxes source = {box("INBOX"), foreign(level("Public")), foreign(box("Public/x"))};
  const auto mapping = try_mapping(source, {});
  ASSERT_TRUE(mapping);
  EXPECT_THAT(lines(*mapping), ElementsAre("INBOX -> INBOX inbox"));
  ASSERT_EQ(mapping->skipped.size(), 2U);
  EXPECT_EQ(mapping->skipped[0].reason, SkipReason::not_selectable);
  EXPECT_EQ(mapping->skipped[1].reason, SkipReason::belongs_to_others);
  EXPECT_THAT(mapping->skipped[1].explanation, HasSubstr("--mailbox"));

  EXPECT_THAT(routes(source, {}, {.include = {"Public/*"}}), ElementsAre("Public/x -> Public/x same_name"));
}

TEST(MapMailboxes, MailGoesToWhatBelongsToOthersOnlyWhereAMapSaysSo) {
  EXPECT_THAT(refusal({box("Public/x")}, {foreign(box("Public/x"))}),
              HasSubstr("Public/x would go to Public/x of the destination, which belongs to others"));
  EXPECT_THAT(routes({box("Public/x")}, {foreign(box("Public/x"))}, {.map = {"Public/x=Public/x"}}),
              ElementsAre("Public/x -> Public/x mapped"));
}

TEST(MapMailboxes, MailboxesAreNotMadeWhereTheyBelongToOthers) {
  const NamingLimits limits{
      .is_of_others = [](const MailboxPath& path) { return path.components().front() == "Public"; }};
  EXPECT_THAT(refusal({box("Public/x")}, {box("Work")}, {.limits = limits}),
              HasSubstr("Public/x would go to Public/x of the destination, which belongs to others"));
  EXPECT_THAT(routes({box("Public/x")}, {box("Public/x")}, {.limits = limits}),
              ElementsAre("Public/x -> Public/x same_name"))
      << "one that is listed is whose the list says";
  EXPECT_THAT(routes({box("Public/x")}, {}, {.map = {"Public/x=Public/x"}, .limits = limits}),
              ElementsAre("Public/x -> Public/x mapped"));
}

TEST(MapMailboxes, TheSentMailboxOfAnotherIsNotTheUsers) {
  EXPECT_THAT(routes({box("Gesendet", SpecialUse::sent)}, {foreign(box("Sent"))}),
              ElementsAre("Gesendet -> Gesendet same_name"));
}

TEST(MapMailboxes, AnExcludedMailboxDoesNotTakeTheSpecialUse) {
  EXPECT_THAT(routes({box("Old Sent", SpecialUse::sent), box("Sent", SpecialUse::sent)},
                     {box("Sent Items", SpecialUse::sent)}, {.exclude = {"Old*"}}),
              ElementsAre("Sent -> Sent Items special_use"));
}

TEST(MapMailboxes, RefusesTwoSourcesForOneDestinationAndNamesTheWayOut) {
  const std::string text =
      refusal({box("Sent", SpecialUse::sent), box("Sent Items")}, {box("Sent Items", SpecialUse::sent)});
  EXPECT_THAT(text,
              HasSubstr("both Sent (both are marked \\Sent) and Sent Items (the same name) would go to Sent Items"));
  EXPECT_THAT(text, HasSubstr("--map 'Sent Items=Sent Items' to put them together"));
}

TEST(MapMailboxes, TheRemedyForACollisionWorks) {
  EXPECT_THAT(routes({box("Sent", SpecialUse::sent), box("Sent Items")}, {box("Sent Items", SpecialUse::sent)},
                     {.map = {"Sent Items=Sent Items"}}),
              ElementsAre("Sent -> Sent Items special_use", "Sent Items -> Sent Items mapped"));
}

TEST(MapMailboxes, JoinsMailboxesWhereAMapWithoutWildcardsInItsTargetSaysSo) {
  EXPECT_THAT(routes({box("INBOX"), box("a"), box("b")}, {}, {.map = {"?=INBOX"}}),
              ElementsAre("INBOX -> INBOX inbox", "a -> INBOX mapped", "b -> INBOX mapped"));
}

TEST(MapMailboxes, AMapWithWildcardsInItsTargetDoesNotJoinByAccident) {
  EXPECT_THAT(refusal({box("Old/Work"), box("Work")}, {}, {.map = {"Old/*=*"}}), HasSubstr("would go to Work"));
}

TEST(MapMailboxes, CreatesMissingMailboxesParentsFirstWithTheirUse) {
  const auto mapping = try_mapping({box("a/b/c"), subscribed(box("a")), box("a/b"), box("Drafts", SpecialUse::drafts),
                                    box("All", SpecialUse::all), subscribed(box("there")), subscribed(box("INBOX"))},
                                   {box("there"), subscribed(box("INBOX")), level("a")});
  ASSERT_TRUE(mapping);
  std::vector<std::string> steps;
  for (const Preparation& step : mapping->preparations) {
    steps.push_back(step.mailbox.to_string() + (step.create ? " create" : "") + std::string(to_attribute(step.use)) +
                    (step.subscribe ? " subscribe" : ""));
  }
  EXPECT_THAT(steps, ElementsAre("All create", "Drafts create\\Drafts", "a create subscribe", "a/b create",
                                 "a/b/c create", "there subscribe"));
}

TEST(MapMailboxes, GivesAUseToOneNewMailboxOnly) {
  const auto mapping = try_mapping({box("Sent", SpecialUse::sent), box("Sent 2", SpecialUse::sent)}, {});
  ASSERT_TRUE(mapping);
  ASSERT_EQ(mapping->preparations.size(), 2U);
  EXPECT_EQ(mapping->preparations[0].use, SpecialUse::sent);
  EXPECT_EQ(mapping->preparations[1].use, SpecialUse::none);
}

TEST(MapMailboxes, ASecondRunNeedsNoPreparation) {
  const Mailboxes source = {subscribed(box("v1.2")), box("v1_2"), box("Sent", SpecialUse::sent)};
  const Options options{.limits = {.separator = '.'}};
  const auto first = try_mapping(source, {}, options);
  ASSERT_TRUE(first);
  Mailboxes made;
  for (const Preparation& step : first->preparations) {
    made.push_back({.path = step.mailbox, .use = step.use, .selectable = true, .subscribed = step.subscribe});
  }

  const auto second = try_mapping(source, made, options);

  ASSERT_TRUE(second);
  EXPECT_THAT(second->preparations, IsEmpty());
  for (std::size_t i = 0; i < source.size(); ++i)
    EXPECT_EQ(second->routes[i].destination, first->routes[i].destination);
}

TEST(MapMailboxes, ExplanationsAreSafeToShow) {
  const auto mapping = try_mapping({box("a.\x1b[2Jb")}, {}, {.limits = {.separator = '.'}});
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->routes[0].explanation.find('\x1b'), std::string::npos);
  EXPECT_EQ(mapping->routes[0].destination.to_string(), "a__[2Jb");
}

TEST(MailboxMapping, OptionsThatNameNoMailboxAreTold) {
  const auto mapping =
      try_mapping({box("INBOX"), box("Work")}, {},
                  {.include = {"Work", "Importnat"}, .exclude = {"Nothing", "\\Trash"}, .map = {"Wrok=Old"}});
  ASSERT_TRUE(mapping);
  EXPECT_THAT(mapping->unmatched, ElementsAre("--mailbox Importnat", "--exclude Nothing", "--map Wrok"));

  EXPECT_THAT(refusal({box("INBOX")}, {}, {.include = {"Importnat"}}),
              HasSubstr("no mailbox of the source matches --mailbox Importnat"));
}

TEST(MailboxMapping, WhereNothingIsLeftIsAnError) {
  EXPECT_THAT(refusal({box("INBOX"), box("Work")}, {}, {.include = {"Work"}, .exclude = {"Work"}}),
              HasSubstr("no mailbox is left"));
  EXPECT_THAT(refusal({box("INBOX")}, {}, {.exclude = {"*"}}), HasSubstr("no mailbox is left"));
  EXPECT_TRUE(try_mapping({foreign(box("Public/x"))}, {})) << "nobody excluded that";
}

TEST(MailboxMapping, NoNameHasControlCharacters) {
  EXPECT_FALSE(MappingRules::parse({}, {}, std::vector<std::string>{"Work=a\tb"}));
  EXPECT_FALSE(MappingRules::parse({}, {}, std::vector<std::string>{"Work=a\x7f"}));
  EXPECT_TRUE(MappingRules::parse({}, {}, std::vector<std::string>{"a\tb=Work"}));
}

Home home(std::string_view source, std::string_view destination) {
  return {.source = MailboxPath::split(source, '/'), .destination = MailboxPath::split(destination, '/')};
}

TEST(MapMailboxes, MailStaysWhereEarlierRunsBroughtIt) {
  const Mailboxes source = {box("INBOX"), box("Sent", SpecialUse::sent)};
  const Mailboxes destination = {box("INBOX"), box("Old"), box("Sent"), box("Sent Items", SpecialUse::sent)};

  EXPECT_THAT(routes(source, destination, {.homes = {home("Sent", "Sent"), home("INBOX", "INBOX")}}),
              ElementsAre("INBOX -> INBOX inbox", "Sent -> Sent earlier_run"));
  EXPECT_THAT(routes(source, destination, {.homes = {home("Sent", "Sent"), home("Sent", "Old")}}),
              ElementsAre("INBOX -> INBOX inbox", "Sent -> Old earlier_run"))
      << "the last one";
  EXPECT_THAT(routes(source, destination, {.homes = {home("Sent", "Sent Items"), home("Sent", "Old")}}),
              ElementsAre("INBOX -> INBOX inbox", "Sent -> Sent Items special_use"))
      << "where it would go anyhow";
}

TEST(MapMailboxes, AMapDecidesAgainstEarlierRuns) {
  EXPECT_THAT(routes({box("Work")}, {box("Work")}, {.map = {"Work=Job"}, .homes = {home("Work", "Work")}}),
              ElementsAre("Work -> Job mapped"));
}

TEST(MapMailboxes, ANewMailboxGoesBesideWhatEarlierRunsBrought) {
  const NamingLimits dotted{.separator = '.'};

  EXPECT_THAT(routes({box("a.b"), box("a_b")}, {box("a_b")}, {.limits = dotted, .homes = {home("a.b", "a_b")}}),
              ElementsAre("a.b -> a_b earlier_run", "a_b -> a_b-2 altered_name"));
  EXPECT_THAT(
      routes({box("a.b"), box("a_b"), box("a_b-2")}, {box("a_b")}, {.limits = dotted, .homes = {home("a.b", "a_b")}}),
      ElementsAre("a.b -> a_b earlier_run", "a_b -> a_b-3 altered_name", "a_b-2 -> a_b-2 same_name"));
  EXPECT_THAT(routes({box("Gesendet", SpecialUse::sent), box("Mine")}, {box("Sent", SpecialUse::sent)},
                     {.homes = {home("Mine", "Sent")}}),
              ElementsAre("Gesendet -> Gesendet same_name", "Mine -> Sent earlier_run"));
}

TEST(MapMailboxes, WhatEarlierRunsJoinedStaysJoinedAndNothingElseIs) {
  const std::vector<Home> homes = {home("One", "Both"), home("Two", "Both")};

  EXPECT_THAT(routes({box("One"), box("Two")}, {box("Both")}, {.homes = homes}),
              ElementsAre("One -> Both earlier_run", "Two -> Both earlier_run"));
  EXPECT_THAT(refusal({box("One"), box("Three")}, {box("Both")}, {.map = {"T*=Bo*"}, .homes = {home("One", "Bohree")}}),
              HasSubstr("both One"));
}

}  // namespace
}  // namespace mailferry::plan
