#include "mail/mailbox_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry {
namespace {

using testing::ElementsAre;

TEST(MailboxPath, SplitsAtTheSeparator) {
  EXPECT_THAT(MailboxPath::split("Work/2024/Q1", '/').components(), ElementsAre("Work", "2024", "Q1"));
  EXPECT_THAT(MailboxPath::split("Work/2024", '.').components(), ElementsAre("Work/2024"));
  EXPECT_THAT(MailboxPath::split("a.b/c", '\0').components(), ElementsAre("a.b/c"));
  EXPECT_TRUE(MailboxPath::split("", '/').empty());
}

TEST(MailboxPath, KeepsEmptyComponentsSoThatJoinGivesTheNameBack) {
  EXPECT_EQ(MailboxPath::split("/a//b/", '/').join('/'), "/a//b/");
}

TEST(MailboxPath, InboxIsOneNameInAnyCaseAtTheTopOnly) {
  EXPECT_TRUE(MailboxPath::split("iNbOx", '/').is_inbox());
  EXPECT_EQ(MailboxPath::split("inbox.Sub", '.').to_string(), "INBOX/Sub");
  EXPECT_EQ(MailboxPath::split("Old.inbox", '.').to_string(), "Old/inbox");
  EXPECT_FALSE(MailboxPath::split("INBOX.Sub", '.').is_inbox());
}

TEST(MailboxPath, IsTheSameInAnyCaseWhereThatIsAskedFor) {
  EXPECT_EQ(MailboxPath::split("Work/Über", '/').caseless(), MailboxPath::split("WORK/Über", '/').caseless());
  EXPECT_EQ(MailboxPath::split("inbox/A", '/').caseless(), MailboxPath::split("Inbox/a", '/').caseless());
  EXPECT_NE(MailboxPath::split("Work", '/').caseless(), MailboxPath::split("Works", '/').caseless());
}

TEST(MailboxPath, TellsParentAndLeaf) {
  const MailboxPath path = MailboxPath::split("a/b/c", '/');
  EXPECT_EQ(path.parent().to_string(), "a/b");
  EXPECT_EQ(path.leaf(), "c");
  EXPECT_TRUE(MailboxPath::split("a", '/').parent().empty());
  EXPECT_TRUE(MailboxPath().parent().empty());
}

TEST(SpecialUse, ReadsAttributesInAnyCaseAndWritesTheStandardOnes) {
  EXPECT_EQ(parse_special_use("\\SENT"), SpecialUse::sent);
  EXPECT_EQ(parse_special_use("\\Spam"), SpecialUse::junk);
  EXPECT_EQ(parse_special_use("\\HasChildren"), SpecialUse::none);
  EXPECT_EQ(parse_special_use(""), SpecialUse::none);
  for (const SpecialUse use : {SpecialUse::all, SpecialUse::archive, SpecialUse::drafts, SpecialUse::flagged,
                               SpecialUse::important, SpecialUse::junk, SpecialUse::sent, SpecialUse::trash}) {
    EXPECT_EQ(parse_special_use(to_attribute(use)), use);
  }
  EXPECT_EQ(to_attribute(SpecialUse::none), "");
  EXPECT_EQ(to_attribute(SpecialUse::inbox), "");
}

}  // namespace
}  // namespace mailferry
