#include "state/mailbox_key.hpp"

#include <gtest/gtest.h>

namespace mailferry::state {
namespace {

struct Sample {
  const char* name;
  std::vector<std::string> components;
  std::string key;
};

class MailboxKey : public ::testing::TestWithParam<Sample> {};

TEST_P(MailboxKey, IsWritten) {
  EXPECT_EQ(to_mailbox_key(MailboxPath(GetParam().components)), GetParam().key);
}

TEST_P(MailboxKey, IsReadBack) {
  const Result<MailboxPath> path = parse_mailbox_key(GetParam().key);

  ASSERT_TRUE(path);
  EXPECT_EQ(path->components(), GetParam().components);
}

INSTANTIATE_TEST_SUITE_P(Samples, MailboxKey,
                         ::testing::Values(Sample{"Empty", {}, ""}, Sample{"Inbox", {"INBOX"}, "INBOX"},
                                           Sample{"Nested", {"Archive", "2024"}, "Archive/2024"},
                                           Sample{"SlashInside", {"a/b", "c"}, R"(a\/b/c)"},
                                           Sample{"BackslashInside", {R"(a\)", "c"}, R"(a\\/c)"},
                                           Sample{"BackslashSlash", {R"(a\/b)"}, R"(a\\\/b)"},
                                           Sample{"NonAscii", {"Entwürfe", "日本"}, "Entwürfe/日本"},
                                           Sample{"EmptyComponent", {"a", "", "b"}, "a//b"},
                                           Sample{"QuoteAndDot", {"a.b\"c"}, "a.b\"c"}),
                         [](const auto& sample) { return std::string(sample.param.name); });

class BadMailboxKey : public ::testing::TestWithParam<std::string> {};

TEST_P(BadMailboxKey, IsCorrupt) {
  const Result<MailboxPath> path = parse_mailbox_key(GetParam());

  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().kind, ErrorKind::state_corrupt);
  EXPECT_EQ(path.error().scope, Scope::mailbox);
}

INSTANTIATE_TEST_SUITE_P(Samples, BadMailboxKey, ::testing::Values(R"(\)", R"(a\)", R"(a\b)", R"(a/\ )"));

}  // namespace
}  // namespace mailferry::state
