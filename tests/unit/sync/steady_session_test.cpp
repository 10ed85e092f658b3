#include "sync/steady_session.hpp"

#include "async/run_loop.hpp"
#include "scenario/mail_text.hpp"
#include "stores/memory/memory_store.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace mailferry::test {
namespace {

namespace memory = stores::memory;
using memory::Fault;
using memory::Operation;

class Seen final : public sync::RestartableSink {
 public:
  void message(store::MessageMeta&& meta) override { uids.push_back(meta.uid); }
  void restart() override { uids.clear(); }
  std::vector<Uid> uids;
};

class Unforgetting final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override { uids.push_back(meta.uid); }
  std::vector<Uid> uids;
};

class SteadySession : public ::testing::Test {
 protected:
  explicit SteadySession(const Mail& mail = {{"INBOX", "a b c d e"}, {"Archive", "x y"}, {"Work", "v"}})
      : server_(std::make_shared<memory::Server>("alice@old.example", memory::Behaviour{}, to_account(mail))),
        store_(network_, server_) {
    network_.on_operation = [this](Operation operation) { log_.push_back(operation); };
  }

  std::unique_ptr<sync::SteadySession> steady(int attempts = 3) {
    sync::Steadiness how{.stop_requested = never_, .stopping = stopping_, .attempts = attempts};
    how.on_retry = [this](const Error& /*error*/, std::chrono::milliseconds /*pause*/) { ++retries_; };
    return std::make_unique<sync::SteadySession>(std::move(how), store_, nullptr);
  }
  void lose_at(std::initializer_list<std::uint64_t> operations) {
    for (const auto number : operations)
      network_.faults.push_back({.operation = number});
  }
  static store::ScanRequest all_of(const std::string& mailbox) {
    return {.mailbox = path(mailbox), .uids = {}, .detail = {.flags = true}};
  }
  static MailboxPath inbox() { return path("INBOX"); }
  [[nodiscard]] std::ptrdiff_t count(Operation operation) const { return std::ranges::count(log_, operation); }

  asio::io_context io_{1};
  memory::Network network_{io_};
  std::shared_ptr<memory::Server> server_;
  memory::MemoryStore store_;
  async::Notifier never_{io_};
  bool stopping_ = false;
  int retries_ = 0;
  std::vector<Operation> log_;
};

TEST_F(SteadySession, OpensAConnectionWhenItIsNeeded) {
  const auto session = steady();
  EXPECT_FALSE(session->is_open());

  EXPECT_EQ(run_task(io_, session->list(false))->mailboxes.size(), 3U);
  EXPECT_TRUE(session->is_open());
  EXPECT_EQ(retries_, 0);
}

TEST_F(SteadySession, AsksAgainOnAnotherConnection) {
  const auto session = steady();
  lose_at({1});

  EXPECT_TRUE(run_task(io_, session->list(false)));
  EXPECT_EQ(count(Operation::open_session), 2);
  EXPECT_EQ(session->commands(), 4U) << "those of both connections";
}

TEST_F(SteadySession, GivesUpWithTheLastErrorAfterItsAttempts) {
  const auto session = steady(2);
  lose_at({1, 3, 5, 7});

  const auto listed = run_task(io_, session->list(false));
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::network);
  EXPECT_EQ(count(Operation::open_session), 2);
}

TEST_F(SteadySession, CountsOnlyFailuresWithoutProgressInBetween) {
  const auto session = steady(2);
  lose_at({1, 4, 7});

  for (int time = 0; time < 3; ++time)
    EXPECT_TRUE(run_task(io_, session->list(false)));
}

TEST_F(SteadySession, TriesNothingAgainWhenItIsToStop) {
  const auto session = steady();
  stopping_ = true;
  lose_at({1});

  EXPECT_FALSE(run_task(io_, session->list(false)));
  EXPECT_EQ(count(Operation::open_session), 1);
}

TEST_F(SteadySession, LeavesTheRefusalOfAMailboxToItsCaller) {
  const auto session = steady();

  const auto subjects = run_task(io_, session->subjects(path("Nowhere"), UidSet(UidRange{1, 1})));
  ASSERT_FALSE(subjects);
  EXPECT_EQ(subjects.error().kind, ErrorKind::mailbox_missing);
  EXPECT_EQ(retries_, 0);
}

TEST_F(SteadySession, AScanTellsEachMessageOnceWhereverItBreaks) {
  for (std::uint64_t first = 0; first < 8; ++first) {
    SCOPED_TRACE(first);
    const auto session = steady();
    network_.faults.clear();
    lose_at({network_.operations() + 1 + first, network_.operations() + 4 + first});
    std::deque<Seen> seen(3);
    const std::vector<store::ScanRequest> requests{all_of("INBOX"), all_of("Archive"), all_of("Work")};
    const std::vector<store::MetaSink*> sinks{&seen[0], &seen[1], &seen[2]};

    const auto scanned = run_task(io_, session->scan(requests, sinks));
    ASSERT_TRUE(scanned);
    EXPECT_EQ(seen[0].uids, (std::vector<Uid>{1, 2, 3, 4, 5}));
    EXPECT_EQ(seen[1].uids, (std::vector<Uid>{1, 2}));
    EXPECT_EQ(seen[2].uids, (std::vector<Uid>{1}));
    EXPECT_EQ((*scanned)[0]->uids, UidSet(UidRange{1, 5}));
    EXPECT_EQ((*scanned)[0]->status.uid_next, 6U);
  }
}

TEST_F(SteadySession, AScanIntoWhatCannotBeginAnewIsNotRepeated) {
  const auto session = steady();
  lose_at({1});
  Unforgetting seen;
  const std::vector<store::ScanRequest> requests{all_of("INBOX")};
  const std::vector<store::MetaSink*> sinks{&seen};

  EXPECT_FALSE(run_task(io_, session->scan(requests, sinks)));
  EXPECT_EQ(count(Operation::open_session), 1);
}

TEST_F(SteadySession, DigestsGoOnBehindTheLastMessageThatCameWhole) {
  const auto whole = run_task(io_, steady()->body_digests(inbox(), UidSet(UidRange{1, 5})));
  const auto calm = count(Operation::read_message);
  const auto session = steady();
  // Open, examine, then two operations a message: the third one breaks off.
  lose_at({network_.operations() + 7});

  const auto read = run_task(io_, session->body_digests(inbox(), UidSet(UidRange{1, 5})));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, *whole);
  EXPECT_EQ(read->size(), 5U);
  EXPECT_EQ(count(Operation::read_message), 2 * calm + 1) << "only the message at hand was read twice";
}

TEST_F(SteadySession, DigestsOfAnotherUidvalidityAreNotMixed) {
  const auto session = steady();
  std::vector<store::ScanRequest> requests{all_of("INBOX")};
  const std::vector<store::MetaSink*> no_sinks;
  ASSERT_TRUE(run_task(io_, session->scan(requests, no_sinks)));
  network_.faults.push_back({.kind = Fault::Kind::event, .operation = network_.operations() + 3, .event = [this] {
                               server_->account.renumber(inbox());
                             }});

  const auto read = run_task(io_, session->body_digests(inbox(), UidSet(UidRange{1, 5})));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().scope, Scope::mailbox);
}

}  // namespace
}  // namespace mailferry::test
