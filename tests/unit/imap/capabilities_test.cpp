#include "imap/capabilities.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <set>

namespace mailferry::imap {
namespace {

Capabilities announce(std::initializer_list<std::string_view> names) {
  Capabilities capabilities;
  for (const auto name : names)
    capabilities.add(name);
  return capabilities;
}

TEST(CapabilityTable, HasARowForEachCapabilityInOrder) {
  const auto& table = capability_table();

  ASSERT_EQ(table.size(), static_cast<std::size_t>(Capability::count_));
  std::set<std::string_view> names;
  for (std::size_t row = 0; row < table.size(); ++row) {
    EXPECT_EQ(static_cast<std::size_t>(table[row].capability), row);
    EXPECT_FALSE(table[row].reference.empty()) << table[row].name;
    EXPECT_FALSE(table[row].use.empty()) << table[row].name;
    EXPECT_TRUE(names.insert(table[row].name).second) << table[row].name;
  }
}

TEST(CapabilityTable, NamesWhatIsAnnounced) {
  for (const auto& row : capability_table())
    EXPECT_TRUE(announce({row.name}).has(row.capability)) << row.name;
}

TEST(Capabilities, AreNoneAtFirst) {
  const Capabilities capabilities;

  EXPECT_TRUE(capabilities.empty());
  for (const auto& row : capability_table())
    EXPECT_FALSE(capabilities.has(row.capability)) << row.name;
}

TEST(Capabilities, IgnoreCase) {
  EXPECT_TRUE(announce({"multiappend"}).has(Capability::multiappend));
  EXPECT_TRUE(announce({"Compress=Deflate"}).has(Capability::compress_deflate));
}

TEST(Capabilities, AreNotGuessedFromPartsOfNames) {
  const auto capabilities = announce({"LITERAL", "MULTIAPPENDX", "XMOVE", "SORT=DISPLAY", "THREAD=ORDEREDSUBJECT"});

  EXPECT_FALSE(capabilities.has(Capability::literal_plus));
  EXPECT_FALSE(capabilities.has(Capability::multiappend));
  EXPECT_FALSE(capabilities.has(Capability::move));
  EXPECT_FALSE(capabilities.has(Capability::sort));
  EXPECT_FALSE(capabilities.has(Capability::thread_references));
}

TEST(Capabilities, KeepUnknownNamesAsAnnounced) {
  const auto capabilities = announce({"IMAP4rev1", "Xyzzy"});

  EXPECT_EQ(capabilities.names(), (std::vector<std::string>{"IMAP4rev1", "Xyzzy"}));
  EXPECT_FALSE(capabilities.empty());
}

TEST(Capabilities, ListMechanismsOnceInAnnouncedOrder) {
  const auto capabilities = announce({"AUTH=plain", "auth=SCRAM-SHA-256", "AUTH=PLAIN", "AUTH="});

  EXPECT_EQ(capabilities.mechanisms(), (std::vector<std::string>{"PLAIN", "SCRAM-SHA-256"}));
}

TEST(Capabilities, ReadTheAppendLimit) {
  const auto capabilities = announce({"APPENDLIMIT=35651584"});

  EXPECT_TRUE(capabilities.has(Capability::appendlimit));
  EXPECT_EQ(capabilities.append_limit(), 35651584U);
}

TEST(Capabilities, HaveAnAppendLimitThatDiffersByMailbox) {
  const auto capabilities = announce({"APPENDLIMIT"});

  EXPECT_TRUE(capabilities.has(Capability::appendlimit));
  EXPECT_FALSE(capabilities.append_limit().has_value());
}

TEST(Capabilities, IgnoreAnAppendLimitThatIsNoNumber) {
  EXPECT_FALSE(announce({"APPENDLIMIT=-1"}).append_limit().has_value());
  EXPECT_FALSE(announce({"APPENDLIMIT="}).append_limit().has_value());
}

TEST(Capabilities, ReadTheMessageLimit) {
  const auto capabilities = announce({"MESSAGELIMIT=1000"});

  EXPECT_TRUE(capabilities.has(Capability::message_limit));
  EXPECT_EQ(capabilities.message_limit(), 1000U);
}

TEST(Capabilities, OfRev2IncludeTheExtensionsThatItFoldedIn) {
  const auto capabilities = announce({"IMAP4rev2"});

  for (const auto included :
       {Capability::namespace_, Capability::unselect, Capability::uidplus, Capability::esearch, Capability::searchres,
        Capability::enable, Capability::idle, Capability::sasl_ir, Capability::list_extended, Capability::list_status,
        Capability::move, Capability::literal_minus, Capability::status_size}) {
    EXPECT_TRUE(capabilities.has(included)) << capability_table()[static_cast<std::size_t>(included)].name;
  }
}

TEST(Capabilities, OfRev2DoNotIncludeTheRest) {
  const auto capabilities = announce({"IMAP4rev2"});

  for (const auto other : {Capability::imap4rev1, Capability::binary, Capability::special_use, Capability::condstore,
                           Capability::qresync, Capability::literal_plus, Capability::multiappend}) {
    EXPECT_FALSE(capabilities.has(other)) << capability_table()[static_cast<std::size_t>(other)].name;
  }
}

TEST(Capabilities, OfQresyncIncludeCondstore) {
  EXPECT_TRUE(announce({"QRESYNC"}).has(Capability::condstore));
}

TEST(Capabilities, CanBeSwitchedOffEvenWhenImplied) {
  auto capabilities = announce({"IMAP4rev2"});
  capabilities.remove(Capability::literal_minus);

  EXPECT_FALSE(capabilities.has(Capability::literal_minus));
  EXPECT_TRUE(capabilities.has(Capability::uidplus));
}

TEST(Capabilities, AreAllForgottenByClear) {
  auto capabilities = announce({"IMAP4rev1", "AUTH=PLAIN", "APPENDLIMIT=1", "MESSAGELIMIT=2"});
  capabilities.clear();

  EXPECT_TRUE(capabilities.empty());
  EXPECT_FALSE(capabilities.has(Capability::imap4rev1));
  EXPECT_TRUE(capabilities.mechanisms().empty());
  EXPECT_FALSE(capabilities.append_limit().has_value());
  EXPECT_FALSE(capabilities.message_limit().has_value());
}

}  // namespace
}  // namespace mailferry::imap
