// What the appender sends, and what it makes of the answers: exact bytes of both sides.
#include "stores/imap/imap_appender.hpp"

#include "dialogue/imap_dialogue.hpp"

namespace mailferry::stores::imap {
namespace {

using test::Fault;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kAll = "LITERAL+ MULTIAPPEND UIDPLUS";
const MailboxPath kInbox = MailboxPath::split("INBOX", '/');
const MailboxPath kSent = MailboxPath::split("Sent", '/');

class ImapAppenderDialogue : public test::ImapDialogue {
 protected:
  void begin(const std::string& capabilities, BatchLimits limits = {}, std::shared_ptr<test::FaultPlan> plan = {},
             std::size_t window = 1000) {
    connect(capabilities, std::move(plan));
    last_token_ = 0;
    outcomes_.clear();
    const auto greeted = greet();
    appender_ = std::make_unique<ImapAppender>(*connection_, names_, window, limits);
    if (!greeted) appender_->close();
  }

  /// As the worker does it: at once where that is possible.
  Task<> carry(MailboxPath mailbox, std::string body, bool alone = false) {
    store::MessageHead head{.ticket = 1, .uid = 1, .flags = {}, .date = {}, .octets = body.size()};
    const auto token = ++last_token_;
    if (!appender_->try_begin(mailbox, head, token, alone))
      CO_CHECK(co_await appender_->begin(mailbox, head, token, alone));
    if (!appender_->try_write(body)) CO_CHECK(co_await appender_->write(body));
    CO_CHECK(appender_->end());
    take_outcomes();
    co_return Result<>{};
  }
  Task<> drain() {
    auto drained = co_await appender_->drain();
    take_outcomes();
    co_return drained;
  }
  void take_outcomes() {
    for (const auto& outcome : appender_->take_outcomes())
      outcomes_.push_back(fmt::format("{}: {}", fmt::join(outcome.tokens, " "),
                                      outcome.result ? outcome.uids.empty() ? "stored" : outcome.uids.to_string()
                                                     : outcome.result.error().message));
  }
  Result<> run(Task<> task) { return test::run_task(context_, std::move(task)); }

  std::unique_ptr<ImapAppender> appender_;
  std::uint64_t last_token_ = 0;
  std::vector<std::string> outcomes_;
};

TEST_F(ImapAppenderDialogue, SendsABatchAsOneCommand) {
  begin(kAll);
  peer_->expect("A1 APPEND INBOX {3+}\r\none {3+}\r\ntwo\r\nA2 APPEND Sent {5+}\r\nthree\r\n")
      .send("A1 OK [APPENDUID 9 4:5] stored\r\nA2 OK [APPENDUID 3 1] stored\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(carry(kSent, "three")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("1 2: 4:5", "3: 1"));
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(ImapAppenderDialogue, SendsAMessageThatIsToGoAloneAlone) {
  begin(kAll);
  peer_->expect("A1 APPEND INBOX {3+}\r\none\r\nA2 APPEND INBOX {3+}\r\ntwo\r\nA3 APPEND INBOX {5+}\r\nthree\r\n")
      .send("A1 OK [APPENDUID 9 4] a\r\nA2 OK [APPENDUID 9 5] b\r\nA3 OK [APPENDUID 9 6] c\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two", true)));
  ASSERT_TRUE(run(carry(kInbox, "three")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("1: 4", "2: 5", "3: 6"));
}

TEST_F(ImapAppenderDialogue, SelectsTheMailboxAndPipelinesWithoutMultiappend) {
  begin("LITERAL+ UIDPLUS");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3+}\r\none\r\nA3 APPEND INBOX {3+}\r\ntwo\r\n")
      .send("* 0 EXISTS\r\nA1 OK open\r\n* 1 EXISTS\r\nA2 OK [APPENDUID 9 4] a\r\nA3 OK [APPENDUID 9 5] b\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("1: 4", "2: 5"));
}

TEST_F(ImapAppenderDialogue, WaitsForTheServerWithoutNonSynchronizingLiterals) {
  begin("MULTIAPPEND UIDPLUS");
  peer_->expect("A1 APPEND INBOX {3}\r\n")
      .send("+ go on\r\n")
      .expect("one {3}\r\n")
      .send("+ go on\r\n")
      .expect("two\r\n")
      .send("A1 OK [APPENDUID 9 4:5] stored\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("1 2: 4:5"));
  EXPECT_EQ(peer_->verdict(), "");
}

/// Each octet of it counts: what is stored needs no look-up, and the reason decides how long to wait.
TEST_F(ImapAppenderDialogue, HearsOutAServerThatHungUp) {
  begin("LITERAL+ MULTIAPPEND UIDPLUS", {}, {}, 100'000);
  const std::string large(20'000, 'x');
  peer_->expect("A1 APPEND INBOX {3+}\r\none\r\n")
      .send("A1 OK [APPENDUID 9 4] stored\r\n* BYE [UNAVAILABLE] back in an hour\r\n")
      .close();

  ASSERT_TRUE(run(carry(kInbox, "one", true)));
  ASSERT_TRUE(run(carry(kInbox, large, true)));
  EXPECT_TRUE(run(carry(kInbox, large, true))) << "nothing is sent any more";
  const auto ended = run(appender_->flush());
  take_outcomes();

  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, ::testing::HasSubstr("back in an hour"));
  EXPECT_THAT(outcomes_, ElementsAre("1: 4"));
}

TEST_F(ImapAppenderDialogue, SendsNoOctetOfAMessageThatIsRefusedAtItsLiteral) {
  begin("UIDPLUS");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3}\r\n")
      .send("A1 OK open\r\nA2 NO [TOOBIG] too large\r\n")
      .expect("A3 APPEND INBOX {3}\r\n")
      .send("+ go on\r\n")
      .expect("two\r\n")
      .send("A3 OK [APPENDUID 9 5] stored\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_THAT(outcomes_[0], ::testing::StartsWith("1: "));
  EXPECT_THAT(outcomes_[0], ::testing::HasSubstr("too large"));
  EXPECT_EQ(outcomes_[1], "2: 5");
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(ImapAppenderDialogue, TellsOfARefusedBatchWithAllItsMessages) {
  begin(kAll);
  peer_->expect("A1 APPEND INBOX {3+}\r\none {3+}\r\ntwo\r\n").send("A1 NO [CANNOT] not these\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_THAT(outcomes_[0], ::testing::StartsWith("1 2: "));
}

TEST_F(ImapAppenderDialogue, DoesNotRelyOnAnotherNumberOfUidsThanMessages) {
  begin(kAll);
  peer_->expect("A1 APPEND INBOX {3+}\r\none {3+}\r\ntwo\r\n").send("A1 OK [APPENDUID 9 4] stored\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("1 2: stored"));
}

TEST_F(ImapAppenderDialogue, WaitsWhenTheWindowIsFull) {
  begin(kAll, {.first_messages = 1, .messages = 1}, {}, 6);
  peer_->expect("A1 APPEND INBOX {3+}\r\none\r\nA2 APPEND INBOX {3+}\r\ntwo\r\n")
      .expect_silence()
      .send("A1 OK [APPENDUID 9 4] stored\r\n")
      .expect("A3 APPEND INBOX {5+}\r\nthree\r\n")
      .send("A2 OK [APPENDUID 9 5] stored\r\nA3 OK [APPENDUID 9 6] stored\r\n");
  peer_->limit_patience(std::chrono::milliseconds{50});

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  const auto third = run(carry(kInbox, "three"));

  // The answer to the first leaves room for three octets, not for five: the second has to be answered too, and this
  // server waits for the third before.
  EXPECT_FALSE(third);
  EXPECT_THAT(outcomes_, IsEmpty());
}

TEST_F(ImapAppenderDialogue, TakesAnswersInAnyOrder) {
  begin(kAll, {.first_messages = 1, .messages = 1});
  peer_->expect("A1 APPEND INBOX {3+}\r\none\r\nA2 APPEND INBOX {3+}\r\ntwo\r\n")
      .send("A2 OK [APPENDUID 9 5] stored\r\nA1 OK [APPENDUID 9 4] stored\r\n");

  ASSERT_TRUE(run(carry(kInbox, "one")));
  ASSERT_TRUE(run(carry(kInbox, "two")));
  ASSERT_TRUE(run(drain()));

  EXPECT_THAT(outcomes_, ElementsAre("2: 5", "1: 4"));
}

TEST_F(ImapAppenderDialogue, RefusesAMessageOfAnotherSizeThanAnnounced) {
  begin(kAll);
  const store::MessageHead head{.ticket = 1, .uid = 1, .flags = {}, .date = {}, .octets = 3};

  ASSERT_TRUE(run(appender_->begin(kInbox, head, 1, false)));
  EXPECT_FALSE(appender_->try_write(std::string_view("four")));
  EXPECT_FALSE(run(appender_->write(std::string_view("four"))));
  EXPECT_TRUE(appender_->try_write(std::string_view("tw")));
  EXPECT_FALSE(appender_->end());
}

TEST_F(ImapAppenderDialogue, ChangesNothingWhereItCannotBeginAtOnce) {
  begin("MULTIAPPEND UIDPLUS");
  const store::MessageHead head{.ticket = 1, .uid = 1, .flags = {}, .date = {}, .octets = 3};

  EXPECT_FALSE(appender_->try_begin(kInbox, head, 1, false));
  EXPECT_TRUE(run(drain()));

  EXPECT_EQ(peer_->written(), "");
}

TEST_F(ImapAppenderDialogue, EndsAtEachPointWhereTheConnectionMayBreak) {
  for (const auto fault : {Fault::eof, Fault::reset, Fault::timeout, Fault::garbage, Fault::short_write}) {
    for (std::size_t at = 0;; ++at) {
      auto plan = std::make_shared<test::FaultPlan>(test::FaultPlan{.fault = fault, .at = at});
      begin("UIDPLUS", {}, plan);
      peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3}\r\n")
          .send("A1 OK open\r\n+ go on\r\n")
          .expect("one\r\n")
          .send("A2 OK [APPENDUID 9 4] stored\r\n");

      auto done = run(carry(kInbox, "one"));
      if (done) done = run(drain());

      if (!plan->has_fired) break;
      if (done) {
        EXPECT_EQ(fault, Fault::garbage);
      } else {
        EXPECT_EQ(done.error().scope, Scope::account) << at;
        EXPECT_THAT(outcomes_, IsEmpty());
      }
    }
  }
}

}  // namespace
}  // namespace mailferry::stores::imap
