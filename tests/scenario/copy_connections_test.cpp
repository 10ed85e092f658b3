// How many pairs of connections a copy begins with.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

constexpr int kMany = 5000;

unsigned connections_for(int messages, const memory::Behaviour& left = {}, const memory::Behaviour& right = {}) {
  std::string mail;
  for (int number = 0; number < messages; ++number)
    mail += fmt::format("m{} ", number);
  CopyWorld world({{"INBOX", mail}}, {}, right);
  world.left().behaviour = left;
  const auto copied = run_copy(world, {.connections = 0});
  EXPECT_TRUE(copied.report.complete());
  EXPECT_EQ(to_mail(world.right().account), to_mail(world.left().account));
  return copied.report.connections;
}

TEST(CopyConnections, MuchMailHasTwoFromTheBeginning) {
  EXPECT_EQ(connections_for(kMany), 2U);
  EXPECT_EQ(connections_for(kMany - 1), 1U);
}

TEST(CopyConnections, WhereEncryptionTakesTheTimeOneIsAsFast) {
  const memory::Behaviour near{.near_and_encrypted = true};
  EXPECT_EQ(connections_for(kMany, near, near), 1U);
  EXPECT_EQ(connections_for(kMany, near), 2U);
  EXPECT_EQ(connections_for(kMany, {}, near), 2U);
}

}  // namespace
}  // namespace mailferry::test
