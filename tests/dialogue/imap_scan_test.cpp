// What a scan makes of answers that are odd, though no server is known for them.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

constexpr const char* kIdentity =
    "BODY.PEEK[HEADER.FIELDS (Message-ID Date From To Cc Subject In-Reply-To References Received)]";

class ImapScanDialogue : public SessionDialogue {};

/// It would be taken for a message that is there already, and left out.
TEST_F(ImapScanDialogue, AHeaderThatIsNilIsNotThatOfTheMessageBefore) {
  open("");
  peer_->expect(fmt::format("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* ({})\r\n", kIdentity))
      .send("* 2 EXISTS\r\nA1 OK\r\n")
      .send("* 1 FETCH (UID 1 BODY[HEADER.FIELDS (Message-ID Date)] {26}\r\nMessage-ID: <1@here.now>\r\n)\r\n")
      .send("* 2 FETCH (UID 2 BODY[HEADER.FIELDS (Message-ID Date)] NIL)\r\nA2 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.identity = true});

  ASSERT_TRUE(scanned);
  ASSERT_EQ(scanned->messages.size(), 2U);
  EXPECT_FALSE(scanned->messages[0].identity == scanned->messages[1].identity);
  EXPECT_TRUE(scanned->messages[1].identity.weak) << "its body has to decide";
}

/// RFC 9051 §2.3.1.1: UIDNEXT is as wide, and nothing could come behind it.
TEST_F(ImapScanDialogue, TheHighestNumberIsNoUid) {
  open("");
  for (const int tag : {1, 3}) {
    if (tag == 1) peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n");
    if (tag == 3) peer_->expect("A3 EXAMINE INBOX\r\nA4 UID FETCH 1:* (FLAGS)\r\n");
    peer_->send(fmt::format("* 2 EXISTS\r\nA{} OK\r\n", tag))
        .send("* 1 FETCH (UID 7 FLAGS ())\r\n* 2 FETCH (UID 4294967295 FLAGS ())\r\n")
        .send(fmt::format("A{} OK\r\n", tag + 1));
  }

  const auto scanned = scan(store::ScanDetail{.flags = true});

  ASSERT_TRUE(scanned);
  ASSERT_EQ(scanned->messages.size(), 1U);
  EXPECT_EQ(scanned->messages[0].uid, 7U);
}

/// Another client changes flags: it says nothing of the date, and must not stand for the answer.
TEST_F(ImapScanDialogue, AChangeOfFlagsIsNoAnswerToAQuestionForTheDate) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (INTERNALDATE)\r\n").send("* 1 EXISTS\r\nA1 OK\r\n");
  peer_->send("* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n")
      .send("* 1 FETCH (UID 7 INTERNALDATE \"17-Jul-2021 02:44:25 -0700\")\r\nA2 OK\r\n");

  const auto scanned = scan(store::ScanDetail{.date = true});

  ASSERT_TRUE(scanned);
  ASSERT_EQ(scanned->messages.size(), 1U);
  EXPECT_TRUE(scanned->messages[0].is_dated);
}

/// RFC 9051 §7.1: the user has to see it.
TEST_F(ImapScanDialogue, AnAlertIsToldOnceAndCannotWriteOnTheTerminal) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n")
      .send(
          "* 0 EXISTS\r\n* OK [ALERT] Closed on Monday\x1b[2J.\r\nA1 OK [ALERT] Closed on Monday\x1b[2J.\r\nA2 OK\r\n");
  testing::internal::CaptureStderr();

  const auto scanned = scan(store::ScanDetail{.flags = true});

  const auto told = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(scanned);
  EXPECT_THAT(told, ::testing::HasSubstr("the server wants you to know: Closed on Monday?[2J."));
  EXPECT_EQ(told.find("Monday"), told.rfind("Monday"));
}

}  // namespace
}  // namespace mailferry::test
