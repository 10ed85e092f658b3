// What the reader asks for, and what it makes of the answers: exact bytes of both sides.
#include "stores/imap/imap_reader.hpp"

#include "dialogue/imap_dialogue.hpp"

namespace mailferry::stores::imap {
namespace {

using test::Fault;
using test::uids;
using ::testing::ElementsAre;
using Kind = store::ReadStep::Kind;

constexpr const char* kExamined = "* 9 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA1 OK [READ-ONLY] open\r\n";

class ImapReaderDialogue : public test::ImapDialogue {
 protected:
  void begin(std::shared_ptr<test::FaultPlan> plan = {}) {
    connect("", std::move(plan));
    reader_ = std::make_unique<ImapReader>(*connection_, names_, examined_);
    lines_.clear();
  }
  void ask(std::uint64_t ticket, std::string_view wanted, const char* mailbox = "INBOX", UidValidity validity = 77) {
    reader_->request({.ticket = ticket,
                      .mailbox = MailboxPath::split(mailbox, '/'),
                      .uid_validity = validity,
                      .uids = uids(wanted)});
    ++asked_;
  }
  /// Everything until all requests are done, a line a step.
  Result<std::vector<std::string>> read() {
    if (auto greeted = greet(); !greeted) return std::unexpected(greeted.error());
    auto done = test::run_task(context_, read_all());
    if (!done) return std::unexpected(done.error());
    return lines_;
  }

  Task<> read_all() {
    std::string body;
    while (asked_ > 0) {
      CO_TRY(const auto step, reader_->poll());
      if (step.kind == Kind::nothing) CO_CHECK(co_await reader_->wait());
      if (step.kind == Kind::octets) body.append(step.octets.data(), step.octets.size());
      if (step.kind == Kind::message) head_ = reader_->head();
      if (step.kind == Kind::end) lines_.push_back(describe(head_) + " " + std::exchange(body, {}));
      if (step.kind == Kind::done) lines_.push_back(describe(reader_->take_done()));
      if (step.kind == Kind::done) --asked_;
    }
    co_return Result<>{};
  }

  static std::string describe(const store::MessageHead& head) {
    return fmt::format("{}: {} ({}) {} {}", head.ticket, head.uid, head.flags.to_string(),
                       head.date ? head.date->to_string() : "undated", head.octets);
  }
  static std::string describe(const store::ReadDone& done) {
    return fmt::format("{}: {}{}", done.ticket, done.result ? "done" : "failed, " + done.result.error().message,
                       done.missing.empty() ? "" : ", missing " + done.missing.to_string());
  }

  std::string examined_;
  std::unique_ptr<ImapReader> reader_;
  store::MessageHead head_;
  std::vector<std::string> lines_;
  int asked_ = 0;
};

TEST_F(ImapReaderDialogue, AsksForEverythingInOneTurn) {
  begin();
  ask(1, "1:2");
  ask(2, "5,7");
  peer_->expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 UID FETCH 5,7 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {5}\r\nfirst)\r\n")
      .send("* 2 FETCH (FLAGS (a) UID 2 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {0}\r\n)\r\n")
      .send("A2 OK done\r\n")
      .send("* 5 FETCH (BODY[] \"quoted\" FLAGS () UID 7 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n")
      .send("A3 OK done\r\n");

  EXPECT_THAT(*read(),
              ElementsAre("1: 1 (\\Seen) 17-Jul-1996 02:44:25 -0700 5 first", "1: 2 (a) 17-Jul-1996 02:44:25 -0700 0 ",
                          "1: done", "2: 7 () 17-Jul-1996 02:44:25 -0700 6 quoted", "2: done, missing 5"));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(ImapReaderDialogue, TakesAnswersOfTheNextRequestBeforeTheEndOfTheFirst) {  // Dovecot completes late
  begin();
  ask(1, "1");
  ask(2, "2");
  peer_->expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 UID FETCH 2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {1}\r\n1)\r\n")
      .send("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {1}\r\n2)\r\n")
      .send("A3 OK done\r\nA2 OK done\r\n");

  EXPECT_THAT(*read(), ElementsAre("1: 1 () 17-Jul-1996 02:44:25 -0700 1 1", "2: 2 () 17-Jul-1996 02:44:25 -0700 1 2",
                                   "1: done", "2: done"));
}

TEST_F(ImapReaderDialogue, PassesOverWhatItDidNotAskFor) {
  begin();
  ask(1, "1");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("* 10 EXISTS\r\n* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n")
      .send("* 4 FETCH (UID 4 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {5}\r\nother)\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\none)\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\none)\r\n")
      .send("A2 OK done\r\n");

  EXPECT_THAT(*read(), ElementsAre("1: 1 () 17-Jul-1996 02:44:25 -0700 3 one", "1: done"));
}

TEST_F(ImapReaderDialogue, AsksForUidAndDateFirstWhereTheyComeBehindTheBody) {
  begin();
  ask(1, "1");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n")
      .send(kExamined)
      .send("* 1 FETCH (BODY[] {3}\r\none UID 1 FLAGS (a) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA2 OK\r\n")
      .expect("A3 UID FETCH 1 (FLAGS INTERNALDATE)\r\nA4 UID FETCH 1 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 1 FLAGS (a) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA3 OK\r\n")
      .send("* 1 FETCH (BODY[] {3}\r\none UID 1)\r\nA4 OK\r\n");

  EXPECT_THAT(*read(), ElementsAre("1: 1 (a) 17-Jul-1996 02:44:25 -0700 3 one", "1: done"));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(ImapReaderDialogue, NumbersOfMessagesAreForgottenWhenOneIsExpunged) {
  begin();
  ask(1, "1:2");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n")
      .send(kExamined)
      .send("* 1 FETCH (BODY[] {3}\r\none UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA2 OK\r\n")
      .expect("A3 UID FETCH 1:2 (FLAGS INTERNALDATE)\r\nA4 UID FETCH 1:2 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n")
      .send("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA3 OK\r\n")
      .send("* 1 EXPUNGE\r\n* 1 FETCH (BODY[] {3}\r\ntwo UID 2)\r\nA4 OK\r\n")
      .expect("A5 UID FETCH 1:2 (FLAGS INTERNALDATE)\r\nA6 UID FETCH 1:2 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 2 FLAGS (b) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA5 OK\r\n")
      .send("* 1 FETCH (BODY[] {3}\r\ntwo UID 2)\r\nA6 OK\r\n");

  const auto lines = read();

  ASSERT_TRUE(lines) << lines.error().describe();
  EXPECT_THAT(*lines, ElementsAre("1: 2 (b) 17-Jul-1996 02:44:25 -0700 3 two", "1: done, missing 1"))
      << "never the second as the first, nor without its flags";
}

TEST_F(ImapReaderDialogue, GivesUpWhereEachAnswerTakesTheNumbersAway) {
  constexpr const char* kHead = "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n";
  begin();
  ask(1, "1");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n")
      .send(kExamined)
      .send("* 1 FETCH (BODY[] {3}\r\none UID 1)\r\nA2 OK\r\n");
  for (int tag = 3; tag < 9; tag += 2)
    peer_
        ->expect(fmt::format("A{} UID FETCH 1 (FLAGS INTERNALDATE)\r\nA{} UID FETCH 1 (BODY.PEEK[])\r\n", tag, tag + 1))
        .send(kHead)
        .send(
            fmt::format("A{} OK\r\n* 9 EXPUNGE\r\n* 1 FETCH (BODY[] {{3}}\r\none UID 1)\r\nA{} OK\r\n", tag, tag + 1));

  const auto lines = read();

  ASSERT_TRUE(lines) << lines.error().describe();
  EXPECT_THAT(*lines, ElementsAre("1: done, missing 1"));
}

TEST_F(ImapReaderDialogue, EndsNoMessageThatTurnsOutToBeAnother) {
  begin();
  ask(1, "1:2");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n")
      .send(kExamined)
      .send("* 1 FETCH (BODY[] {3}\r\none UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA2 OK\r\n")
      .expect("A3 UID FETCH 1:2 (FLAGS INTERNALDATE)\r\nA4 UID FETCH 1:2 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\nA3 OK\r\n")
      .send("* 1 FETCH (BODY[] {3}\r\ntwo UID 2)\r\nA4 OK\r\n");

  const auto lines = read();

  ASSERT_FALSE(lines.has_value());
  EXPECT_EQ(lines.error().scope, Scope::account);
  EXPECT_TRUE(lines_.empty());
}

TEST_F(ImapReaderDialogue, AMailboxThatTellsNoUidValidityHasNotThatOfTheOneBefore) {
  begin();
  ask(1, "1");
  ask(2, "1", "Sent");
  peer_->expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 EXAMINE Sent\r\nA4 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("A2 OK\r\nA3 OK open\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\ntwo)\r\nA4 OK\r\n");

  EXPECT_THAT(*read(),
              ElementsAre("1: done, missing 1", "2: failed, UIDVALIDITY of Sent changed from 77 to 0, missing 1"));
}

TEST_F(ImapReaderDialogue, TakesAMessageWithoutDateWhenTheServerHasNone) {
  begin();
  ask(1, "1");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n")
      .send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL BODY[] {3}\r\none)\r\nA2 OK\r\n")
      .expect("A3 UID FETCH 1 (FLAGS INTERNALDATE)\r\nA4 UID FETCH 1 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL)\r\nA3 OK\r\n")
      .send("* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\nA4 OK\r\n");

  EXPECT_THAT(*read(), ElementsAre("1: 1 () undated 3 one", "1: done"));
}

TEST_F(ImapReaderDialogue, AMessageWithoutDateLeavesTheOtherRequestsAlone) {
  begin();
  ask(1, "1");
  ask(2, "2");
  peer_->expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 UID FETCH 2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL BODY[] {3}\r\none)\r\nA2 OK\r\n")
      .send("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\ntwo)\r\nA3 OK\r\n")
      .expect("A4 UID FETCH 1 (FLAGS INTERNALDATE)\r\nA5 UID FETCH 1 (BODY.PEEK[])\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL)\r\nA4 OK\r\n")
      .send("* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\nA5 OK\r\n");

  EXPECT_THAT(*read(),
              ElementsAre("2: 2 () 17-Jul-1996 02:44:25 -0700 3 two", "2: done", "1: 1 () undated 3 one", "1: done"));
}

TEST_F(ImapReaderDialogue, DeliversNothingWhenTheUidValidityIsAnotherOne) {
  begin();
  ask(1, "1", "INBOX", 78);
  ask(2, "1", "Sent", 5);
  peer_->expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 EXAMINE Sent\r\nA4 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\none)\r\nA2 OK\r\n")
      .send("* OK [UIDVALIDITY 5] valid\r\nA3 OK open\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\ntwo)\r\nA4 OK\r\n");

  EXPECT_THAT(*read(), ElementsAre("1: failed, UIDVALIDITY of INBOX changed from 78 to 77, missing 1",
                                   "2: 1 () 17-Jul-1996 02:44:25 -0700 3 two", "2: done"));
}

TEST_F(ImapReaderDialogue, GoesOnBehindAMailboxThatCannotBeOpened) {
  begin();
  ask(1, "1", "Gone", 0);
  ask(2, "1", "Sent", 0);
  peer_->expect(
      "A1 EXAMINE Gone\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 EXAMINE Sent\r\nA4 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send("A1 NO [NONEXISTENT] no such mailbox\r\nA2 BAD nothing is open\r\nA3 OK open\r\n")
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\ntwo)\r\nA4 OK\r\n");

  const auto lines = read().value();

  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], ::testing::StartsWith("1: failed, "));
  EXPECT_EQ(lines[1], "2: 1 () 17-Jul-1996 02:44:25 -0700 3 two");
}

TEST_F(ImapReaderDialogue, EndsNoMessageWhoseSizeWasAnnouncedWrongly) {
  begin();
  ask(1, "1");
  peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer_->send(kExamined).send(
      "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\nlonger)\r\nA2 OK\r\n");

  const auto lines = read();

  ASSERT_FALSE(lines.has_value());
  EXPECT_EQ(lines.error().scope, Scope::account);
  EXPECT_TRUE(lines_.empty());
}

/// A peer for the runs below: two mailboxes, three messages.
void play(test::ScriptedPeer& peer) {
  peer.expect(
      "A1 EXAMINE INBOX\r\nA2 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "A3 EXAMINE Sent\r\nA4 UID FETCH 8 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  peer.send(kExamined)
      .send("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {5}\r\nfirst)\r\n")
      .send("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {6}\r\nsecond)\r\n")
      .send("A2 OK\r\nA3 OK\r\n")
      .send("* 1 FETCH (UID 8 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {5}\r\nthird)\r\nA4 OK\r\n");
}

TEST_F(ImapReaderDialogue, ReadsTheSameHoweverTheNetworkCuts) {
  const std::vector<std::string> expected = {"1: 1 () 17-Jul-1996 02:44:25 -0700 5 first",
                                             "1: 2 () 17-Jul-1996 02:44:25 -0700 6 second", "1: done",
                                             "2: 8 () 17-Jul-1996 02:44:25 -0700 5 third", "2: done"};
  for (const std::size_t octets : {1U, 2U, 3U, 7U, 64U, 4096U}) {
    begin();
    ask(1, "1:2");
    ask(2, "8", "Sent", 0);
    peer_->fragment(octets);
    play(*peer_);

    EXPECT_EQ(read().value(), expected) << octets;
  }
}

TEST_F(ImapReaderDialogue, EndsAtEachPointWhereTheConnectionMayBreak) {
  for (const auto fault : {Fault::eof, Fault::reset, Fault::timeout, Fault::garbage, Fault::short_write}) {
    for (std::size_t at = 0;; ++at) {
      auto plan = std::make_shared<test::FaultPlan>(test::FaultPlan{.fault = fault, .at = at});
      asked_ = 0;
      begin(plan);
      ask(1, "1:2");
      ask(2, "8", "Sent", 0);
      peer_->fragment(40);
      play(*peer_);

      const auto lines = read();

      if (!plan->has_fired) break;
      // Garbage between responses is passed over; everything else is an error of the connection, never a hang.
      if (lines) {
        EXPECT_EQ(fault, Fault::garbage);
      } else {
        EXPECT_EQ(lines.error().scope, Scope::account) << at << " " << lines.error().describe();
      }
      for (const auto& line : lines_)
        EXPECT_TRUE(line.contains("first") || line.contains("second") || line.contains("third") ||
                    line.contains("done") || line.contains("failed"))
            << line;
    }
  }
}

}  // namespace
}  // namespace mailferry::stores::imap
