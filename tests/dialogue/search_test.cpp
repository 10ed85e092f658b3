// How messages are looked for by their Message-IDs: many at a time, and one by one where a server refuses that.
#include "dialogue/session_dialogue.hpp"

namespace mailferry::test {
namespace {

class Search : public SessionDialogue {
 protected:
  Result<std::string> find(const std::vector<std::string>& message_ids) {
    auto found = run(session_->searcher()->find_message_ids(inbox(), message_ids));
    if (!found) return std::unexpected(found.error());
    return found->to_string();
  }
  void TearDown() override { EXPECT_EQ(peer_->verdict(), ""); }
};

TEST_F(Search, AsksForSeveralInOneCommand) {
  open("ESEARCH");
  peer_->expect(
      "A1 EXAMINE INBOX\r\n"
      "A2 UID SEARCH RETURN (ALL) OR HEADER Message-ID <1@a> OR HEADER Message-ID <2@a> HEADER Message-ID <3@a>\r\n");
  peer_->send("* 9 EXISTS\r\nA1 OK\r\n* ESEARCH (TAG \"A2\") UID ALL 4,7\r\nA2 OK\r\n");

  EXPECT_EQ(find({"<1@a>", "<2@a>", "<3@a>"}).value(), "4,7");
}

TEST_F(Search, KeepsLinesShort) {
  const std::string long_id = "<" + std::string(500, 'x') + "@a>";
  open("");
  peer_->expect(
      fmt::format("A1 EXAMINE INBOX\r\nA2 UID SEARCH HEADER Message-ID {0}\r\n"
                  "A3 UID SEARCH OR HEADER Message-ID {0} HEADER Message-ID <2@a>\r\n",
                  long_id));
  peer_->send("A1 OK\r\n* SEARCH 5\r\nA2 OK\r\n* SEARCH\r\nA3 OK\r\n");

  EXPECT_EQ(find({long_id, long_id, "<2@a>"}).value(), "5");
}

TEST_F(Search, AsksOneByOneWhereSeveralAreRefusedAndRemembersThat) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH OR HEADER Message-ID <1@a> HEADER Message-ID <2@a>\r\n");
  peer_->send("A1 OK\r\nA2 BAD OR is too hard\r\n");
  for (const int tag : {3, 6}) {
    peer_->expect(
        fmt::format("A{} EXAMINE INBOX\r\nA{} UID SEARCH HEADER Message-ID <1@a>\r\n"
                    "A{} UID SEARCH HEADER Message-ID <2@a>\r\n",
                    tag, tag + 1, tag + 2));
    peer_->send(fmt::format("A{} OK\r\n* SEARCH 5\r\nA{} OK\r\n* SEARCH 8\r\nA{} OK\r\n", tag, tag + 1, tag + 2));
  }

  EXPECT_EQ(find({"<1@a>", "<2@a>"}).value(), "5,8");
  EXPECT_EQ(find({"<1@a>", "<2@a>"}).value(), "5,8");
}

TEST_F(Search, IsNotAskedMoreOftenWhereTheServerWantsAPause) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH OR HEADER Message-ID <1@a> HEADER Message-ID <2@a>\r\n");
  peer_->send("A1 OK\r\nA2 NO [THROTTLED] slow down\r\n");

  const auto found = find({"<1@a>", "<2@a>"});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::throttled);
}

TEST_F(Search, ForOneThatIsRefusedSaysNothingOfTheOthers) {
  const std::string long_id = "<" + std::string(500, 'x') + "@a>";
  open("");
  for (const int tag : {1, 4}) {
    peer_->expect(
        fmt::format("A{1} EXAMINE INBOX\r\nA{2} UID SEARCH HEADER Message-ID {0}\r\n"
                    "A{3} UID SEARCH HEADER Message-ID {0}\r\n",
                    long_id, tag, tag + 1, tag + 2));
    peer_->send(fmt::format("A{} OK\r\nA{} NO not this one\r\n* SEARCH 5\r\nA{} OK\r\n", tag, tag + 1, tag + 2));
  }

  EXPECT_EQ(find({long_id, long_id}).value(), "5");
  EXPECT_EQ(find({long_id, long_id}).value(), "5");
}

TEST_F(Search, OneByOneIsNoHabitWhereOneOfThemWasWhyItWasRefused) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH OR HEADER Message-ID <1@a> HEADER Message-ID <2@a>\r\n");
  peer_->send("A1 OK\r\nA2 NO not these\r\n");
  peer_->expect(
      "A3 EXAMINE INBOX\r\nA4 UID SEARCH HEADER Message-ID <1@a>\r\nA5 UID SEARCH HEADER Message-ID <2@a>\r\n");
  peer_->send("A3 OK\r\nA4 NO not this one\r\n* SEARCH 5\r\nA5 OK\r\n");
  peer_->expect("A6 EXAMINE INBOX\r\nA7 UID SEARCH OR HEADER Message-ID <2@a> HEADER Message-ID <3@a>\r\n");
  peer_->send("A6 OK\r\n* SEARCH 5 6\r\nA7 OK\r\n");

  EXPECT_EQ(find({"<1@a>", "<2@a>"}).value(), "5");
  EXPECT_EQ(find({"<2@a>", "<3@a>"}).value(), "5:6");
}

TEST_F(Search, ThatIsRefusedAltogetherIsAnError) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH HEADER Message-ID <1@a>\r\n").send("A1 OK\r\nA2 NO not here\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID SEARCH HEADER Message-ID <is-anything-found@mailferry.invalid>\r\n")
      .send("A3 OK\r\nA4 NO not here\r\n");

  const auto found = find({"<1@a>"});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().scope, Scope::mailbox);
}

TEST_F(Search, ForTheOnlyOneThatIsRefusedSaysNothingOfIt) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH HEADER Message-ID <1@a>\r\n").send("A1 OK\r\nA2 NO not this\r\n");
  peer_->expect("A3 EXAMINE INBOX\r\nA4 UID SEARCH HEADER Message-ID <is-anything-found@mailferry.invalid>\r\n")
      .send("A3 OK\r\n* SEARCH\r\nA4 OK\r\n");

  EXPECT_EQ(find({"<1@a>"}).value(), "");
}

TEST_F(Search, ThatIsRefusedForNowIsAnError) {
  open("");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID SEARCH OR HEADER Message-ID <1@a> HEADER Message-ID <2@a>\r\n")
      .send("A1 OK\r\nA2 NO [UNAVAILABLE] not now\r\n");

  EXPECT_FALSE(find({"<1@a>", "<2@a>"}));
}

}  // namespace
}  // namespace mailferry::test
