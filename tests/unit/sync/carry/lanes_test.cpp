#include "sync/carry/lanes.hpp"

#include "stores/memory/memory_store.hpp"
#include "support/run_task.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace mailferry::sync {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Use = Lane::Use;
using Lent = std::optional<Result<Lane>>;

Error failure(ErrorKind kind) {
  return {.kind = kind,
          .scope = Scope::account,
          .retry = Retry::later,
          .retry_after = {},
          .message = "no",
          .remedy = {},
          .trail = {}};
}

Error too_many() {
  auto error = failure(ErrorKind::throttled);
  error.message = "Too many simultaneous connections";
  return error;
}

/// In memory, and out of order while `error` is there.
class Destination final : public store::Store {
 public:
  explicit Destination(asio::io_context& context) : io_(context), network_(context), inner_(network_, server_) {}

  [[nodiscard]] const std::string& name() const noexcept override { return inner_.name(); }
  [[nodiscard]] const std::string& identity() const noexcept override { return inner_.identity(); }
  Task<std::unique_ptr<store::Session>> open_session() override {
    ++asked;
    if (error) co_return std::unexpected(*error);
    if (most_at_once == 0) co_return co_await inner_.open_session();
    ++signing_in;
    co_await asio::post(io_, asio::use_awaitable);
    const bool is_one_too_many = signing_in > most_at_once;
    co_await asio::post(io_, asio::use_awaitable);
    --signing_in;
    if (is_one_too_many) co_return std::unexpected(too_many());
    co_return co_await inner_.open_session();
  }

  std::optional<Error> error;
  int asked = 0;
  int most_at_once = 0;  // 0: any number; more who sign in together are all refused
  int signing_in = 0;

 private:
  asio::io_context& io_;
  stores::memory::Network network_;
  std::shared_ptr<stores::memory::Server> server_ =
      std::make_shared<stores::memory::Server>("archive", stores::memory::Behaviour{}, stores::memory::Account{});
  stores::memory::MemoryStore inner_;
};

class LanesTest : public testing::Test, private Lanes::Listener {
 protected:
  LanesTest() {
    settings_.backoff.first = 1ms;
    settings_.backoff.ceiling = 2ms;
  }

  void start(Task<Lane> task, Lent& lent) {
    asio::co_spawn(io_, test::keep_outcome(std::move(task), &lent), [](std::exception_ptr exception) {
      if (exception) std::rethrow_exception(exception);
    });
    test::drain(io_);
  }
  void await(const Lent& lent) {
    io_.restart();
    while (!lent && io_.run_one() != 0) {
    }
    ASSERT_TRUE(lent && *lent);
  }
  /// Fails as something behind a sign-in does, when the last rest is over.
  void fail_once(ErrorKind kind) {
    std::this_thread::sleep_until(lanes_.resting_until());
    lanes_.rest(failure(kind));
  }

  asio::io_context io_{1};
  int connected_ = 0;
  CarrySettings settings_;
  Destination destination_{io_};
  std::vector<std::string> heard_;
  Lanes lanes_{io_, destination_, settings_, *this};

 private:
  void connected() override { ++connected_; }
  void sign_in_failed(const Error& /*error*/) override { heard_.emplace_back("failed"); }
  void went_down(const Error& /*error*/, int attempts) override {
    heard_.push_back("down after " + std::to_string(attempts));
    destination_.error.reset();
  }
  void came_back() override { heard_.emplace_back("back"); }
};

TEST_F(LanesTest, AreNeverMoreThanAllowed) {
  for (const unsigned most : {1U, 2U, 4U}) {
    settings_.lanes = most;
    std::vector<Lent> lent(8);
    for (std::size_t index = 0; index < lent.size(); ++index)
      start(lanes_.acquire(index % 2 == 0 ? Use::streaming : Use::short_work), lent[index]);
    EXPECT_EQ(lanes_.open(), most);

    for (std::size_t given = 0; given < lent.size(); ++given) {  // each of them has its turn
      const auto one = std::ranges::find_if(lent, [](const Lent& each) { return each && *each; });
      ASSERT_NE(one, lent.end()) << given << " of those who wait had their turn";
      one->emplace(std::unexpected(failure(ErrorKind::cancelled)));
      test::drain(io_);
      EXPECT_LE(lanes_.open(), most);
    }
    lanes_.drop_idle();
  }
}

TEST_F(LanesTest, LeaveOneForShortWorkHoweverManyStream) {
  settings_.lanes = 3;
  EXPECT_EQ(lanes_.most_streams(), 2U);
  const auto first = test::run_task(io_, lanes_.acquire(Use::streaming));
  const auto second = test::run_task(io_, lanes_.acquire_one_more());
  ASSERT_TRUE(first && second);

  const auto third = test::run_task(io_, lanes_.acquire_one_more());
  const auto small = test::run_task(io_, lanes_.acquire());

  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::throttled);
  EXPECT_TRUE(small);
}

TEST_F(LanesTest, ThatAreOneStreamAsWell) {
  settings_.lanes = 1;
  EXPECT_EQ(lanes_.most_streams(), 1U);
  std::optional<Result<Lane>> stream = test::run_task(io_, lanes_.acquire(Use::streaming));
  ASSERT_TRUE(*stream);
  EXPECT_FALSE(test::run_task(io_, lanes_.acquire_one_more()));
  Lent small;
  start(lanes_.acquire(), small);
  EXPECT_FALSE(small);

  stream.reset();

  await(small);
}

// Each of them counted against the others: a long rest is for a server that refuses one that comes alone.
TEST_F(LanesTest, ThatAreAllRefusedForComingTogetherTryOneAlone) {
  settings_.lanes = 4;
  destination_.most_at_once = 1;
  std::array<Lent, 4> lent;
  for (auto& one : lent)
    asio::co_spawn(io_, test::keep_outcome(lanes_.acquire(), &one), asio::detached);
  test::drain(io_);
  EXPECT_EQ(destination_.asked, 4);
  ASSERT_EQ(lanes_.open(), 0U);
  ASSERT_LT(lanes_.resting_until(), std::chrono::steady_clock::now() + 30s);

  for (std::size_t given = 0; given < lent.size(); ++given) {
    io_.restart();
    auto one = lent.end();
    const auto is_lent = [](const Lent& each) { return each && *each; };
    while ((one = std::ranges::find_if(lent, is_lent)) == lent.end() && io_.run_one() != 0) {
    }
    ASSERT_NE(one, lent.end()) << given << " of those who wait had their turn";
    one->emplace(std::unexpected(failure(ErrorKind::cancelled)));
  }
  EXPECT_EQ(destination_.asked, 5);
}

TEST_F(LanesTest, RestLongWhereOneThatComesAloneIsRefusedAsOneTooMany) {
  destination_.error = too_many();
  Lent lent;
  start(lanes_.acquire(), lent);

  EXPECT_GT(lanes_.resting_until(), std::chrono::steady_clock::now() + 30s);
}

TEST_F(LanesTest, TellThatTheDestinationIsDownAndThatItCameBack) {
  settings_.destination_attempts = 3;
  destination_.error = failure(ErrorKind::network);

  Lent lent;
  start(lanes_.acquire(), lent);
  await(lent);

  EXPECT_THAT(heard_, ElementsAre("failed", "failed", "failed", "down after 3", "back"));
  EXPECT_EQ(destination_.asked, 4);
  EXPECT_FALSE(lanes_.is_down());
  EXPECT_EQ(connected_, 1);
}

TEST_F(LanesTest, TellOfAConnectionOnceUntilOneFails) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(test::run_task(io_, lanes_.acquire()));
    lanes_.drop_idle();
  }
  EXPECT_EQ(connected_, 1);

  fail_once(ErrorKind::network);
  EXPECT_TRUE(test::run_task(io_, lanes_.acquire()));

  EXPECT_EQ(connected_, 2);
}

TEST_F(LanesTest, ComeBackOnlyWhenSomethingIsAcceptedWhereSomethingElseThanTheSignInFailed) {
  settings_.destination_attempts = 2;
  fail_once(ErrorKind::network);
  EXPECT_FALSE(lanes_.is_down());
  fail_once(ErrorKind::network);
  ASSERT_TRUE(lanes_.is_down());

  EXPECT_TRUE(test::run_task(io_, lanes_.acquire()));
  EXPECT_TRUE(lanes_.is_down());
  lanes_.accepted();

  EXPECT_FALSE(lanes_.is_down());
  EXPECT_THAT(heard_, ElementsAre("down after 2", "back"));
}

TEST_F(LanesTest, TellWhenTheDestinationDidSomethingForThemLast) {
  lanes_.rest(failure(ErrorKind::network));
  EXPECT_FALSE(lanes_.last_success());
  Lent lent;
  start(lanes_.acquire(), lent);
  await(lent);
  const auto signed_in = lanes_.last_success();
  ASSERT_TRUE(signed_in);

  lanes_.rest(failure(ErrorKind::network));
  EXPECT_EQ(lanes_.last_success(), signed_in);
  std::this_thread::sleep_for(1ms);
  lanes_.accepted();

  EXPECT_GT(lanes_.last_success(), signed_in);
}

TEST_F(LanesTest, ThatBreakTogetherAreOneFailure) {
  settings_.destination_attempts = 2;
  settings_.backoff.first = settings_.backoff.ceiling = 1min;
  for (int lane = 0; lane < 4; ++lane)
    lanes_.rest(failure(ErrorKind::network));

  EXPECT_FALSE(lanes_.is_down());
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(LanesTest, AreDownAtOnceWhereWaitingDoesNotHelp) {
  for (const auto kind : {ErrorKind::quota, ErrorKind::auth}) {
    lanes_.rest(failure(kind));

    EXPECT_TRUE(lanes_.is_down());
    lanes_.ask_again();
    EXPECT_TRUE(lanes_.is_down()) << "nobody has asked yet";
    lanes_.accepted();
    EXPECT_FALSE(lanes_.is_down());
  }
}

TEST_F(LanesTest, TakeSmallerMessagesThanThereWasNoRoomFor) {
  settings_.backoff.first = settings_.backoff.ceiling = 1min;
  lanes_.refuse_for_room(60'000, failure(ErrorKind::quota));

  EXPECT_TRUE(lanes_.may_take(59'999));
  EXPECT_FALSE(lanes_.may_take(60'000));
  EXPECT_LT(lanes_.resting_until(), std::chrono::steady_clock::now());
  EXPECT_FALSE(lanes_.is_down());
  lanes_.accepted(59'999);
  EXPECT_FALSE(lanes_.may_take(60'000));
  lanes_.accepted(60'000);
  EXPECT_TRUE(lanes_.may_take(1'000'000)) << "there is room again";
}

TEST_F(LanesTest, AreDownWhereThereIsNoRoomForAnOrdinaryMessage) {
  settings_.backoff.first = settings_.backoff.ceiling = 1min;
  lanes_.refuse_for_room(2'000, failure(ErrorKind::quota));

  EXPECT_TRUE(lanes_.is_down());
  EXPECT_FALSE(lanes_.may_take(2'000));
  lanes_.accepted(1'000);
  EXPECT_FALSE(lanes_.is_down());
  lanes_.ask_again();
  EXPECT_TRUE(lanes_.may_take(2'000));
}

TEST_F(LanesTest, RestAsLongAsTheyMayOnceItIsDown) {
  settings_.backoff.first = 1ms;
  settings_.backoff.ceiling = 10min;
  settings_.destination_attempts = 2;
  const auto begin = std::chrono::steady_clock::now();

  fail_once(ErrorKind::network);
  EXPECT_LT(lanes_.resting_until(), begin + 1min);
  fail_once(ErrorKind::network);

  EXPECT_GE(lanes_.resting_until(), begin + 10min);
}

}  // namespace
}  // namespace mailferry::sync
