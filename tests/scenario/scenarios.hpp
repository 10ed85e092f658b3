// The table of scenarios: two accounts, what happens to them between two runs, and what the right one must then hold.
#pragma once

#include "scenario/copy_world.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace mailferry::test {

/// Without changes the first run is looked at; otherwise it is the base, and the run after the changes is looked at.
/// INBOX is always there.
struct Scenario {
  std::string name;
  Mail left;
  Mail right;
  std::vector<std::string> changes;
  Mail expected;                           // of the right
  std::vector<std::string> before{};       // changes before the first run
  std::vector<std::string> map{};          // --map
  std::vector<std::string> after_crash{};  // changes between a crash and the run that recovers from it
};

inline std::ostream& operator<<(std::ostream& stream, const Scenario& scenario) {
  return stream << scenario.name;
}

inline const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> table = {
      {.name = "EmptyDestination",
       .left = {{"INBOX", "a b:S c:SF d e:A f:F g:D"}, {"Archive", "x y:S"}, {"Empty", ""}},
       .right = {},
       .changes = {},
       .expected = {{"INBOX", "a b:S c:SF d e:A f:F g:D"}, {"Archive", "x y:S"}, {"Empty", ""}}},
      {.name = "ManyMessages",
       .left = {{"INBOX", "a b:S c:S d:S e:S f:S g h i:A j:A k:A l:A"}},
       .right = {},
       .changes = {},
       .expected = {{"INBOX", "a b:S c:S d:S e:S f:S g h i:A j:A k:A l:A"}}},
      {.name = "HolesInTheUids",
       .left = {{"INBOX", "a b c d e:S f"}},
       .right = {},
       .changes = {},
       .expected = {{"INBOX", "b d e:S"}},
       .before = {"left INBOX - a c f"}},
      {.name = "OtherMailOnTheDestination",
       .left = {{"INBOX", "a b:S"}, {"Archive", "x"}},
       .right = {{"INBOX", "z:S"}, {"Archive", "v w"}, {"Own", "o"}},
       .changes = {},
       .expected = {{"INBOX", "a b:S z:S"}, {"Archive", "v w x"}, {"Own", "o"}}},
      {.name = "SomeIsThereAlready",
       .left = {{"INBOX", "a b:S c d:S"}},
       .right = {{"INBOX", "c z a"}},
       .changes = {},
       .expected = {{"INBOX", "a b:S c d:S z"}}},
      {.name = "Duplicates",
       .left = {{"INBOX", "a a a:S b"}},
       .right = {},
       .changes = {},
       .expected = {{"INBOX", "a a a:S b"}}},
      {.name = "DuplicatesPartlyThere",
       .left = {{"INBOX", "a a b b"}},
       .right = {{"INBOX", "a b b b"}},
       .changes = {},
       .expected = {{"INBOX", "a a b b b"}}},
      {.name = "NoMessageId",
       .left = {{"INBOX", "?a ?b:S ?a ?c"}},
       .right = {{"INBOX", "?a ?c"}},
       .changes = {},
       .expected = {{"INBOX", "?a ?a ?b:S ?c"}}},
      {.name = "SameHeadersOtherBodies",
       .left = {{"INBOX", "a a' a'':S b b'"}},
       .right = {{"INBOX", "a' b'"}},
       .changes = {},
       .expected = {{"INBOX", "a a' a'':S b b'"}}},
      {.name = "NewMail",
       .left = {{"INBOX", "a b:S"}, {"Archive", "x"}},
       .right = {},
       .changes = {"left INBOX + c:S d e", "left Archive + y"},
       .expected = {{"INBOX", "a b:S c:S d e"}, {"Archive", "x y"}}},
      {.name = "NewMailOnBothSides",
       .left = {{"INBOX", "a b:S"}},
       .right = {},
       .changes = {"left INBOX + c:S d", "right INBOX + z"},
       .expected = {{"INBOX", "a b:S c:S d z"}}},
      {.name = "NewMailThatIsThereAlready",
       .left = {{"INBOX", "a"}},
       .right = {},
       .changes = {"left INBOX + a b", "right INBOX + c"},
       .expected = {{"INBOX", "a a b c"}}},
      {.name = "FlagsChangedOnTheSource",
       .left = {{"INBOX", "a b:S c:SF d"}, {"Archive", "x:S"}},
       .right = {},
       .changes = {"left INBOX = a:S b c:SA", "left Archive = x:SF"},
       .expected = {{"INBOX", "a:S b c:SA d"}, {"Archive", "x:SF"}}},
      {.name = "FlagsChangedOnBothSides",
       .left = {{"INBOX", "a:S b:S c:S"}},
       .right = {},
       .changes = {"left INBOX = a:SF b c:S", "right INBOX = a:SA b:SF c:A"},
       .expected = {{"INBOX", "a:SFA b:F c:A"}}},
      {.name = "FlagsChangedAndNewMail",
       .left = {{"INBOX", "a b:S"}},
       .right = {},
       .changes = {"left INBOX = a:S", "left INBOX + c d:S"},
       .expected = {{"INBOX", "a:S b:S c d:S"}}},
      {.name = "Keywords",
       .left = {{"INBOX", "a:k b:kj c:S"}},
       .right = {},
       .changes = {"left INBOX = a:kS b:j c:Sj"},
       .expected = {{"INBOX", "a:kS b:j c:Sj"}}},
      {.name = "DeletedOnTheSource",
       .left = {{"INBOX", "a b:S c"}},
       .right = {},
       .changes = {"left INBOX - a c", "left INBOX + d"},
       .expected = {{"INBOX", "a b:S c d"}}},
      {.name = "DeletedOnTheDestination",
       .left = {{"INBOX", "a b:S c"}},
       .right = {},
       .changes = {"right INBOX - a c", "left INBOX + d"},
       .expected = {{"INBOX", "b:S d"}}},
      {.name = "FlagsOfWhatWasDeletedOnTheDestination",
       .left = {{"INBOX", "a b:S c"}},
       .right = {},
       .changes = {"right INBOX - a", "left INBOX = a:S c:S"},
       .expected = {{"INBOX", "b:S c:S"}}},
      {.name = "MovedOnTheSource",
       .left = {{"INBOX", "a b:S"}, {"Archive", "x"}},
       .right = {},
       .changes = {"left INBOX - a", "left Archive + a:S"},
       .expected = {{"INBOX", "a b:S"}, {"Archive", "a:S x"}}},
      {.name = "MailboxCreated",
       .left = {{"INBOX", "a"}},
       .right = {},
       .changes = {"left Work create", "left Work + x y:S", "left Work/Later create"},
       .expected = {{"INBOX", "a"}, {"Work", "x y:S"}, {"Work/Later", ""}}},
      {.name = "MailboxCreatedOnBothSides",
       .left = {{"INBOX", "a"}},
       .right = {},
       .changes = {"left Work create", "left Work + x y:S", "right Work create", "right Work + y:S z"},
       .expected = {{"INBOX", "a"}, {"Work", "x y:S z"}}},
      {.name = "MailboxGoneFromTheSource",
       .left = {{"INBOX", "a"}, {"Work", "x"}},
       .right = {},
       .changes = {"left Work drop", "left INBOX + b"},
       .expected = {{"INBOX", "a b"}, {"Work", "x"}}},
      {.name = "MailboxGoneFromTheDestination",
       .left = {{"INBOX", "a"}, {"Work", "x y:S"}},
       .right = {},
       .changes = {"right Work drop", "left Work + z"},
       .expected = {{"INBOX", "a"}, {"Work", "x y:S z"}}},
      {.name = "SourceRenumbered",
       .left = {{"INBOX", "a b:S c c ?d"}},
       .right = {},
       .changes = {"left INBOX renumber"},
       .expected = {{"INBOX", "a b:S c c ?d"}}},
      {.name = "SourceRenumberedWithChanges",
       .left = {{"INBOX", "a b:S c c"}},
       .right = {},
       .changes = {"left INBOX renumber", "left INBOX + e:S c", "left INBOX - b"},
       .expected = {{"INBOX", "a b:S c c c e:S"}}},
      {.name = "DestinationRenumbered",
       .left = {{"INBOX", "a b:S c c ?d"}},
       .right = {},
       .changes = {"right INBOX renumber", "left INBOX + e"},
       .expected = {{"INBOX", "a b:S c c ?d e"}}},
      {.name = "BothRenumbered",
       .left = {{"INBOX", "a b:S"}, {"Archive", "x y"}},
       .right = {},
       .changes = {"left INBOX renumber", "right INBOX renumber", "right Archive renumber", "left Archive + z"},
       .expected = {{"INBOX", "a b:S"}, {"Archive", "x y z"}}},
      {.name = "TwoMailboxesIntoOne",
       .left = {{"INBOX", "a b:S"}, {"Old", "c d"}},
       .right = {{"INBOX", "z"}},
       .changes = {"left Old + e", "left INBOX = a:S"},
       .expected = {{"INBOX", "a:S b:S c d e z"}},
       .map = {"Old=INBOX"}},
      {.name = "AllAtOnce",
       .left = {{"INBOX", "a b:S c d:SF"}, {"Archive", "x y ?z"}, {"Sent", "s:S t:S"}},
       .right = {{"INBOX", "b z"}, {"Sent", "t:S"}},
       .changes = {"left INBOX + e:S f", "left INBOX - a", "left INBOX = d:S c:A", "right INBOX - c z",
                   "left Archive renumber", "left Archive + v", "right Sent renumber", "left Sent + u:S",
                   "left New create", "left New + n m:k"},
       .expected = {{"INBOX", "a b:S d:S e:S f"}, {"Archive", "v x y ?z"}, {"Sent", "s:S t:S u:S"}, {"New", "n m:k"}}},
      {.name = "AllIsThereWithOtherFlags",
       .left = {{"INBOX", "a:S b:F c:S"}},
       .right = {{"INBOX", "a:F b c:SA"}},
       .changes = {},
       .expected = {{"INBOX", "a:SF b:F c:SA"}}},
      {.name = "SomeIsThereWithOtherFlags",
       .left = {{"INBOX", "a:S b c:F d:S"}},
       .right = {{"INBOX", "a c:A"}},
       .changes = {},
       .expected = {{"INBOX", "a:S b c:FA d:S"}}},
      {.name = "SourceRenumberedAndFlagsChanged",
       .left = {{"INBOX", "a b:S c c"}},
       .right = {},
       .changes = {"left INBOX renumber", "left INBOX + e:S c", "left INBOX = a:F", "left INBOX - b"},
       .expected = {{"INBOX", "a:F b:S c c c e:S"}}},
      {.name = "MailboxCreatedOnBothSidesWithOtherFlags",
       .left = {{"INBOX", "a"}},
       .right = {},
       .changes = {"left Work create", "left Work + x y:S", "right Work create", "right Work + y z"},
       .expected = {{"INBOX", "a"}, {"Work", "x y:S z"}}},
      {.name = "TwoMailboxesWithEqualMailIntoOne",
       .left = {{"INBOX", "a b"}, {"Old", "b c"}},
       .right = {},
       .changes = {},
       .expected = {{"INBOX", ""}, {"All", "a b b c"}},
       .map = {"Old=All", "INBOX=All"}},
      {.name = "TwoMailboxesWithEqualMailIntoOneThatHasSome",
       .left = {{"INBOX", "a b"}, {"Old", "b c"}},
       .right = {{"All", "b"}},
       .changes = {},
       .expected = {{"INBOX", ""}, {"All", "a b b c"}},
       .map = {"Old=All", "INBOX=All"}},
      {.name = "FlagsOfOneOfTwoEqualMessages",
       .left = {{"INBOX", "a a:S b"}},
       .right = {},
       .changes = {"left INBOX = a#2:SF"},
       .expected = {{"INBOX", "a a:SF b"}}},
  };
  return table;
}

/// What happens between a crash and the run that recovers from it.
inline const std::vector<Scenario>& crashes() {
  static const std::vector<Scenario> table = {
      {.name = "NewMailAfterACrash",
       .left = {{"INBOX", "a b:S c d"}},
       .right = {{"INBOX", "z"}},
       .changes = {},
       .expected = {{"INBOX", "a a b:S c d e n y z"}},
       .after_crash = {"left INBOX + e a n", "right INBOX + y"}},
      {.name = "RenumberedAfterACrash",
       .left = {{"INBOX", "a b:S c c"}, {"Archive", "x y"}},
       .right = {},
       .changes = {"left INBOX + e f", "left Archive + z"},
       .expected = {{"INBOX", "a b:S c c e f"}, {"Archive", "x y z"}},
       .after_crash = {"left INBOX renumber", "right Archive renumber"}},
      {.name = "FlagsChangedAfterACrash",
       .left = {{"INBOX", "a b:S c"}},
       .right = {},
       .changes = {},
       // What was taken away meanwhile may stay: nobody can tell it from what the owner of the destination has set.
       .expected = {{"INBOX", "a:F b:S c:S"}},
       .after_crash = {"left INBOX = a:F b:S c:S"}},
      {.name = "FlagsChangedAgainAfterACrash",
       .left = {{"INBOX", "a:k b"}},
       .right = {},
       .changes = {"left INBOX = a:SF"},
       .expected = {{"INBOX", "a:A b"}},
       .after_crash = {"left INBOX = a:A"}},
      {.name = "FlagsChangedBackAfterACrash",
       .left = {{"INBOX", "a:k b:S c d"}},
       .right = {},
       .changes = {"left INBOX = a:SF b c:F"},
       .expected = {{"INBOX", "a:k b:S c d"}},
       .after_crash = {"left INBOX = a:k b:S c"}},
  };
  return table;
}

/// What both servers can do.
struct Variant {
  std::string name;
  memory::Behaviour behaviour;
  std::string unknown_letters{};  // flags that the destination cannot keep
};

inline std::vector<Variant> variants() {
  const memory::Behaviour best;
  std::vector<Variant> all(6, {.name = "best", .behaviour = best});
  all[1].name = "no UIDPLUS";
  all[1].behaviour.uid_plus = false;
  all[2].name = "no MULTIAPPEND";
  all[2].behaviour.multi_append = false;
  all[3].name = "no CONDSTORE";
  all[3].behaviour.change_tokens = false;
  all[4].name = "nothing";
  all[4].behaviour.uid_plus = all[4].behaviour.multi_append = all[4].behaviour.change_tokens = false;
  all[4].behaviour.tells_octets = false;
  all[5].name = "few keywords";
  all[5].behaviour.permanent_flags = {
      .flags = Flags::from_string("\\Seen \\Answered \\Flagged \\Draft $Label1"), .new_keywords = false, .known = true};
  all[5].unknown_letters = "jT";
  return all;
}

/// Where each is tried many times.
inline std::vector<Variant> few_variants() {
  const auto all = variants();
  return {all[0], all[1], all[4]};
}

}  // namespace mailferry::test
