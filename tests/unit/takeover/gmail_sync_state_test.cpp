#include "takeover/moments.hpp"
#include "takeover/old_state.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mailferry::takeover {
namespace {

using std::chrono::sys_days;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GmailSyncState : public testing::Test {
 protected:
  Result<TakenOver> read(const std::string& text) {
    test::write_file(file_, text);
    config::Config config;
    config.bridge = config::Bridge{.take_over = file_};
    return read_old_state(config);
  }

  test::TemporaryDirectory folder_;
  std::string file_ = folder_.file("sync_state.json");
};

TEST_F(GmailSyncState, IdsAreTheKeysOfAnObject) {
  const auto state = read(R"({"synced_message_ids": {"<1@x>": "2026-01-02T03:04:05+00:00", "<2@x>": null},
                              "last_source_uid": 77, "last_sync": "2026-01-03T04:05:06.789012+00:00"})");
  ASSERT_TRUE(state) << state.error().describe();
  EXPECT_EQ(state->tool, ConfigForm::gmail_sync);
  EXPECT_THAT(state->delivered,
              ElementsAre(TakenOver::Delivered{"<1@x>", "INBOX"}, TakenOver::Delivered{"<2@x>", "INBOX"}));
  EXPECT_EQ(state->last_sync, parse_moment("2026-01-03 04:05:06"));
  // Its mark advances over failures (defect G2).
  EXPECT_THAT(state->offsets, IsEmpty());
}

TEST_F(GmailSyncState, IdsMayBeAListAsInOlderFiles) {
  const auto state = read(R"({"synced_message_ids": ["<1@x>", ""], "last_sync": null})");
  ASSERT_TRUE(state);
  EXPECT_THAT(state->delivered, ElementsAre(TakenOver::Delivered{"<1@x>", "INBOX"}));
  EXPECT_FALSE(state->last_sync);
}

TEST_F(GmailSyncState, WhatIsWrongIsSaid) {
  EXPECT_THAT(read(R"({"synced_message_ids": ["<1@x>", 5]})").error().message,
              HasSubstr("synced_message_ids[1] is no text"));
  EXPECT_THAT(read(R"({"synced_message_ids": 5})").error().message, HasSubstr("neither a list nor an object"));
  EXPECT_THAT(read("{}").error().message, HasSubstr("no list synced_message_ids"));
}

TEST_F(GmailSyncState, WhatTellsNothingIsNamedAfterTheToolOfItsFile) {
  EXPECT_THAT(read("").error().message, HasSubstr("imap-to-gmail-sync"));
  file_ = folder_.file("state.db");
  EXPECT_THAT(read("").error().message, HasSubstr("of imap-bridge: it is empty"));
  EXPECT_THAT(read("rubbish").error().message, HasSubstr("of imap-bridge: it is no SQLite database"));
}

// The tool would have begun anew, and sent again what it forgot (defect G13).
TEST_F(GmailSyncState, ADamagedFileIsRefusedByName) {
  for (const auto* text : {"", "{\"synced_message_ids\": {\"<1@x>\": nu", "{}", "[]", "{\"synced_message_ids\": 3}",
                           "{\"synced_message_ids\": [3]}", "{\"synced_message_ids\": [], \"last_sync\": \"soon\"}",
                           "{\"synced_message_ids\": [], \"last_sync\": 5}"}) {
    const auto state = read(text);
    ASSERT_FALSE(state) << text;
    EXPECT_EQ(state.error().kind, ErrorKind::state_corrupt) << text;
    EXPECT_THAT(state.error().message, HasSubstr(file_));
    EXPECT_FALSE(state.error().remedy.empty());
    EXPECT_EQ(test::read_file(file_), text);
  }
}

TEST(Moment, IsReadAsSeveralLanguagesWriteIt) {
  const auto expected = sys_days(std::chrono::year(2026) / 4 / 29) + std::chrono::seconds(9 * 3600 + 31 * 60 + 32);
  for (const auto* text : {"2026-04-29 09:31:32", "2026-04-29T09:31:32Z", "2026-04-29T09:31:32.123456",
                           "2026-04-29 11:31:32.5+02:00", "2026-04-29T04:01:32-05:30", "2026-04-29T11:31:32+0200"}) {
    EXPECT_EQ(parse_moment(text), expected) << text;
  }
}

TEST(Moment, IsNothingElse) {
  for (const auto* text :
       {"", "2026-04-29", "2026-13-29 09:31:32", "2026-02-30 09:31:32", "2026-04-29 24:31:32", "2026-04-29 09:31",
        "2026-04-29 09:31:32 CET", "2026-04-29 09:31:32+02", "x026-04-29 09:31:32"}) {
    EXPECT_FALSE(parse_moment(text)) << text;
  }
}

}  // namespace
}  // namespace mailferry::takeover
