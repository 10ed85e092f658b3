#include "report/event_key.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mailferry::report {
namespace {

TEST(EventKey, WhatDiffersEachTimeDoesNotTellEventsApart) {
  const std::vector<std::pair<std::string, std::string>> same{
      {"dest connect error (attempt 1/8): refused — retry in 1.5s",
       "dest connect error (attempt 7/8): refused — retry in 59s"},
      {"UID 42 was refused", "UID 43,44:50 was refused"},
      {"cannot connect to mail.example.org:993: timeout after 30 s",
       "cannot connect to mail.example.org:993: timeout after 9 s"},
      {"BYE session a1b2c3 ends at 2026-11-21T07:00:00Z", "BYE session ffee99 ends at 2026-11-22T08:09:10Z"},
      {"no answer for 1m30s", "no answer for 12s"},
      {"message <20261121.1@a.example> is too large", "message <x-7@b.example> is too large"},
      {"lost 10.0.0.1", "lost 10.0.0.27"},
      {"Too many (3) [x1mb22]", "Too many (12) [q9zz1]"},
  };

  for (const auto& [left, right] : same)
    EXPECT_EQ(event_key(left), event_key(right)) << left;
}

TEST(EventKey, WhatHappenedAndWhereTellsEventsApart) {
  const std::vector<std::pair<std::string, std::string>> different{
      {"UID 42 was refused", "UID 42 was lost"},
      {"cannot open Archive/2025", "cannot open Archive/2026"},
      {"alice1@mail.example.org was refused", "alice2@mail.example.org was refused"},
      {"", "x"},
      {"Gelöscht", "Gelesen"},
  };

  for (const auto& [left, right] : different)
    EXPECT_NE(event_key(left), event_key(right)) << left;
}

TEST(EventKey, OfAKeyIsItself) {
  for (const auto* text : {"retry 3/8 in 1.5s", "a  b", " 1 ", "x <a@b> 2026", "<<<", "@", "a/1 b@2 3"})
    EXPECT_EQ(event_key(event_key(text)), event_key(text)) << text;
}

}  // namespace
}  // namespace mailferry::report
