// Table tests of the response parser: what comes in and the events that come out, at every split.
#pragma once

#include "fuzz/print_response.hpp"
#include "support/split.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace mailferry::imap {

struct Row {
  std::string name;
  std::string wire;                 // the last line end is left out
  std::vector<std::string> events;  // as print_events() writes them
};

inline void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}
inline std::string row_name(const ::testing::TestParamInfo<Row>& info) {
  return info.param.name;
}

class ResponseRows : public ::testing::TestWithParam<Row> {};

inline void expect_events(std::string_view wire, const std::vector<std::string>& events,
                          const ParserLimits& limits = {}) {
  std::string expected;
  for (const auto& event : events)
    expected += event + "\n";
  for_every_split(wire, [&](const Pieces& pieces) {
    EXPECT_EQ(print_events(pieces, limits), expected) << pieces.size() << " pieces, the first of " << pieces[0].size();
  });
}

inline void expect_read(const Row& row) {
  expect_events(row.wire + "\r\n", row.events);
}

}  // namespace mailferry::imap
