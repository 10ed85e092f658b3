#include "services/quota_note.hpp"

#include "unit/db/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace mailferry::services {
namespace {

class QuotaNote : public ::testing::Test {
 protected:
  void write(std::string key, std::string value) {
    state::Batch batch{.notes = {{std::move(key), std::move(value)}}};
    ASSERT_TRUE(journal_->apply(pair_, batch));
  }
  std::optional<std::string> read(const std::string& account) {
    return read_quota_note(*journal_, pair_, account).value();
  }

  test::TemporaryDirectory directory_{test::Medium::memory};
  std::unique_ptr<state::Journal> journal_ = state::Journal::open(directory_.file("state.db")).value();
  state::PairId pair_ = journal_->pair("bridge", "archive@new.example:993").value();
};

TEST_F(QuotaNote, IsTheSameByEitherPort) {
  EXPECT_EQ(read("alice@old.example:143"), std::nullopt);

  write(quota_note("alice@old.example:143"), "moved");

  EXPECT_EQ(read("alice@old.example:143"), "moved");
  EXPECT_EQ(read("alice@old.example:993"), "moved");
  EXPECT_EQ(read("alice@old.example:1143"), std::nullopt);
}

TEST_F(QuotaNote, OfAnEarlierVersionCountsUntilThereIsAnother) {
  write("quota:alice@old.example:143", "earlier");
  EXPECT_EQ(read("alice@old.example:143"), "earlier");
  EXPECT_EQ(read("alice@old.example:993"), "earlier");

  write(quota_note("alice@old.example:143"), "later");
  EXPECT_EQ(read("alice@old.example:143"), "later");
}

}  // namespace
}  // namespace mailferry::services
