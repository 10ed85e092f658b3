#include "cli/copy_view.hpp"

#include <gtest/gtest.h>

namespace mailferry::cli {
namespace {

TEST(CopyView, SaysForEachFailureWhatCanBeDone) {
  sync::Failure failure{.mailbox = {}, .uid = 1, .subject = {}, .reason = "the server answered NO", .remedy = {}};
  EXPECT_NE(remedy_of(failure).find("administrator"), std::string::npos);

  failure.remedy = "make room";
  EXPECT_EQ(remedy_of(failure), "make room");
}

}  // namespace
}  // namespace mailferry::cli
