// Quirks of listing mailboxes and of preparing them.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;

constexpr const char* kPlainList = "A1 LIST \"\" \"*\"\r\nA2 LSUB \"\" \"*\"\r\n";
constexpr const char* kExtendedList =
    "A1 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))\r\n";
constexpr const char* kInbox = "* LIST () \"/\" INBOX\r\n";

TEST_F(QuirkDialogue, C1ReadsASeparatorThatIsNotEscaped) {
  open("");
  peer_->expect(kPlainList);
  peer_->send("* LIST () \"\\\" INBOX\r\n* LIST () \"\\\" \"Box\\Sub\"\r\nA1 OK\r\nA2 OK\r\n");
  peer_->expect("A3 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->expect("A4 STATUS \"Box\\\\Sub\" (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA3 OK\r\n");
  peer_->send("* STATUS \"Box\\Sub\" (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA4 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 1 messages, next 2, validity 3", "Box/Sub: 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, C10TakesAnEmptyStatusForNone) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send(kInbox).send("* STATUS INBOX ()\r\nA1 OK\r\n");
  peer_->expect("A2 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (UIDVALIDITY 3)\r\nA2 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX:"));
}

TEST_F(QuirkDialogue, C10ReadsQuotesInsideQuotes) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send("* LIST (\\Noselect) \"/\" \"my \"old\"-mail\"\r\n");
  peer_->send("* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA1 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("my \"old\"-mail: level", "INBOX: 1 messages, next 2, validity 3"));
}

TEST_F(QuirkDialogue, C15AsksOnceMoreWithoutReturnWhereInboxIsMissing) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send("* LIST (\\Subscribed) \"/\" Sent\r\n");
  peer_->send("* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA1 OK\r\n");
  peer_->expect("A2 LIST \"\" \"*\"\r\nA3 LSUB \"\" \"*\"\r\n");
  peer_->send(kInbox).send("* LIST () \"/\" Sent\r\nA2 OK\r\n* LSUB () \"/\" INBOX\r\nA3 OK\r\n");
  peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA4 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("Sent: subscribed 1 messages, next 2, validity 3",
                                   "INBOX: subscribed 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, C17AsksOnceMoreWithoutReturnWhereThatIsBad) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send("A1 BAD expected CR or LF\r\n");
  peer_->expect("A2 LIST \"\" \"*\"\r\nA3 LSUB \"\" \"*\"\r\n")
      .send(kInbox)
      .send("A2 OK\r\nA3 NO no subscriptions\r\n");
  peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA4 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, G7AsksNoStatusOfALevel) {
  open("");
  peer_->expect(kPlainList).send(kInbox).send("* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n");
  peer_->send("* LIST (\\HasNoChildren \\All) \"/\" \"[Gmail]/All Mail\"\r\nA1 OK\r\nA2 OK\r\n");
  peer_->expect("A3 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->expect("A4 STATUS \"[Gmail]/All Mail\" (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA3 OK\r\n");
  peer_->send("* STATUS \"[Gmail]/All Mail\" (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA4 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 1 messages, next 2, validity 3", "[Gmail]: level",
                                   "[Gmail]/All Mail: \\All 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, M1ListsInboxOnceAndWhatIsBelowIt) {
  open("NAMESPACE");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\"\r\nA3 LSUB \"\" \"*\"\r\n");
  peer_->send("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\nA1 OK\r\n");
  peer_->send("* LIST () \".\" Inbox\r\n* LIST () \".\" INBOX\r\n* LIST () \".\" INBOX.INBOX\r\n");
  peer_->send(
      "* LIST () \".\" INBOX.Sent\r\n* LIST () \".\" INBOX.Sent\r\nA2 OK\r\n* LSUB () \".\" inbox\r\nA3 OK\r\n");
  peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->expect("A5 STATUS INBOX.Sent (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->expect("A6 STATUS INBOX.INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS inbox (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA4 OK\r\n");
  peer_->send("A5 NO not now\r\n");
  peer_->send("* STATUS INBOX.INBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA6 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: subscribed 1 messages, next 2, validity 3",
                                   "Sent:", "INBOX/INBOX: 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, M1TakesNoLevelForAMailbox) {
  open("NAMESPACE");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\"\r\nA3 LSUB \"\" \"*\"\r\n");
  peer_->send("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\nA1 OK\r\n");
  peer_->send("* LIST () \".\" INBOX\r\n* LIST (\\Noselect) \".\" INBOX.INBOX\r\n");
  peer_->send("* LIST () \".\" INBOX.INBOX.INBOX\r\nA2 OK\r\nA3 OK\r\n");
  peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->expect("A5 STATUS INBOX.INBOX.INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA4 OK\r\n");
  peer_->send("* STATUS INBOX.INBOX.INBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA5 OK\r\n");

  EXPECT_THAT(*list(),
              ElementsAre("INBOX: 1 messages, next 2, validity 3", "INBOX/INBOX: 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, M2ListsWhatHasAName) {
  open("");
  peer_->expect(kPlainList).send(kInbox).send("* LIST () \"/\" \"\"\r\n");
  peer_->send("* LIST () \"/\" {3}\r\na\0b\r\nA1 OK\r\nA2 OK\r\n"s);
  peer_->expect("A3 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA3 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 1 messages, next 2, validity 3", "a\\x00b:"));
}

TEST_F(QuirkDialogue, X15AsksWhetherAMailboxOpensByAnotherCase) {
  open("");
  peer_->expect("A1 EXAMINE Work\r\n").send("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA1 OK\r\n");
  peer_->expect("A2 EXAMINE Play\r\n").send("A2 NO no such mailbox\r\n");

  EXPECT_TRUE(scan({.mailbox = MailboxPath({"Work"}), .uid_validity = 77, .uids = UidSet{}}));
  EXPECT_FALSE(scan({.mailbox = MailboxPath({"Play"}), .uid_validity = 77, .uids = UidSet{}}));
}

TEST_F(QuirkDialogue, X20ReadsNamesWithBlanksThatAreNotQuoted) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send(kInbox).send("* LIST () \"/\" Deleted Items\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3) \r\n");
  peer_->send("* STATUS Deleted Items (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6) \r\nA1 OK\r\n");

  EXPECT_THAT(*list(),
              ElementsAre("INBOX: 1 messages, next 2, validity 3", "Deleted Items: 4 messages, next 5, validity 6"));
}

TEST_F(QuirkDialogue, X21ListsWithoutNamespace) {
  open("NAMESPACE LIST-EXTENDED LIST-STATUS");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))\r\n");
  peer_->send("A1 BAD Command Error. 12\r\n").send("* LIST () \".\" INBOX\r\n* LIST (\\Noselect) \".\" a.b\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA2 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 1 messages, next 2, validity 3", "a/b: level"));
  EXPECT_EQ(session_->traits().separator, '.');
}

TEST_F(QuirkDialogue, Y5TakesTheSeparatorOfTheList) {
  open("NAMESPACE LIST-EXTENDED LIST-STATUS");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))\r\n");
  peer_->send(
      "* NAMESPACE ((\"\" NIL)) NIL NIL\r\nA1 OK\r\n* LIST () \"|\" INBOX\r\n* LIST (\\Noselect) \"|\" a|b\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA2 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 1 messages, next 2, validity 3", "a/b: level"));
  EXPECT_EQ(session_->traits().separator, '|');
}

TEST_F(QuirkDialogue, Z1TakesZeroForUnknown) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send(kInbox);
  peer_->send("* STATUS INBOX (MESSAGES 3 UIDNEXT 0 UIDVALIDITY 0 UNSEEN 0)\r\nA1 OK\r\n");
  peer_->expect("A2 EXAMINE INBOX\r\nA3 UID FETCH 1:* (FLAGS)\r\n");
  peer_->send("* 1 EXISTS\r\n* OK [UIDNEXT 0] hm\r\n* OK [UIDVALIDITY 9] hm\r\nA2 OK\r\n");
  peer_->send("* 1 FETCH (UID 0 FLAGS ())\r\n* 2 FETCH (UID 6 FLAGS ())\r\nA3 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 3 messages, next 0, validity 0"));
  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->result.uids.to_string(), "6");
  EXPECT_EQ(scanned->result.status.uid_next, 0U);
  EXPECT_EQ(scanned->result.status.uid_validity, 9U);
}

TEST_F(QuirkDialogue, C19KeepsWhatCanBeAFlag) {
  open("");
  peer_->expect("A1 SELECT INBOX\r\n").send("* 0 EXISTS\r\n");
  peer_->send("* OK [PERMANENTFLAGS (\\Answered (\\Seen $x) OIB-Seen-[Google Mail]/Alle \\*)] ok\r\nA1 OK\r\n");

  const auto prepared = prepare({.mailbox = inbox(), .create = false});

  ASSERT_TRUE(prepared);
  const auto& permanent = prepared->permanent_flags;
  EXPECT_EQ(permanent.storable(Flags::from_string("\\Answered \\Draft work")).to_string(), "\\Answered work");
}

TEST_F(QuirkDialogue, O4SendsNoFlagThatTheMailboxDoesNotName) {
  open("LITERAL+");
  peer_->expect("A1 SELECT INBOX\r\n").send("* 0 EXISTS\r\n");
  peer_->send("* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] ok\r\nA1 OK\r\n");
  peer_->expect("A2 SELECT INBOX\r\nA3 APPEND INBOX (\\Seen work) {3+}\r\none\r\n").send("A2 OK\r\nA3 OK\r\n");

  const auto prepared = prepare({.mailbox = inbox(), .create = false});
  ASSERT_TRUE(prepared);
  const auto flags = prepared->permanent_flags.storable(Flags::from_string("\\Seen \\XOff work"));

  EXPECT_THAT(*append({"one"}, flags), ElementsAre("1: stored"));
}

TEST_F(QuirkDialogue, O6TakesTheUidValidityOfSelect) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send(kInbox);
  peer_->send("* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1763748000)\r\nA1 OK\r\n");
  peer_->expect("A2 SELECT INBOX\r\n").send("* 0 EXISTS\r\n* OK [UIDVALIDITY 1763748009] Ok\r\nA2 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 0 messages, next 1, validity 1763748000"));
  const auto prepared = prepare({.mailbox = inbox(), .create = false});

  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->status.uid_validity, 1763748009U);
}

}  // namespace
}  // namespace mailferry::test
