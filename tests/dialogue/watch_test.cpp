// Waiting for news, octet by octet: one mailbox with IDLE, several with NOTIFY.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSet =
    " NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (Work Lists) (MessageNew MessageExpunge))"
    "\r\n";
constexpr const char* kAsSeen =
    "* STATUS Work (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 8)\r\n* STATUS Lists (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 9)\r\n";

class Watching : public SessionDialogue {
 protected:
  static std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 5s; }
  static store::Watched watched(const char* name, UidValidity validity, Uid next, bool flags = false) {
    return {.mailbox = MailboxPath::split(name, '/'), .uid_validity = validity, .uid_next = next, .flags = flags};
  }
  /// INBOX, Work and Lists as they were seen; Lists never had a message.
  static std::vector<store::Watched> three() {
    return {watched("INBOX", 7, 3), watched("Work", 8, 5), watched("Lists", 9, 0)};
  }
  Result<bool> watch(std::chrono::steady_clock::time_point until = soon()) {
    const auto inbox = watched("INBOX", 7, 3);
    return run(session_->watcher()->watch(inbox, until));
  }
  Result<std::vector<std::size_t>> watch_many(const std::vector<store::Watched>& mailboxes = three(),
                                              std::chrono::steady_clock::time_point until = soon()) {
    return run(session_->many_watcher()->watch_many(mailboxes, until));
  }
  /// INBOX is as it was seen.
  void examine(int number, Uid next = 3) {
    peer_->expect(fmt::format("A{} EXAMINE INBOX\r\n", number));
    peer_->send(fmt::format("* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\nA{} OK in\r\n", next, number));
  }
  void set(int number, const std::string& answer = kAsSeen) {
    peer_->expect(fmt::format("A{}{}", number, kSet)).send(answer + fmt::format("A{} OK\r\n", number));
  }
  void idle(int number, const std::string& told) {
    peer_->expect(fmt::format("A{} IDLE\r\n", number)).send("+ whatever\r\n" + told).expect("DONE\r\n");
    peer_->send(fmt::format("A{} OK\r\n", number));
  }
  void none(int number) {
    peer_->expect(fmt::format("A{} NOTIFY NONE\r\n", number)).send(fmt::format("A{} OK\r\n", number));
  }
};

TEST_F(Watching, IdleEndsWithTheNews) {
  open("IDLE");
  examine(1);
  idle(2, "* 3 EXISTS\r\n");

  EXPECT_TRUE(watch().value());
  EXPECT_EQ(peer_->verdict(), "");
}

/// One packet may hold all of it.
TEST_F(Watching, NewsBeforeTheContinuationEndIdleToo) {
  open("IDLE");
  examine(1);
  peer_->expect("A2 IDLE\r\n").send("* 3 EXISTS\r\n+ idling\r\n").expect("DONE\r\n").send("A2 OK\r\n");

  EXPECT_TRUE(watch().value());
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, WhatCameSinceTheLookIsNewsWithoutIdle) {
  open("IDLE");
  examine(1, 4);

  EXPECT_TRUE(watch().value());
}

/// Its owner knows no UIDNEXT of it.
TEST_F(Watching, TheFirstMessageOfAMailboxIsNewsWithoutIdle) {
  open("IDLE");
  examine(1, 2);
  const auto empty = watched("INBOX", 7, 0);

  EXPECT_TRUE(run(session_->watcher()->watch(empty, soon())).value());
}

TEST_F(Watching, IdleIsEndedWhenItIsTime) {
  open("IDLE");
  examine(1);
  idle(2, "");

  EXPECT_FALSE(watch(std::chrono::steady_clock::now()).value());
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, SeveralNeedNotifyAndIdle) {
  open("IDLE");
  EXPECT_EQ(session_->many_watcher(), nullptr);
  open("NOTIFY");
  EXPECT_EQ(session_->many_watcher(), nullptr);
  open("NOTIFY IDLE");
  EXPECT_NE(session_->many_watcher(), nullptr);
}

TEST_F(Watching, AStatusWakesTheRightMailbox) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  idle(3, "* STATUS Lists (MESSAGES 1 UIDNEXT 2)\r\n");
  none(4);

  EXPECT_THAT(watch_many().value(), ElementsAre(2U));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, TheOpenMailboxTellsByItself) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  idle(3, "* 3 EXISTS\r\n* STATUS Work (MESSAGES 5 UIDNEXT 6)\r\n");
  none(4);

  EXPECT_THAT(watch_many().value(), ElementsAre(0U, 1U));
}

/// The server brings the open mailbox up to date with any command; IDLE would not tell it again.
TEST_F(Watching, WhatTheOpenMailboxTellsBeforeIdleCounts) {
  open("NOTIFY IDLE");
  examine(1);
  set(2, std::string(kAsSeen) + "* 3 EXISTS\r\n");
  none(3);

  EXPECT_THAT(watch_many().value(), ElementsAre(0U));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, WhatCameSinceTheLookIsInTheFirstAnswer) {
  open("NOTIFY IDLE");
  examine(1);
  set(2, "* STATUS Lists (UIDNEXT 1 UIDVALIDITY 9)\r\n* STATUS Work (MESSAGES 9 UIDNEXT 10 UIDVALIDITY 8)\r\n");
  none(3);

  EXPECT_THAT(watch_many().value(), ElementsAre(1U));
  EXPECT_EQ(peer_->verdict(), "");
}

/// Renamed away, and another one has its name.
TEST_F(Watching, AnotherValidityIsNews) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  idle(3, "* STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 99)\r\n");
  none(4);

  EXPECT_THAT(watch_many().value(), ElementsAre(1U));
}

TEST_F(Watching, WhatIsToldAgainOrIsNoNewsDoesNotWake) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  idle(3, std::string(kAsSeen) +
              "* STATUS Work (MESSAGES 3 UNSEEN 0)\r\n* STATUS Other (UIDNEXT 77)\r\n* OK Still here\r\n");
  none(4);

  EXPECT_THAT(watch_many(three(), std::chrono::steady_clock::now()).value(), IsEmpty());
  EXPECT_EQ(peer_->verdict(), "");
}

/// STATUS counts more than there is to be seen: one look, not an endless row of them.
TEST_F(Watching, AStatusThatNeverAgreesIsNewsOnce) {
  open("NOTIFY IDLE");
  const std::string status = "* STATUS Lists (UIDNEXT 1 UIDVALIDITY 9)\r\n* STATUS Work (UIDNEXT 50 UIDVALIDITY 8)\r\n";
  examine(1);
  set(2, status);
  none(3);
  EXPECT_THAT(watch_many().value(), ElementsAre(1U));

  examine(4);
  set(5, status);
  idle(6, "");
  none(7);
  EXPECT_THAT(watch_many(three(), std::chrono::steady_clock::now()).value(), IsEmpty());
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, FlagsAreAskedForAndNewsOnlyWhereTheyCount) {
  open("NOTIFY IDLE");
  examine(1);
  peer_->expect(
      "A2 NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) "
      "(mailboxes (Work Lists) (MessageNew MessageExpunge FlagChange))\r\n");
  peer_->send("* STATUS Work (UIDNEXT 5 UIDVALIDITY 8 HIGHESTMODSEQ 20)\r\n");
  peer_->send("* STATUS Lists (UIDNEXT 1 UIDVALIDITY 9 HIGHESTMODSEQ 20)\r\nA2 OK\r\n");
  idle(3, "* STATUS Lists (HIGHESTMODSEQ 21)\r\n* STATUS Work (HIGHESTMODSEQ 21)\r\n");
  none(4);

  const std::vector<store::Watched> mailboxes{watched("INBOX", 7, 3), watched("Work", 8, 5, true),
                                              watched("Lists", 9, 0)};
  EXPECT_THAT(watch_many(mailboxes).value(), ElementsAre(1U));
  EXPECT_EQ(peer_->verdict(), "");
}

class RefusedNotify : public Watching, public testing::WithParamInterface<const char*> {};

TEST_P(RefusedNotify, IsAnErrorOfTheMailboxes) {
  open("NOTIFY IDLE");
  examine(1);
  peer_->expect(std::string("A2") + kSet).send(GetParam());

  const auto news = watch_many();

  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().scope, Scope::mailbox);
  EXPECT_THAT(news.error().message, HasSubstr("NOTIFY"));
}

INSTANTIATE_TEST_SUITE_P(Servers, RefusedNotify,
                         testing::Values("A2 NO [NOTIFICATIONOVERFLOW] too many\r\n",
                                         "A2 NO [BADEVENT (MessageNew MessageExpunge)] only these\r\n",
                                         "A2 BAD unknown command\r\n", "A2 NO not now\r\n",
                                         "* OK [NOTIFICATIONOVERFLOW] enough\r\nA2 OK\r\n"));

TEST_F(Watching, AServerThatStopsTellingIsAnErrorOfTheMailboxes) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  idle(3, "* OK [NOTIFICATIONOVERFLOW] enough\r\n");

  const auto news = watch_many();

  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().scope, Scope::mailbox);
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, ALostConnectionIsAnErrorOfTheAccount) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  peer_->expect("A3 IDLE\r\n").send("+ idling\r\n").close();

  const auto news = watch_many();

  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().scope, Scope::account);
}

/// Nothing came for the whole wait, and DONE is not answered either.
TEST_F(Watching, AServerThatIsGoneIsNoticedAtTheRefresh) {
  open("NOTIFY IDLE");
  examine(1);
  set(2);
  peer_->expect("A3 IDLE\r\n").send("+ idling\r\n").expect("DONE\r\n").stall();

  const auto news = watch_many(three(), std::chrono::steady_clock::now() + 10ms);

  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().kind, ErrorKind::timeout);
}

/// Nobody waits until the refresh of IDLE for the answer to DONE.
TEST_F(Watching, AServerThatDoesNotEndIdleIsNoticed) {
  peer_ = std::make_unique<ScriptedPeer>(context_);
  peer_->send("* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\r\n");
  connection_ = std::make_unique<client::ImapConnection>(peer_->transport(), net::Timeouts{.response = 20ms});
  ASSERT_TRUE(greet());
  begin_session();
  examine(1);
  peer_->expect("A2 IDLE\r\n").send("+ idling\r\n* 3 EXISTS\r\n").expect("DONE\r\n").send("* 4 EXISTS\r\n");
  peer_->expect("never\r\n");

  const auto news = watch(std::chrono::steady_clock::now() + 1h);

  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().kind, ErrorKind::timeout);
  EXPECT_THAT(news.error().message, HasSubstr("does not end IDLE"));
  EXPECT_TRUE(peer_->is_closed_by_client());
}

/// Its owner looks, and finds out why.
TEST_F(Watching, AMailboxThatCannotBeOpenedAnyMoreIsNewsOnce) {
  open("NOTIFY IDLE");
  peer_->expect("A1 EXAMINE INBOX\r\n").send("A1 NO [NONEXISTENT] gone\r\n");
  EXPECT_THAT(watch_many().value(), ElementsAre(0U));

  peer_->expect("A2 EXAMINE INBOX\r\n").send("A2 NO [NONEXISTENT] gone\r\n");
  EXPECT_FALSE(watch_many());
}

/// Quirk o31.
TEST_F(Watching, NamesAreTriedInUtf8WhereTheyAreNotToldOf) {
  open("NOTIFY IDLE LITERAL+");
  const std::vector<store::Watched> mailboxes{watched("INBOX", 7, 3), watched("Entw\xc3\xbcrfe", 8, 5)};
  const std::string set_utf8 =
      " NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes ({9+}\r\nEntw\xc3\xbcrfe) "
      "(MessageNew MessageExpunge))\r\n";
  examine(1);
  peer_->expect(
      "A2 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (Entw&APw-rfe) "
      "(MessageNew MessageExpunge))\r\n");
  peer_->send("A2 OK\r\n").expect("A3" + set_utf8);
  peer_->send("* STATUS {9}\r\nEntw\xc3\xbcrfe (UIDNEXT 6 UIDVALIDITY 8)\r\nA3 OK\r\n");
  none(4);
  EXPECT_THAT(watch_many(mailboxes).value(), ElementsAre(1U));

  examine(5);  // from now on without asking
  peer_->expect("A6" + set_utf8).send("* STATUS {9}\r\nEntw\xc3\xbcrfe (UIDNEXT 7 UIDVALIDITY 8)\r\nA6 OK\r\n");
  none(7);
  EXPECT_THAT(watch_many(mailboxes).value(), ElementsAre(1U));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Watching, NamesInUtf8ThatAreRefusedAreNotTriedAgain) {
  open("NOTIFY IDLE LITERAL+");
  const std::vector<store::Watched> mailboxes{watched("INBOX", 7, 3), watched("\xc3\xbc", 8, 5)};
  const std::string first =
      " NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (&APw-) "
      "(MessageNew MessageExpunge))\r\n";
  examine(1);
  peer_->expect("A2" + first).send("A2 OK\r\n");
  peer_->expect(
      "A3 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes ({2+}\r\n\xc3\xbc) "
      "(MessageNew MessageExpunge))\r\n");
  peer_->send("A3 BAD no such thing\r\n").expect("A4" + first).send("A4 OK\r\n");
  idle(5, "* 3 EXISTS\r\n");
  none(6);
  EXPECT_THAT(watch_many(mailboxes).value(), ElementsAre(0U));

  examine(7);
  peer_->expect("A8" + first).send("* 3 EXISTS\r\nA8 OK\r\n");
  none(9);
  EXPECT_THAT(watch_many(mailboxes).value(), ElementsAre(0U));
  EXPECT_EQ(peer_->verdict(), "");
}

}  // namespace
}  // namespace mailferry::test
