#include "stores/imap/mailbox_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::NamespaceData;
using Entries = std::vector<NamespaceData::Entry>;

class ForeignMailboxes : public testing::Test {
 protected:
  void namespaces(Entries personal, Entries other_users, Entries shared) {
    names_.set_namespaces(
        {.personal = std::move(personal), .other_users = std::move(other_users), .shared = std::move(shared)});
  }
  /// Those of `wires` that are foreign.
  [[nodiscard]] std::vector<std::string> foreign(const std::vector<std::string>& wires, char separator) const {
    std::vector<std::string> found;
    std::ranges::copy_if(wires, std::back_inserter(found),
                         [&](const auto& wire) { return names_.is_foreign(wire, separator); });
    return found;
  }

  MailboxNames names_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ForeignMailboxes, AreInWholeLevelsOfAPrefixWithOrWithoutItsSeparator) {
  for (const auto* prefix : {"Public", "Public/"}) {
    namespaces({{"", '/'}}, {{"Other Users/", '/'}}, {{prefix, '/'}});
    EXPECT_THAT(foreign({"INBOX", "Publications", "Public", "Public/x", "Other Users/bob/Sent", "Other"}, '/'),
                ElementsAre("Public", "Public/x", "Other Users/bob/Sent"))
        << prefix;
  }
}

TEST_F(ForeignMailboxes, AreNeverInboxAndWhatIsBelowIt) {
  for (const auto* prefix : {"INBOX", "inbox/", "", "/"}) {
    namespaces({{"", '/'}}, {}, {{prefix, '/'}});
    EXPECT_THAT(foreign({"INBOX", "inbox", "INBOX/a", "Work"}, '/'), IsEmpty()) << prefix;
  }
}

TEST_F(ForeignMailboxes, OfCyrusAndCourier) {
  namespaces({{"INBOX.", '.'}}, {{"user.", '.'}}, {{"", '.'}});
  EXPECT_THAT(foreign({"INBOX", "INBOX.user.x", "users", "user.bob", "user.bob.Sent"}, '.'),
              ElementsAre("user.bob", "user.bob.Sent"));

  namespaces({{"INBOX.", '.'}}, {}, {{"#shared.", '.'}, {"shared.", '.'}});
  EXPECT_THAT(foreign({"INBOX.shared.x", "shared.x", "#shared.y", "INBOX.Sent"}, '.'),
              ElementsAre("shared.x", "#shared.y"));
}

TEST_F(ForeignMailboxes, AreNotInAPersonalNamespaceThatIsInsideTheirs) {
  namespaces({{"user/ann/", '/'}}, {{"user/", '/'}}, {});
  EXPECT_THAT(foreign({"user/ann", "user/ann/Sent", "user/anna", "user/bob/Sent"}, '/'),
              ElementsAre("user/anna", "user/bob/Sent"));

  namespaces({{"Mail/", '/'}}, {}, {{"Mail/", '/'}});
  EXPECT_THAT(foreign({"Mail/x"}, '/'), IsEmpty()) << "what may be the user's is the user's";
}

TEST_F(ForeignMailboxes, AreKnownBeforeTheyAreMade) {
  const auto path = [](std::string_view name) { return MailboxPath::split(name, '/'); };
  namespaces({{"", '/'}}, {{"Other Users/", '/'}}, {});
  EXPECT_TRUE(names_.leads_to_others(path("Other Users/bob/Private")));
  EXPECT_FALSE(names_.leads_to_others(path("Other/bob")));

  namespaces({{"INBOX.", '.'}}, {{"user.", '.'}}, {});
  names_.set_separator('.');
  EXPECT_FALSE(names_.leads_to_others(path("user/bob"))) << "it is called INBOX.user.bob";
}

TEST_F(ForeignMailboxes, OrNotInboxesBelowInboxHaveNamesOfTheirOwn) {
  namespaces({{"INBOX.", '.'}}, {}, {});
  names_.set_separator('.');
  EXPECT_EQ(names_.learn("INBOX.INBOX.INBOX", '.').to_string(), "INBOX/INBOX");
  EXPECT_EQ(names_.learn("INBOX.INBOX", '.').to_string(), "INBOX-2/INBOX");
  EXPECT_TRUE(names_.is_second_inbox("INBOX.inbox"));
  EXPECT_FALSE(names_.is_second_inbox("INBOX"));
  EXPECT_FALSE(names_.is_second_inbox("INBOX.INBOX.x"));
}

TEST_F(ForeignMailboxes, TakeNoPathOfTheUsersOwn) {
  namespaces({{"INBOX.", '.'}}, {}, {{"shared.", '.'}});
  const auto own = names_.learn("INBOX.shared.x", '.');
  for (int listing = 0; listing < 2; ++listing) {
    EXPECT_EQ(names_.learn("INBOX.shared.x", '.'), own);
    EXPECT_EQ(names_.learn("shared.x", '.').to_string(), "shared-2/x");
  }
  EXPECT_EQ(names_.learn("shared.y", '.').to_string(), "shared/y");

  EXPECT_EQ(own.to_string(), "shared/x");
  EXPECT_EQ(*names_.to_wire(own), "INBOX.shared.x");
  EXPECT_EQ(*names_.to_wire(MailboxPath::split("shared-2/x", '/')), "shared.x");
}

TEST(MailboxNames, BelowTwoSpellingsOfInboxAreTwoMailboxes) {
  MailboxNames names;
  names.set_namespaces({.personal = {{"INBOX.", '.'}}, .other_users = {}, .shared = {}});
  const std::vector<std::string> wires{"INBOX.INBOX.Foo", "INBOX.Inbox.Foo"};
  std::set<MailboxPath> paths;
  for (const auto& wire : wires) {
    const auto path = names.learn(wire, '.');
    EXPECT_TRUE(paths.insert(path).second) << path.to_string();
    EXPECT_EQ(names.learn(wire, '.'), path) << "told again";
  }
  std::vector<std::string> asked;
  for (const auto& path : paths)
    asked.push_back(names.to_wire(path).value_or("none"));
  EXPECT_THAT(asked, testing::UnorderedElementsAreArray(wires));
}

}  // namespace
}  // namespace mailferry::stores::imap
