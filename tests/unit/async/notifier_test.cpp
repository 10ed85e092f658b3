#include "async/notifier.hpp"

#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace mailferry::async {
namespace {

using namespace std::chrono_literals;
using test::drain;
using test::run_task;
using Clock = std::chrono::steady_clock;

Task<bool> wait_for(Notifier& notifier, std::chrono::milliseconds patience) {
  const bool notified = co_await notifier.wait_until(Clock::now() + patience);
  co_return notified;
}

Task<> record_wait(Notifier* notifier, std::chrono::milliseconds patience, std::vector<bool>* results) {
  const bool notified = co_await notifier->wait_until(Clock::now() + patience);
  results->push_back(notified);
  co_return Result<>{};
}

void start(asio::io_context& context, Task<> task) {
  asio::co_spawn(context, std::move(task), [](std::exception_ptr exception, Result<>) { EXPECT_FALSE(exception); });
}

TEST(Notifier, WakesWhoWaits) {
  asio::io_context context;
  Notifier notifier(context);
  std::vector<bool> results;
  start(context, record_wait(&notifier, 60s, &results));
  drain(context);
  EXPECT_TRUE(results.empty());
  notifier.notify_all();
  EXPECT_TRUE(results.empty()) << "nobody runs inside notify_all()";
  drain(context);
  EXPECT_EQ(results, std::vector<bool>{true});
}

TEST(Notifier, ForgetsANotificationThatNobodyWaitedFor) {
  asio::io_context context;
  Notifier notifier(context);
  notifier.notify_all();
  EXPECT_FALSE(run_task(context, wait_for(notifier, 5ms)).value());
}

TEST(Notifier, GivesUpAtTheDeadline) {
  asio::io_context context;
  Notifier notifier(context);
  const auto before = Clock::now();
  EXPECT_FALSE(run_task(context, wait_for(notifier, 20ms)).value());
  EXPECT_GE(Clock::now() - before, 20ms);
}

TEST(Notifier, GivesUpAtOnceWhenTheDeadlineIsPast) {
  asio::io_context context;
  Notifier notifier(context);
  EXPECT_FALSE(run_task(context, wait_for(notifier, -1s)).value());
}

TEST(Notifier, KeepsTheDeadlinesOfSeveralWaitersApart) {
  asio::io_context context;
  Notifier notifier(context);
  std::vector<bool> early;
  std::vector<bool> late;
  start(context, record_wait(&notifier, 60s, &late));
  start(context, record_wait(&notifier, 60s, &late));
  start(context, record_wait(&notifier, 10ms, &early));
  while (early.empty())
    context.run_one();
  EXPECT_EQ(early, std::vector<bool>{false});
  EXPECT_TRUE(late.empty());
  notifier.notify_all();
  drain(context);
  EXPECT_EQ(late, (std::vector<bool>{true, true}));
}

TEST(Notifier, MayDieBeforeTheContextWithWaitersLeft) {
  std::vector<bool> results;
  asio::io_context context;
  {
    Notifier notifier(context);
    start(context, record_wait(&notifier, 60s, &results));
    drain(context);
  }
  EXPECT_TRUE(results.empty());
}

Task<bool> pause(std::chrono::milliseconds length, Notifier& stop) {
  const bool slept = co_await sleep_for(length, stop);
  co_return slept;
}

Task<> record_pause(std::chrono::milliseconds length, Notifier* stop, std::vector<bool>* results) {
  const bool slept = co_await sleep_for(length, *stop);
  results->push_back(slept);
  co_return Result<>{};
}

TEST(SleepFor, SleepsToTheEnd) {
  asio::io_context context;
  Notifier stop(context);
  const auto before = Clock::now();
  EXPECT_TRUE(run_task(context, pause(20ms, stop)).value());
  EXPECT_GE(Clock::now() - before, 20ms);
}

TEST(SleepFor, EndsEarlyWhenStopped) {
  asio::io_context context;
  Notifier stop(context);
  std::vector<bool> results;
  start(context, record_pause(60s, &stop, &results));
  drain(context);
  stop.notify_all();
  drain(context);
  EXPECT_EQ(results, std::vector<bool>{false});
}

}  // namespace
}  // namespace mailferry::async
