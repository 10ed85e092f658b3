#include "async/blocking_pool.hpp"

#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace mailferry::async {
namespace {

using test::run_task;

Task<std::thread::id> run_and_tell_thread(BlockingPool& pool, std::function<Result<>()> work) {
  CO_CHECK(co_await pool.run(std::move(work)));
  co_return std::this_thread::get_id();
}

TEST(BlockingPool, RunsElsewhereAndResumesOnTheNetworkThread) {
  asio::io_context context;
  BlockingPool pool(context);
  std::thread::id worked_on;
  std::function<Result<>()> work = [&worked_on]() -> Result<> {
    worked_on = std::this_thread::get_id();
    return {};
  };
  const Result<std::thread::id> resumed_on = run_task(context, run_and_tell_thread(pool, std::move(work)));
  ASSERT_TRUE(resumed_on);
  EXPECT_EQ(*resumed_on, std::this_thread::get_id());
  EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST(BlockingPool, HandsOnTheErrorOfTheWork) {
  asio::io_context context;
  BlockingPool pool(context);
  std::function<Result<>()> work = []() -> Result<> { return fail(ErrorKind::local_io, Scope::run, "disk full"); };
  const Result<> result = run_task(context, pool.run(std::move(work)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "disk full");
}

TEST(BlockingPool, HandsOnAnExceptionOnTheNetworkThread) {
  asio::io_context context;
  BlockingPool pool(context);
  std::function<Result<>()> work = []() -> Result<> { throw std::logic_error("bug"); };
  EXPECT_THROW((void)run_task(context, pool.run(std::move(work))), std::logic_error);
}

TEST(BlockingPool, KeepsTheOrderWithOneThread) {
  asio::io_context context;
  BlockingPool pool(context);
  std::vector<int> order;  // touched by the one pool thread only, read after both ended
  int finished = 0;
  for (int i = 0; i < 10; ++i) {
    std::function<Result<>()> work = [&order, i]() -> Result<> {
      order.push_back(i);
      return {};
    };
    asio::co_spawn(context, pool.run(std::move(work)), [&finished](std::exception_ptr, Result<>) { ++finished; });
  }
  context.run();
  EXPECT_EQ(finished, 10);
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(BlockingPool, RunsJobsSideBySideWithTwoThreads) {
  asio::io_context context;
  BlockingPool pool(context, 2);
  std::latch both(2);
  int finished = 0;
  for (int i = 0; i < 2; ++i) {
    std::function<Result<>()> work = [&both]() -> Result<> {
      both.arrive_and_wait();
      return {};
    };
    asio::co_spawn(context, pool.run(std::move(work)), [&finished](std::exception_ptr, Result<>) { ++finished; });
  }
  context.run();
  EXPECT_EQ(finished, 2);
}

}  // namespace
}  // namespace mailferry::async
