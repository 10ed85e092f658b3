// Listing what a server has, beyond its quirks.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

using ::testing::ElementsAre;

constexpr const char* kPlainList = "A1 LIST \"\" \"*\"\r\nA2 LSUB \"\" \"*\"\r\n";

constexpr const char* kExtendedList =
    "A1 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))\r\n";

class Listing : public SessionDialogue {
 protected:
  Result<std::uint64_t> unreadable() {
    auto listed = run(session_->list(false));
    if (!listed) return std::unexpected(listed.error());
    return listed->unreadable;
  }
  /// A server that lists Sent alone and is asked for INBOX.
  void leave_out_inbox() {
    open("");
    peer_->expect(kPlainList).send("* LIST () \".\" Sent\r\nA1 OK\r\n* LSUB () \".\" INBOX\r\nA2 OK\r\n");
    peer_->expect("A3 STATUS Sent (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
    peer_->send("* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nA3 OK\r\n");
    peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  }
};

TEST_F(Listing, MarksWhatBelongsToOthersAndPutsItLast) {
  open("NAMESPACE LIST-EXTENDED LIST-STATUS");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))\r\n");
  peer_->send("* LIST (\\Noselect) \".\" Public\r\n* LIST (\\Sent) \".\" Public.x\r\n");
  peer_->send("* STATUS Public.x (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n* LIST () \"/\" INBOX\r\n");
  peer_->send("* STATUS INBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\n* LIST (\\Noselect) \"/\" Publications\r\n");
  peer_->send("A2 OK\r\n* NAMESPACE ((\"\" \"/\")) NIL ((\"Public\" \".\"))\r\nA1 OK\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: 4 messages, next 5, validity 6", "Publications: level",
                                   "Public: level foreign", "Public/x: foreign 1 messages, next 2, validity 3"));
  EXPECT_EQ(session_->traits().separator, '/');
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Listing, AsksForAnInboxThatIsNotListed) {
  leave_out_inbox();
  peer_->send("* STATUS inbox (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\nA4 OK\r\n");

  EXPECT_THAT(*list(),
              ElementsAre("INBOX: subscribed 4 messages, next 5, validity 6", "Sent: 1 messages, next 2, validity 3"));
  EXPECT_EQ(session_->traits().separator, '.');
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Listing, HasNoInboxWhereTheServerSaysSo) {
  leave_out_inbox();
  peer_->send("A4 NO [NONEXISTENT] no such mailbox\r\n");

  EXPECT_THAT(*list(), ElementsAre("Sent: 1 messages, next 2, validity 3"));
}

TEST_F(Listing, KeepsAnInboxThatIsRefusedForNow) {
  leave_out_inbox();
  peer_->send("A4 NO [UNAVAILABLE] not now\r\n");

  EXPECT_THAT(*list(), ElementsAre("INBOX: subscribed", "Sent: 1 messages, next 2, validity 3"));
}

TEST_F(Listing, CountsWhatCannotBeRead) {
  open("");
  peer_->expect(kPlainList).send("* LIST (\\Noselect) \"/\" INBOX\r\n* LIST (\\HasNoChildren \"/\" Work\r\n");
  peer_->send("* LIST \"/\" Work3\r\nA1 OK\r\n* LSUB \"/\" Work3\r\nA2 OK\r\n");

  EXPECT_EQ(*unreadable(), 2U);
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Listing, AsksOnceMoreWithoutReturnForWhatCannotBeRead) {
  open("LIST-EXTENDED LIST-STATUS");
  peer_->expect(kExtendedList).send("* LIST () \"/\" INBOX\r\n* LIST (\\Marked \"/\" Work\r\nA1 OK\r\n");
  peer_->expect("A2 LIST \"\" \"*\"\r\nA3 LSUB \"\" \"*\"\r\n");
  peer_->send("* LIST (\\Noselect) \"/\" INBOX\r\n* LIST () \"/\" Work\r\nA2 OK\r\nA3 OK\r\n");
  peer_->expect("A4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\nA5 STATUS Work (MESSAGES UIDNEXT UIDVALIDITY)\r\n");
  peer_->send("A4 OK\r\nA5 OK\r\n");

  EXPECT_EQ(*unreadable(), 0U);
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(Listing, GivesUpAListWithoutEnd) {
  open("");
  peer_->expect(kPlainList);
  for (int line = 0; line < 80; ++line)
    peer_->send("* LIST () \"/\" " + std::string(900'000, 'x') + std::to_string(line) + "\r\n");

  const auto listed = list();

  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::protocol);
  EXPECT_EQ(listed.error().scope, Scope::account);
  EXPECT_EQ(listed.error().retry, Retry::never);
  EXPECT_THAT(listed.error().message, ::testing::HasSubstr("does not end"));
  EXPECT_TRUE(is_given_up());
}

}  // namespace
}  // namespace mailferry::test
