#include "async/task_scope.hpp"

#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::async {
namespace {

using test::drain;
using test::run_task;
using testing::ElementsAre;
using testing::IsEmpty;

Task<> run_until(Notifier* gate, std::vector<std::string>* log, std::string name) {
  co_await gate->wait();
  log->push_back(std::move(name));
  co_return Result<>{};
}

Task<> run_and_fail(std::string message) {
  co_return fail(ErrorKind::network, Scope::account, std::move(message));
}

Task<> run_and_fail_after(Notifier* gate, std::string message) {
  co_await gate->wait();
  co_return fail(ErrorKind::network, Scope::account, std::move(message));
}

Task<> run_and_throw() {
  throw std::runtime_error("a programming error");
  co_return Result<>{};
}

TEST(TaskScope, NeverRunsATaskInsideSpawn) {
  asio::io_context context;
  TaskScope scope(context);
  Notifier gate(context);
  std::vector<std::string> log;
  scope.spawn("one", run_until(&gate, &log, "one"));
  gate.notify_all();
  drain(context);
  EXPECT_THAT(log, IsEmpty()) << "the wait began after the notification";
  gate.notify_all();
  drain(context);
  EXPECT_THAT(log, ElementsAre("one"));
  EXPECT_EQ(scope.running(), 0U);
}

TEST(TaskScope, JoinsWhenTheLastTaskEnded) {
  asio::io_context context;
  TaskScope scope(context);
  Notifier first(context);
  Notifier second(context);
  std::vector<std::string> log;
  scope.spawn("first", run_until(&first, &log, "first"));
  scope.spawn("second", run_until(&second, &log, "second"));
  std::optional<Result<>> joined;
  asio::co_spawn(context, scope.join(), [&](std::exception_ptr, Result<> result) { joined = std::move(result); });
  drain(context);
  second.notify_all();
  drain(context);
  EXPECT_FALSE(joined);
  first.notify_all();
  drain(context);
  ASSERT_TRUE(joined);
  EXPECT_TRUE(joined->has_value());
  EXPECT_THAT(log, ElementsAre("second", "first"));
}

TEST(TaskScope, JoinsAtOnceWhenNothingWasSpawned) {
  asio::io_context context;
  TaskScope scope(context);
  EXPECT_TRUE(run_task(context, scope.join()));
}

TEST(TaskScope, ReturnsTheFirstErrorAfterAllTasksEnded) {
  asio::io_context context;
  TaskScope scope(context);
  Notifier gate(context);
  scope.spawn("late", run_and_fail_after(&gate, "late"));
  scope.spawn("early", run_and_fail("early"));
  drain(context);
  EXPECT_EQ(scope.running(), 1U);
  gate.notify_all();
  const Result<> result = run_task(context, scope.join());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "early");
}

TEST(TaskScope, ReportsAnErrorOnceAndCanBeUsedAgain) {
  asio::io_context context;
  TaskScope scope(context);
  scope.spawn("bad", run_and_fail("bad"));
  EXPECT_FALSE(run_task(context, scope.join()));
  EXPECT_TRUE(run_task(context, scope.join()));
  scope.spawn("worse", run_and_fail("worse"));
  const Result<> again = run_task(context, scope.join());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "worse");
}

TEST(TaskScope, NamesTheLiveTasksOfAllScopes) {
  asio::io_context context;
  Notifier gate(context);
  std::vector<std::string> log;
  TaskScope one(context);
  {
    TaskScope two(context);
    one.spawn("copy INBOX", run_until(&gate, &log, "a"));
    two.spawn("watch", run_until(&gate, &log, "b"));
    drain(context);
    EXPECT_THAT(one.names(), ElementsAre("copy INBOX"));
    EXPECT_THAT(TaskScope::all_names(), ElementsAre("copy INBOX", "watch"));
    gate.notify_all();
    drain(context);
    EXPECT_THAT(TaskScope::all_names(), IsEmpty());
  }
  EXPECT_THAT(TaskScope::all_names(), IsEmpty());
}

TEST(TaskScope, TreatsAnExceptionAsTheEndOfTheProgram) {
  asio::io_context context;
  EXPECT_DEATH(
      {
        TaskScope scope(context);
        scope.spawn("thrower", run_and_throw());
        context.run();
      },
      "");
}

TEST(TaskScope, AbortsWhenItEndsBeforeItsTasks) {
  asio::io_context context;
  Notifier gate(context);
  std::vector<std::string> log;
  EXPECT_DEATH(
      {
        TaskScope scope(context);
        scope.spawn("forgotten", run_until(&gate, &log, "x"));
      },
      "forgotten");
}

}  // namespace
}  // namespace mailferry::async
