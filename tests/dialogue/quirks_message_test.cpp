// Quirks of scanning, reading, appending, and storing flags.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kExamined = "* 9 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA1 OK [READ-ONLY] open\r\n";
constexpr const char* kDate = "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"";
constexpr const char* kIdentity =
    "BODY.PEEK[HEADER.FIELDS (Message-ID Date From To Cc Subject In-Reply-To References Received)]";

std::string examine_and_fetch(std::string_view set) {
  return fmt::format("A1 EXAMINE INBOX\r\nA2 UID FETCH {} (FLAGS INTERNALDATE BODY.PEEK[])\r\n", set);
}
std::string message(Uid uid, std::string_view body) {
  return fmt::format("* {0} FETCH (UID {0} FLAGS () {1} BODY[] {{{2}}}\r\n{3})\r\n", uid, kDate, body.size(), body);
}

TEST_F(QuirkDialogue, C7ASectionWithoutValueIsNoMessage) {
  open("");
  peer_->expect(examine_and_fetch("1:2")).send(kExamined);
  peer_->send(fmt::format("* 1 FETCH (UID 1 FLAGS () {} BODY[])\r\n", kDate)).send(message(2, "two")).send("A2 OK\r\n");

  EXPECT_THAT(*read("1:2"), ElementsAre("2 () 17-Jul-1996 02:44:25 -0700 3: two", "done, missing 1"));
}

TEST_F(QuirkDialogue, C9AsksUpwardsAndReadsABlankAtTheEnd) {
  open("");
  peer_->expect(examine_and_fetch("1:2,5")).send(kExamined);
  peer_->send(fmt::format("* 1 FETCH (UID 1 FLAGS () {} BODY[] {{3}}\r\none )\r\n", kDate));
  peer_->send(fmt::format("* 5 FETCH (UID 5 FLAGS (\\Seen ) {} BODY[] \"five\" ) \r\nA2 OK\r\n", kDate));

  EXPECT_THAT(*read("5,2,1"), ElementsAre("1 () 17-Jul-1996 02:44:25 -0700 3: one",
                                          "5 (\\Seen) 17-Jul-1996 02:44:25 -0700 4: five", "done, missing 2"));
}

TEST_F(QuirkDialogue, C18DoesNotCountOnAModseqBelowZero) {
  open("CONDSTORE");
  peer_->expect("A1 EXAMINE INBOX (CONDSTORE)\r\nA2 UID FETCH 1:* (FLAGS)\r\n");
  peer_->send("* 1 EXISTS\r\n* OK [HIGHESTMODSEQ -1] hm\r\nA1 OK\r\n* 1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (-1))\r\n");
  peer_->send("A2 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->result.status.highest_modseq, 0U);
  EXPECT_EQ(scanned->result.uids.to_string(), "4");
}

TEST_F(QuirkDialogue, G18ReadsACodeWithoutText) {
  open("CONDSTORE");
  peer_->expect("A1 EXAMINE INBOX (CONDSTORE)\r\nA2 UID FETCH 1:* (FLAGS)\r\n");
  peer_->send("* 0 EXISTS\r\n* OK [HIGHESTMODSEQ 5]\r\nA1 OK\r\nA2 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->result.status.highest_modseq, 5U);
}

TEST_F(QuirkDialogue, I1AsksForBodyPeek) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined).send(message(1, "one")).send("A2 OK\r\n");

  EXPECT_THAT(*read("1"), ElementsAre("1 () 17-Jul-1996 02:44:25 -0700 3: one", "done"));
}

TEST_F(QuirkDialogue, I2AsksForModseqWithTheMailbox) {
  open("ENABLE CONDSTORE");
  peer_->expect("A1 EXAMINE INBOX (CONDSTORE)\r\nA2 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 6)\r\n");
  peer_->send("* 1 EXISTS\r\n* OK [HIGHESTMODSEQ 8] ok\r\nA1 OK\r\n* 1 FETCH (UID 4 FLAGS () MODSEQ (7))\r\nA2 OK\r\n");

  const auto scanned = scan(store::ScanRequest{.mailbox = inbox(), .changed_since = 6, .detail = {.flags = true}});

  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->result.status.highest_modseq, 8U);
}

/// Every second UID of `count`, and the sets of at most 800 octets that name them.
struct Scattered {
  explicit Scattered(Uid count) {
    for (Uid uid = 1; uid < 2 * count; uid += 2) {
      all.add(uid);
      const auto text = std::to_string(uid);
      if (sets.empty() || sets.back().size() + 1 + text.size() > 800) {
        sets.push_back(text);
      } else {
        sets.back() += "," + text;
      }
    }
  }
  UidSet all;
  std::vector<std::string> sets;
};

TEST_F(QuirkDialogue, O7CutsWhatItReads) {
  const Scattered scattered(20'000);
  open("");
  std::string answers = kExamined;
  std::string commands = "A1 EXAMINE INBOX\r\n";
  for (std::size_t part = 0; part < scattered.sets.size(); ++part) {
    commands += fmt::format("A{} UID FETCH {} (FLAGS INTERNALDATE BODY.PEEK[])\r\n", part + 2, scattered.sets[part]);
    answers += fmt::format("A{} OK\r\n", part + 2);
  }
  peer_->expect(commands).send(answers);

  EXPECT_THAT(*read(scattered.all.to_string()), ElementsAre(StartsWith("done, missing 1,3,5,")));
}

TEST_F(QuirkDialogue, X26CutsWhatItScans) {
  const Scattered scattered(40'000);
  open("");
  std::string answers = kExamined;
  std::string commands = "A1 EXAMINE INBOX\r\n";
  for (std::size_t part = 0; part < scattered.sets.size(); ++part) {
    const auto line = fmt::format("A{} UID FETCH {} (FLAGS INTERNALDATE RFC822.SIZE {})\r\n", part + 2,
                                  scattered.sets[part], kIdentity);
    EXPECT_LT(line.size(), 1000U);
    commands += line;
    answers += fmt::format("A{} OK\r\n", part + 2);
  }
  peer_->expect(commands).send(answers);

  EXPECT_TRUE(scan(store::ScanRequest{.mailbox = inbox(),
                                      .uids = scattered.all,
                                      .detail = {.flags = true, .octets = true, .date = true, .identity = true}}));
}

TEST_F(QuirkDialogue, Y4CutsWhatItStores) {
  const Scattered scattered(1'000);
  open("");
  std::string answers;
  std::string commands;
  for (std::size_t part = 0; part < scattered.sets.size(); ++part) {
    const auto line = fmt::format("A{} UID STORE {} +FLAGS.SILENT (\\Answered \\Flagged \\Seen $Forwarded)\r\n",
                                  part + 2, scattered.sets[part]);
    EXPECT_LT(line.size(), 1000U);
    commands += line;
    answers += fmt::format("A{} OK\r\n", part + 2);
  }
  peer_->expect("A1 SELECT INBOX\r\n").send("A1 OK\r\n").expect(commands).send(answers);

  EXPECT_TRUE(add_flags(scattered.all.to_string(), "\\Seen \\Answered \\Flagged $Forwarded"));
}

TEST_F(QuirkDialogue, X18CountsTheOctetsThatCome) {
  open("");
  peer_->expect(examine_and_fetch("1")).send(kExamined);
  peer_->send(fmt::format("* 1 FETCH (RFC822.SIZE 999 UID 1 FLAGS () {} BODY[] {{3}}\r\none)\r\nA2 OK\r\n", kDate));

  EXPECT_THAT(*read("1"), ElementsAre("1 () 17-Jul-1996 02:44:25 -0700 3: one", "done"));
}

TEST_F(QuirkDialogue, X19DropsWhatIsBelowAndTakesAnyOrder) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 10:* (FLAGS)\r\n");
  peer_->send("* 3 EXISTS\r\n* [UIDVALIDITY 77] UIDs valid\r\nA1 OK\r\n");
  peer_->send("* 3 FETCH (UID 12 FLAGS ())\r\n* 2 FETCH (UID 10 FLAGS ())\r\n* 1 FETCH (UID 7 FLAGS ())\r\nA2 OK\r\n");

  const auto scanned =
      scan(store::ScanRequest{.mailbox = inbox(), .uid_validity = 77, .from = 10, .detail = {.flags = true}});

  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->result.uids.to_string(), "10,12");
}

TEST_F(QuirkDialogue, X22CountsAsStoredWithoutAUid) {
  open("LITERAL+ UIDPLUS");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3+}\r\none\r\nA3 APPEND INBOX {3+}\r\ntwo\r\n");
  peer_->send("A1 OK\r\nA2 OK APPEND completed.\r\nA3 OK [APPENDUID 77] APPEND completed.\r\n");

  EXPECT_THAT(*append({"one", "two"}), ElementsAre("1: stored", "2: stored"));
}

TEST_F(QuirkDialogue, X28ReadsNothingByUidsOfBefore) {
  open("");
  peer_->expect(examine_and_fetch("1")).send("* 9 EXISTS\r\n* OK [UIDVALIDITY 78] valid\r\nA1 OK\r\n");
  peer_->send(message(1, "another one")).send("A2 OK\r\n");

  EXPECT_THAT(*read("1", 77), ElementsAre("failed: UIDVALIDITY of INBOX changed from 77 to 78, missing 1"));
}

TEST_F(QuirkDialogue, Y1GoesOnWhereAnAnswerWasCutShort) {
  open("MESSAGELIMIT=3");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n").send(kExamined);
  peer_->send("* 9 FETCH (UID 40 FLAGS ())\r\n* 8 FETCH (UID 30 FLAGS ())\r\n* 7 FETCH (UID 20 FLAGS (a))\r\n");
  peer_->send("A2 OK [MESSAGELIMIT 3 20] FETCH completed with 3 partial results\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:19 (FLAGS)\r\n");
  peer_->send("* 10 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA3 OK\r\n* 7 FETCH (UID 20 FLAGS (b))\r\n");
  peer_->send("* 6 FETCH (UID 9 FLAGS ())\r\n* 5 FETCH (UID 8 FLAGS ())\r\n* 4 FETCH (UID 7 FLAGS ())\r\n");
  peer_->send("A4 OK [MESSAGELIMIT 3 7] FETCH completed with 3 partial results\r\n");
  peer_->expect("A5 EXAMINE INBOX\r\nA6 UID FETCH 1:6 (FLAGS)\r\n");
  peer_->send("* 10 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA5 OK\r\n* 3 FETCH (UID 5 FLAGS ())\r\n");
  peer_->send("* 2 FETCH (UID 4 FLAGS ())\r\n* 1 FETCH (UID 3 FLAGS ())\r\nA6 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned) << scanned.error().describe();
  EXPECT_EQ(scanned->result.uids.to_string(), "3:5,7:9,20,30,40");
  EXPECT_EQ(scanned->messages.size(), 9U);
  EXPECT_EQ(scanned->result.status.messages, 9U);
}

TEST_F(QuirkDialogue, Y1GoesOnWhereASearchWasCutShort) {
  open("MESSAGELIMIT=3 ESEARCH");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH RETURN (ALL) UID 1:*\r\n").send("* 4 EXISTS\r\nA1 OK\r\n");
  peer_->send(
      "* ESEARCH (TAG \"A2\") UID ALL 7:9\r\nA2 OK [MESSAGELIMIT 3 7] SEARCH completed with 3 partial results\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:6 (UID)\r\n");
  peer_->send("* 4 EXISTS\r\nA3 OK\r\n* 1 FETCH (UID 2)\r\nA4 OK\r\n");

  EXPECT_EQ(scan(store::ScanDetail{})->result.uids.to_string(), "2,7:9");
}

TEST_F(QuirkDialogue, Y1TakesNoAnswerWhoseRestItCannotAskFor) {
  for (const auto* end : {"A2 OK [MESSAGELIMIT 3 9] the oldest first\r\n", "A2 NO [MESSAGELIMIT 3] too many\r\n"}) {
    open("MESSAGELIMIT=3");
    peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n").send(kExamined);
    peer_->send("* 1 FETCH (UID 7 FLAGS ())\r\n* 2 FETCH (UID 8 FLAGS ())\r\n* 3 FETCH (UID 9 FLAGS ())\r\n").send(end);

    const auto scanned = scan(store::ScanDetail{.flags = true});

    ASSERT_FALSE(scanned);
    EXPECT_EQ(scanned.error().scope, Scope::mailbox);
    EXPECT_EQ(peer_->verdict(), "");
  }
}

TEST_F(QuirkDialogue, Y1NamesNoMoreThanTheServerHandles) {
  open("MESSAGELIMIT=3 MULTIAPPEND LITERAL+");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:3 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->expect("A3 UID FETCH 4,6 (FLAGS INTERNALDATE BODY.PEEK[])\r\n").send(kExamined);
  for (const Uid uid : {1U, 2U, 3U})
    peer_->send(message(uid, "x"));
  peer_->send("A2 OK\r\n").send(message(4, "y")).send("A3 OK\r\n");
  peer_->expect("A4 APPEND INBOX {1+}\r\na {1+}\r\nb {1+}\r\nc\r\nA5 APPEND INBOX {1+}\r\nd\r\n");
  peer_->send("A4 OK\r\nA5 OK\r\n");

  EXPECT_EQ(read("1:4,6")->back(), "done, missing 6");
  reader_.reset();
  EXPECT_THAT(*append({"a", "b", "c", "d"}), ElementsAre("1 2 3: stored", "4: stored"));
}

TEST_F(QuirkDialogue, Y3AsksOneByOneBehindANo) {
  open("");
  peer_->expect(examine_and_fetch("1:3")).send(kExamined).send(message(1, "one"));
  peer_->send("A2 NO [UNAVAILABLE] UID FETCH Server error while fetching messages\r\n");
  peer_->expect("A3 UID FETCH 2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send("A3 NO [UNAVAILABLE] UID FETCH Server error while fetching messages\r\n");
  peer_->expect("A4 UID FETCH 3 (FLAGS INTERNALDATE BODY.PEEK[])\r\n").send(message(3, "three")).send("A4 OK\r\n");

  EXPECT_THAT(*read("1:3"), ElementsAre(HasSubstr("one"), ::testing::EndsWith("missing 2:3")));
  EXPECT_THAT(*read("2"), ElementsAre(::testing::EndsWith("missing 2")));
  EXPECT_THAT(*read("3"), ElementsAre(HasSubstr("three"), "done"));
}

TEST_F(QuirkDialogue, Y5AsksForNoChangesSinceZero) {
  open("CONDSTORE");
  peer_->expect("A1 EXAMINE INBOX (CONDSTORE)\r\nA2 UID FETCH 1:* (FLAGS)\r\n");
  peer_->send("* 1 EXISTS\r\nA1 OK\r\n* 1 FETCH (UID 4 FLAGS ())\r\nA2 OK\r\n");

  EXPECT_TRUE(scan(store::ScanRequest{.mailbox = inbox(), .changed_since = 0, .detail = {.flags = true}}));
}

TEST_F(QuirkDialogue, Z1DropsZerosInSets) {
  open("LITERAL+ UIDPLUS");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3+}\r\none\r\n");
  peer_->send("A1 OK\r\nA2 OK [APPENDUID 77 0] stored\r\n");

  EXPECT_THAT(*append({"one"}), ElementsAre("1: stored"));
}

TEST_F(QuirkDialogue, Z2EndsNoMessageOfAnotherSizeThanAnnounced) {
  for (const auto* wrong : {"{4}\r\none)\r\nA2 OK\r\n", "{2}\r\none)\r\nA2 OK\r\n"}) {
    open("");
    reader_.reset();
    peer_->expect(examine_and_fetch("1")).send(kExamined);
    peer_->send(fmt::format("* 1 FETCH (UID 1 FLAGS () {} BODY[] {}", kDate, wrong));

    const auto lines = read("1");

    ASSERT_FALSE(lines);
    EXPECT_EQ(lines.error().scope, Scope::account);
    EXPECT_EQ(lines.error().retry, Retry::now);
    EXPECT_THAT(read_lines(), IsEmpty());
    EXPECT_TRUE(is_given_up());
    EXPECT_EQ(peer_->verdict(), "");
  }
}

TEST_F(QuirkDialogue, Z3TakesBadForNoMessages) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n");
  peer_->send("* 0 EXISTS\r\nA1 OK\r\nA2 BAD Bogus sequence in UID FETCH\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned);
  EXPECT_TRUE(scanned->result.uids.empty());
}

TEST_F(QuirkDialogue, Z4ReadsAMessageWithoutADate) {
  open("");
  peer_->expect(examine_and_fetch("1")).send(kExamined);
  peer_->send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"yesterday\" BODY[] {3}\r\none)\r\nA2 OK\r\n");
  peer_->expect("A3 UID FETCH 1 (FLAGS INTERNALDATE)\r\nA4 UID FETCH 1 (BODY.PEEK[])\r\n");
  peer_->send(
      "* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL)\r\nA3 OK\r\n* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\nA4 OK\r\n");

  EXPECT_THAT(*read("1"), ElementsAre("1 () undated 3: one", "done"));
}

TEST_F(QuirkDialogue, Z5FetchesTheUidsWhereASearchFindsTooFew) {
  open("ESEARCH");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH RETURN (ALL) UID 1:*\r\n").send("* 3 EXISTS\r\nA1 OK\r\n");
  peer_->send("* ESEARCH (TAG \"A2\") UID ALL 4\r\nA2 OK\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:* (UID)\r\n").send("* 3 EXISTS\r\nA3 OK\r\n");
  peer_->send("* 1 FETCH (UID 4)\r\n* 2 FETCH (UID 5)\r\n* 3 FETCH (UID 8)\r\nA4 OK\r\n");

  EXPECT_EQ(scan(store::ScanDetail{})->result.uids.to_string(), "4:5,8");
}

TEST_F(QuirkDialogue, Z7TellsOfMessagesThatAreCountedAndNotListed) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n").send("* 4 EXISTS\r\nA1 OK\r\n");
  peer_->send("* 1 FETCH (UID 4 FLAGS ())\r\nA2 OK\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:* (FLAGS)\r\n").send("* 4 EXISTS\r\nA3 OK\r\n");
  peer_->send("* 1 FETCH (UID 4 FLAGS ())\r\n* 2 FETCH (UID 5 FLAGS ())\r\n* 4 EXPUNGE\r\nA4 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  EXPECT_EQ(scanned->result.uids.to_string(), "4:5");
  EXPECT_EQ(scanned->messages.size(), 2U);
  EXPECT_EQ(scanned->result.unlisted, 1U) << "the fourth was expunged meanwhile";
}

/// Neither that nor what arrives makes up for the one that is left out.
TEST_F(QuirkDialogue, Z7LooksAgainWhereAListedMessageIsExpunged) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n")
      .send("* 3 EXISTS\r\n* OK [UIDNEXT 9] x\r\nA1 OK\r\n* 1 FETCH (UID 4 FLAGS ())\r\n* 3 FETCH (UID 8 FLAGS ())\r\n")
      .send("* 1 EXPUNGE\r\n* 3 EXISTS\r\n* 3 FETCH (UID 9 FLAGS ())\r\nA2 OK\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:* (FLAGS)\r\n").send("* 3 EXISTS\r\nA3 OK\r\n");
  peer_->send("* 1 FETCH (UID 5 FLAGS ())\r\n* 2 FETCH (UID 8 FLAGS ())\r\n* 3 FETCH (UID 9 FLAGS ())\r\nA4 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.flags = true});

  EXPECT_TRUE(scanned->result.uids.contains(5));
  EXPECT_EQ(scanned->result.unlisted, 0U);
}

/// No count could tell.
TEST_F(QuirkDialogue, Z5DoesNotSearchWhereOnlyAPartIsAskedFor) {
  open("ESEARCH");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 5:* (UID)\r\n").send("* 3 EXISTS\r\nA1 OK\r\n");
  peer_->send("* 2 FETCH (UID 5)\r\n* 3 FETCH (UID 8)\r\nA2 OK\r\n");

  EXPECT_EQ(scan(store::ScanRequest{.mailbox = inbox(), .from = 5})->result.uids.to_string(), "5,8");
}

TEST_F(QuirkDialogue, Z6TakesOnlyTheFieldsItAskedFor) {
  const std::string asked = "Message-ID: <1@here>\r\nSubject: one\r\n\r\n";
  const std::string whole = "X-Spam: no\r\nMessage-ID: <1@here>\r\nDKIM-Signature: a;\r\n b\r\nSubject: one\r\n\r\n";
  open("");
  peer_->expect(fmt::format("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* ({})\r\n", kIdentity))
      .send("* 2 EXISTS\r\nA1 OK\r\n");
  Uid uid = 0;
  for (const auto& header : {asked, whole}) {
    ++uid;
    peer_->send(fmt::format("* {0} FETCH (UID {0} BODY[HEADER.FIELDS (Message-ID Date)] {{{1}}}\r\n{2})\r\n", uid,
                            header.size(), header));
  }
  peer_->send("A2 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.identity = true});

  ASSERT_TRUE(scanned);
  ASSERT_EQ(scanned->messages.size(), 2U);
  EXPECT_EQ(scanned->messages[0].identity, scanned->messages[1].identity);
}

}  // namespace
}  // namespace mailferry::test
