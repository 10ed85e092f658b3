// The store in memory keeps the contract of store/store.hpp, and its faults strike where they are told to.
#include "stores/memory/memory_store.hpp"

#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::stores::memory {
namespace {

using store::ReadStep;
using test::run_task;
using ::testing::ElementsAre;
using ::testing::SizeIs;

const MailboxPath kInbox = MailboxPath::split("INBOX", '/');
const MailboxPath kOther = MailboxPath::split("Other", '/');

std::string text_of(const std::string& name) {
  return "Message-ID: <" + name + "@x>\r\nSubject: about " + name + "\r\n\r\n" + std::string(400, 'x') + name + "\r\n";
}

class MemoryStoreTest : public ::testing::Test {
 protected:
  MemoryStoreTest() { server_->account.create(kInbox); }

  Mailbox& inbox() { return *server_->account.find(kInbox); }
  void fill(const std::vector<std::string>& names) {
    for (const auto& name : names)
      inbox().append(text_of(name), Flags::from_string("\\Seen"), {.seconds = 1000, .zone_minutes = 0});
  }
  std::unique_ptr<store::Session> open() { return run_task(context_, store_.open_session()).value(); }
  void break_at(std::uint64_t operation, Moment moment, Fault fault = {}) {
    fault.operation = operation;
    fault.moment = moment;
    network_.faults.push_back(fault);
  }

  static Task<> append_all(store::Appender* appender, std::vector<std::string> names, MailboxPath mailbox) {
    std::uint64_t token = 1;
    for (const auto& name : names) {
      const auto text = text_of(name);
      const store::MessageHead head{.flags = Flags::from_string("\\Seen $Own"), .date = {}, .octets = text.size()};
      CO_CHECK(co_await appender->begin(mailbox, head, token++, false));
      CO_CHECK(co_await appender->write(text));
      CO_CHECK(appender->end());
    }
    co_return co_await appender->drain();
  }
  Result<> append(store::Session& session, const std::vector<std::string>& names, const MailboxPath& mailbox = kInbox) {
    const auto appender = session.appender(10'000);
    auto done = run_task(context_, append_all(appender.get(), names, mailbox));
    outcomes_ = appender->take_outcomes();
    return done;
  }

  /// "message 1", "done" …; octets are collected.
  static Task<> read_all(store::Reader* reader, std::vector<std::string>* steps, std::string* octets) {
    while (true) {
      CO_TRY(const auto step, reader->poll());
      if (step.kind == ReadStep::Kind::nothing) CO_CHECK(co_await reader->wait());
      if (step.kind == ReadStep::Kind::message) steps->push_back("message " + std::to_string(reader->head().uid));
      if (step.kind == ReadStep::Kind::octets) octets->append(step.octets.data(), step.octets.size());
      if (step.kind == ReadStep::Kind::end) steps->push_back("end");
      if (step.kind != ReadStep::Kind::done) continue;
      const auto done = reader->take_done();
      steps->push_back("done, missing " + done.missing.to_string());
      co_return done.result;
    }
  }

  store::ScanRequest all_of(const MailboxPath& mailbox) const { return {.mailbox = mailbox, .uids = {}, .detail = {}}; }
  Result<store::ScanResult> scan(store::Session& session, const store::ScanRequest& request) {
    const std::vector<store::ScanRequest> requests{request};
    const std::vector<store::MetaSink*> no_sinks;
    auto results = run_task(context_, session.scan(requests, no_sinks));
    if (!results) return std::unexpected(results.error());
    return results->front();
  }

  asio::io_context context_;
  Network network_{context_};
  std::shared_ptr<Server> server_ = std::make_shared<Server>("alice@here.example");
  MemoryStore store_{network_, server_};
  std::vector<store::AppendOutcome> outcomes_;
};

TEST_F(MemoryStoreTest, ListsMailboxesWithTheirStatus) {
  fill({"a", "b"});

  const auto listed = run_task(context_, open()->list(true)).value().mailboxes;

  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].use, SpecialUse::inbox);
  EXPECT_EQ(listed[0].status->messages, 2U);
  EXPECT_EQ(listed[0].status->uid_next, 3U);
  EXPECT_EQ(listed[0].status->octets, text_of("a").size() * 2);
}

TEST_F(MemoryStoreTest, CreatesAMailboxAndOpensOneThatIsThere) {
  const auto session = open();
  const std::vector<store::CreateRequest> requests{{.mailbox = kOther, .subscribe = true}, {.mailbox = kOther}};

  const auto prepared = run_task(context_, session->prepare(requests)).value();

  ASSERT_THAT(prepared, SizeIs(2));
  EXPECT_TRUE(prepared[0] && prepared[1]);
  EXPECT_TRUE(server_->account.find(kOther)->subscribed);
  EXPECT_NE(prepared[0]->status.uid_validity, inbox().uid_validity);
}

TEST_F(MemoryStoreTest, ScansWhatChangedSinceAModseq) {
  fill({"a", "b", "c"});
  const auto before = inbox().highest_modseq;
  const auto session = open();
  const std::vector<store::FlagUpdate> updates{
      {.uids = UidSet(UidRange{2, 2}), .add = Flags::from_string("\\Flagged"), .remove = {}}};
  ASSERT_TRUE(run_task(context_, session->change_flags(kInbox, 0, updates)));

  auto request = all_of(kInbox);
  request.changed_since = before;

  EXPECT_EQ(scan(*session, request)->uids.to_string(), "2");
}

TEST_F(MemoryStoreTest, AScanForAnotherUidValidityFails) {
  auto request = all_of(kInbox);
  request.uid_validity = inbox().uid_validity + 1;

  const auto scanned = scan(*open(), request);

  EXPECT_EQ(scanned.error().kind, ErrorKind::protocol);
  EXPECT_EQ(scanned.error().scope, Scope::mailbox);
}

TEST_F(MemoryStoreTest, ReadsMessagesAsAStreamAndTellsWhatIsMissing) {
  fill({"a", "b", "c"});
  inbox().expunge(2);
  const auto session = open();
  const auto reader = session->reader();
  std::vector<std::string> steps;
  std::string octets;
  reader->request({.ticket = 5, .mailbox = kInbox, .uids = UidSet(UidRange{1, 3})});

  EXPECT_EQ(reader->poll()->kind, ReadStep::Kind::nothing);
  ASSERT_TRUE(run_task(context_, read_all(reader.get(), &steps, &octets)));

  EXPECT_THAT(steps, ElementsAre("message 1", "end", "message 3", "end", "done, missing 2"));
  EXPECT_EQ(octets, text_of("a") + text_of("c"));
}

TEST_F(MemoryStoreTest, AppendsInBatchesAndTellsTheirUids) {
  const auto session = open();

  ASSERT_TRUE(append(*session, {"a", "b", "c", "d"}));

  ASSERT_THAT(outcomes_, SizeIs(2));
  EXPECT_THAT(outcomes_[0].tokens, ElementsAre(1, 2, 3));
  EXPECT_EQ(outcomes_[0].uids.to_string(), "1:3");
  EXPECT_EQ(outcomes_[1].uids.to_string(), "4");
  EXPECT_EQ(inbox().messages[3].octets, text_of("d"));
  EXPECT_EQ(inbox().messages[3].flags, Flags::from_string("\\Seen $Own"));
}

TEST_F(MemoryStoreTest, WithoutExtensionsEachMessageIsACommandWithoutUids) {
  server_->behaviour.multi_append = server_->behaviour.uid_plus = false;

  ASSERT_TRUE(append(*open(), {"a", "b"}));

  ASSERT_THAT(outcomes_, SizeIs(2));
  EXPECT_TRUE(outcomes_[0].uids.empty());
}

TEST_F(MemoryStoreTest, AFullWindowHasToBeWaitedFor) {
  const auto session = open();
  const auto appender = session->appender(100);
  const store::MessageHead head{.flags = {}, .date = {}, .octets = 90};
  const std::string text(90, 'x');
  ASSERT_TRUE(appender->try_begin(kInbox, head, 1, true));
  ASSERT_TRUE(appender->try_write(text));
  ASSERT_TRUE(appender->end());

  EXPECT_FALSE(appender->try_begin(kInbox, head, 2, true));
  EXPECT_TRUE(inbox().messages.empty());
  ASSERT_TRUE(run_task(context_, appender->begin(kInbox, head, 2, true)));

  EXPECT_THAT(inbox().messages, SizeIs(1));
}

TEST_F(MemoryStoreTest, KeepsOnlyPermanentFlags) {
  server_->behaviour.permanent_flags = {.flags = Flags::from_string("\\Seen"), .new_keywords = false, .known = true};

  ASSERT_TRUE(append(*open(), {"a"}));

  EXPECT_EQ(inbox().messages[0].flags, Flags::from_string("\\Seen"));
}

TEST_F(MemoryStoreTest, RefusesAMessageAndMayStoreThoseBeforeIt) {
  server_->behaviour.refused_text = "about b";
  server_->behaviour.stored_before_refusal = 1;

  ASSERT_TRUE(append(*open(), {"a", "b", "c"}));

  ASSERT_THAT(outcomes_, SizeIs(1));
  EXPECT_EQ(outcomes_[0].result.error().kind, ErrorKind::message_rejected);
  EXPECT_THAT(inbox().messages, SizeIs(1));
}

TEST_F(MemoryStoreTest, AnAppendToNowhereIsAnErrorOfTheMailbox) {
  ASSERT_TRUE(append(*open(), {"a"}, kOther));

  EXPECT_EQ(outcomes_[0].result.error().kind, ErrorKind::mailbox_missing);
  EXPECT_EQ(outcomes_[0].result.error().scope, Scope::mailbox);
}

TEST_F(MemoryStoreTest, AConnectionLostBeforeAnAppendStoresNothing) {
  break_at(1, Moment::before);

  const auto appended = append(*open(), {"a"});

  EXPECT_EQ(appended.error().scope, Scope::account);
  EXPECT_THAT(outcomes_, SizeIs(0));
  EXPECT_THAT(inbox().messages, SizeIs(0));
}

TEST_F(MemoryStoreTest, AConnectionLostAfterAnAppendHasStoredItAndTellsNothing) {
  break_at(1, Moment::after);

  const auto appended = append(*open(), {"a"});

  EXPECT_EQ(appended.error().retry, Retry::now);
  EXPECT_THAT(outcomes_, SizeIs(0));
  EXPECT_THAT(inbox().messages, SizeIs(1));
}

TEST_F(MemoryStoreTest, AServerMayStoreLate) {
  break_at(1, Moment::before, {.late = 3});
  EXPECT_FALSE(append(*open(), {"a"}));
  const auto session = open();

  EXPECT_TRUE(scan(*session, all_of(kInbox))->uids.empty());
  EXPECT_FALSE(scan(*session, all_of(kInbox))->uids.empty());
}

TEST_F(MemoryStoreTest, AnyOperationMayBeRefused) {
  break_at(1, Moment::before, {.kind = Fault::Kind::refused});
  const auto session = open();

  EXPECT_EQ(scan(*session, all_of(kInbox)).error().scope, Scope::mailbox);
  EXPECT_TRUE(scan(*session, all_of(kInbox)));
}

TEST_F(MemoryStoreTest, AnEventStrikesBetweenTwoOperations) {
  fill({"a"});
  break_at(2, Moment::before, {.kind = Fault::Kind::event, .event = [this] { inbox().expunge(1); }});
  const auto session = open();

  EXPECT_EQ(scan(*session, all_of(kInbox))->status.messages, 1U);
  EXPECT_EQ(scan(*session, all_of(kInbox))->status.messages, 0U);
  EXPECT_EQ(network_.operations(), 3U);
}

TEST_F(MemoryStoreTest, RenumberingEndsTheConnectionsThatHaveTheMailboxOpen) {
  fill({"a"});
  const auto session = open();
  ASSERT_TRUE(scan(*session, all_of(kInbox)));
  server_->account.renumber(kInbox);

  EXPECT_EQ(scan(*session, all_of(kInbox)).error().scope, Scope::account);
  EXPECT_TRUE(scan(*open(), all_of(kInbox)));
}

TEST_F(MemoryStoreTest, AReaderThatIsLeftHalfwayClosesItsConnection) {
  fill({"a"});
  const auto session = open();
  auto reader = session->reader();
  reader->request({.ticket = 1, .mailbox = kInbox, .uids = UidSet(UidRange{1, 1})});
  ASSERT_TRUE(run_task(context_, reader->send()));
  reader.reset();

  EXPECT_FALSE(scan(*session, all_of(kInbox)));
}

TEST_F(MemoryStoreTest, TheAccountOutlivesEverySession) {
  ASSERT_TRUE(append(*open(), {"a"}));
  const auto copy = server_->account;

  EXPECT_EQ(scan(*open(), all_of(kInbox))->uids.to_string(), "1");
  EXPECT_TRUE(server_->account == copy);
}

}  // namespace
}  // namespace mailferry::stores::memory
