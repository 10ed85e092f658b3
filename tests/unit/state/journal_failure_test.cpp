#include "unit/state/journal_fixture.hpp"

#include <array>
#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>

namespace mailferry::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JournalFailure : public JournalFixture {};

/// The kernel refuses to let any file grow beyond a size, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t octets) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{octets, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// Runs that cannot merge: some kilobytes of rows.
Batch scattered(RouteId route, Uid first, Uid count) {
  Batch batch;
  for (Uid uid = first; uid < first + count; ++uid)
    batch.settled.emplace_back(route, run(2 * uid, 1, 3 * uid));
  return batch;
}

TEST_F(JournalFailure, AFullDiskStoresNothingOfTheBatchAndLosesNothing) {
  settle({run(1, 1, 1)});
  Batch batch = scattered(route_, 10, 20'000);
  batch.routes.push_back(route_to("Sent"));
  Result<> refused;
  {
    const FileSizeLimit limit(64 * 1024);
    refused = journal_->apply(pair_, batch);
  }

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::local_io);
  EXPECT_EQ(refused.error().scope, Scope::run);
  EXPECT_THAT(refused.error().message, HasSubstr("no room is left on the disk of " + file_));
  EXPECT_THAT(refused.error().remedy, HasSubstr("free some space"));
  EXPECT_EQ(batch.routes[0].id, 0);
  EXPECT_THAT(settled(), ElementsAre("1+1>1"));
  reopen();
  EXPECT_THAT(settled(), ElementsAre("1+1>1"));
}

TEST_F(JournalFailure, GoesOnWhenThereIsRoomAgain) {
  Batch batch = scattered(route_, 10, 20'000);
  {
    const FileSizeLimit limit(64 * 1024);
    ASSERT_FALSE(journal_->apply(pair_, batch));
  }

  apply(batch);

  EXPECT_EQ(journal_->settled_uids(route_).value().size(), 20'000U);
  reopen();
  EXPECT_EQ(journal_->settled_uids(route_).value().size(), 20'000U);
}

TEST_F(JournalFailure, AFullDiskKeepsANewFileFromBeingMade) {
  const std::string file = directory_.file("new/state.db");
  Result<std::unique_ptr<Journal>> refused;
  {
    const FileSizeLimit limit(1);
    refused = Journal::open(file);
  }

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::local_io);
  EXPECT_THAT(refused.error().message, HasSubstr(file));
  EXPECT_TRUE(Journal::open(file));
}

TEST_F(JournalFailure, ASecondProcessIsToldWhichOneIsAtWork) {
  const Result<std::unique_ptr<Journal>> second = Journal::open(file_);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::local_io);
  EXPECT_EQ(second.error().scope, Scope::run);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("is in use by process {}", ::getpid())));
}

TEST_F(JournalFailure, ADamagedFileIsLeftAlone) {
  apply(scattered(route_, 1, 5'000));
  journal_.reset();
  std::string content = test::read_file(file_);
  content.replace(content.size() / 2, 8192, 8192, '\x5a');
  test::write_file(file_, content);

  const Result<std::unique_ptr<Journal>> damaged = Journal::open(file_);

  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(damaged.error().message, HasSubstr(file_));
  EXPECT_THAT(damaged.error().remedy, HasSubstr("backup"));
  EXPECT_EQ(test::read_file(file_), content);
}

/// Applies one batch after the other and tells each that is durable, until it is killed.
[[noreturn]] void write_until_killed(const std::string& file, int acknowledgements) {
  const std::unique_ptr<Journal> journal = Journal::open(file).value();
  const PairId pair = journal->pair("alice@old.example:993", "alice@new.example:993").value();
  const RouteId route = journal->routes(pair).value().front().id;
  for (Uid uid = 1;; ++uid) {
    // Two rows in every batch: a batch that is there by half would show.
    Batch batch{.intents = {{route, UidSet({uid + 1, uid + 1}), uid}}, .settled = {{route, run(uid, 1, 2 * uid)}}};
    if (!journal->apply(pair, batch) || ::write(acknowledgements, "+", 1) != 1) ::_exit(1);
  }
}

class JournalKilled : public JournalFixture, public ::testing::WithParamInterface<unsigned> {};

TEST_P(JournalKilled, HasEveryBatchThatWasAcknowledgedAndNoneByHalf) {
  journal_.reset();
  std::array<int, 2> channel{};
  ASSERT_EQ(::pipe(channel.data()), 0);
  const pid_t writer = ::fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) write_until_killed(file_, channel[1]);
  ::close(channel[1]);
  std::mt19937 random(GetParam());
  std::uint64_t acknowledged = 0;
  char one = 0;
  for (std::uint64_t until = random() % 40 + 1; acknowledged < until && ::read(channel[0], &one, 1) == 1;)
    ++acknowledged;
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
  while (::read(channel[0], &one, 1) == 1)
    ++acknowledged;
  ::close(channel[0]);

  reopen();

  const UidSet there = journal_->settled_uids(route_).value();
  EXPECT_GE(there.size(), acknowledged);
  EXPECT_LE(there.size(), acknowledged + 1);
  EXPECT_EQ(there, uids(fmt::format("1:{}", there.size())));
  EXPECT_THAT(in_doubt(), ElementsAre(fmt::format("{}: {} from {}", route_, there.size() + 1, there.size())));
}

INSTANTIATE_TEST_SUITE_P(Seed, JournalKilled, ::testing::Range(1U, 21U));

}  // namespace
}  // namespace mailferry::state
