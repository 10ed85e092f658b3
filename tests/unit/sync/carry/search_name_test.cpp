// What a message is searched for by on the destination.
#include "sync/carry/destination_mailbox.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

struct Named {
  std::string message_id;
  std::string sent;
  std::string subject;
  std::optional<SearchName> name;
};

TEST(SearchName, IsTheFirstFieldThatEveryServerFinds) {
  const std::string date = "Mon, 02 Nov 2026 10:00:00 +0000";
  const SearchName by_date{"Date", "02 Nov 2026 10:00:00 +0000"};
  const std::vector<Named> rows{
      {"<a@x>", date, "hello", SearchName{"Message-ID", "<a@x>"}},
      {"", date, "hello", by_date},
      {"<gr\xfcn@x>", date, "hello", by_date},
      {std::string("<a\0b@x>", 8), date, "hello", by_date},
      {"<" + std::string(2'000, 'x'), date, "", by_date},
      {"", "2 Nov 2026", "", SearchName{"Date", "2 Nov 2026"}},
      {"", "", "hello", SearchName{"Subject", "hello"}},
      {"", "", "gr\xfcn und blau", SearchName{"Subject", "n und blau"}},
      {"<gr\xfcn@x>", "", "=?utf-8?q?gr=C3=BCn?=", SearchName{"Message-ID", "n@x>"}},
      {"", "", "=?utf-8?q?gr=C3=BCn?=", std::nullopt},
      {"", "", "x", std::nullopt},
      {"", "", "", std::nullopt},
  };
  for (const auto& row : rows) {
    store::MessageMeta meta;
    meta.message_id = row.message_id;
    meta.sent = row.sent;
    meta.subject = row.subject;
    EXPECT_EQ(DestinationMailbox::search_name(meta), row.name) << row.message_id << row.sent << row.subject;
  }
}

}  // namespace
}  // namespace mailferry::sync
