#include "stores/imap/mailbox_listing.hpp"

#include <gtest/gtest.h>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::ListData;
using mailferry::imap::OtherData;
using mailferry::imap::StatusData;
using mailferry::imap::UntaggedData;

UntaggedData listed(const std::string& name) {
  return ListData{.mailbox = name};
}

TEST(MailboxListing, EndsWhereTheAnswersAreMoreThanTheLimit) {
  MailboxNames names;
  MailboxListing listing(names, {.answers = 3, .octets = 1000});
  // The same again costs no memory, and still the list would have no end.
  for (auto data : {listed("INBOX"), UntaggedData(StatusData{.mailbox = "INBOX"}),
                    UntaggedData(OtherData{.name = "LIST", .raw = "* LIST"})}) {
    listing.take(data);
    EXPECT_FALSE(listing.is_too_long());
  }

  auto last = listed("INBOX");
  listing.take(last);

  EXPECT_TRUE(listing.is_too_long());
}

TEST(MailboxListing, EndsWhereTheNamesAreLongerThanTheLimit) {
  for (const std::size_t octets : {9U, 10U, 11U}) {
    MailboxNames names;
    MailboxListing listing(names, {.answers = 100, .octets = 10});
    UntaggedData data = ListData{.attributes = {"\\Sent"}, .mailbox = std::string(octets - 5, 'x')};
    listing.take(data);
    EXPECT_EQ(listing.is_too_long(), octets > 10) << octets;
  }
}

}  // namespace
}  // namespace mailferry::stores::imap
