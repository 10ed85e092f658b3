#include "sync/carry/carry_journal.hpp"

#include "support/run_task.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <future>

namespace mailferry::sync {
namespace {

using Outcome = std::optional<Result<>>;

class CarryJournalTest : public testing::Test {
 protected:
  CarryJournalTest() {
    writer_.add_filler([this](state::Batch& batch) { batch.notes.emplace_back("value", value_); });
  }
  ~CarryJournalTest() override { let_disk_work(); }

  void start(Task<> task, Outcome& outcome) {
    asio::co_spawn(io_, test::keep_outcome(std::move(task), &outcome), [](std::exception_ptr exception) {
      if (exception) std::rethrow_exception(exception);
    });
    test::drain(io_);
  }
  void await(const Outcome& outcome) {
    io_.restart();
    while (!outcome && io_.run_one() != 0) {
    }
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(*outcome);
  }
  /// Nothing is written until let_disk_work().
  void stop_disk() {
    start(pool_.run([this] {
      disk_works_.get_future().wait();
      return Result<>{};
    }),
          disk_);
  }
  void let_disk_work() {
    if (std::exchange(released_, true)) return;
    disk_works_.set_value();
  }
  void change(const std::string& value) {
    value_ = value;
    writer_.mark_dirty();
  }
  std::string on_disk() { return state_->note(pair_, "value").value().value_or(""); }

  test::TemporaryDirectory directory_{test::Medium::memory};
  std::unique_ptr<state::Journal> state_ = state::Journal::open(directory_.file("state.db")).value();
  state::PairId pair_ = state_->pair("a", "b").value();
  std::promise<void> disk_works_;
  bool released_ = false;
  asio::io_context io_{1};
  async::BlockingPool pool_{io_};
  CarrySettings settings_;
  CarryJournal writer_{io_, pool_, *state_, settings_, pair_};
  std::string value_;
  Outcome disk_;
};

TEST_F(CarryJournalTest, WritesNothingWhileNothingChanged) {
  Outcome flushed;
  start(writer_.flush(), flushed);

  await(flushed);

  EXPECT_EQ(writer_.commits(), 0U);
}

TEST_F(CarryJournalTest, WaitsForTheFlushThatIsUnderWay) {
  stop_disk();
  change("first");
  Outcome first;
  Outcome second;
  start(writer_.flush(), first);
  start(writer_.flush(), second);

  EXPECT_FALSE(second) << "told that all is on disk before it was";

  let_disk_work();
  await(second);
  EXPECT_TRUE(first);
  EXPECT_EQ(on_disk(), "first");
  EXPECT_EQ(writer_.commits(), 1U);
}

TEST_F(CarryJournalTest, FlushesAgainWhatCameDuringAFlush) {
  stop_disk();
  change("first");
  Outcome first;
  Outcome second;
  start(writer_.flush(), first);
  change("second");
  start(writer_.flush(), second);

  let_disk_work();
  await(second);

  EXPECT_EQ(on_disk(), "second");
  EXPECT_EQ(writer_.commits(), 2U);
}

}  // namespace
}  // namespace mailferry::sync
