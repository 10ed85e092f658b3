#include "support/scripted_peer.hpp"

#include "async/task_scope.hpp"
#include "support/faulty_transport.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::test {
namespace {

using namespace std::chrono_literals;
using net::read_exactly;
using net::read_now;
using net::TransportPtr;
using net::write_now;
using testing::HasSubstr;

class ScriptedPeerTest : public testing::Test {
 protected:
  asio::io_context context_;
  ScriptedPeer peer_{context_};
  TransportPtr transport_ = peer_.transport();
};

TEST_F(ScriptedPeerTest, PlaysADialogue) {
  peer_.send("* OK\r\n").expect("A1 NOOP\r\n").send("A1 OK\r\n").close();
  EXPECT_EQ(read_now(context_, *transport_).value(), "* OK\r\n");
  ASSERT_TRUE(write_now(context_, *transport_, "A1 NOOP\r\n"));
  EXPECT_EQ(read_now(context_, *transport_).value(), "A1 OK\r\n");
  EXPECT_EQ(read_now(context_, *transport_).error().kind, ErrorKind::network);
  EXPECT_EQ(peer_.verdict(), "");
  EXPECT_EQ(peer_.written(), "A1 NOOP\r\n");
}

TEST_F(ScriptedPeerTest, CutsEverythingIntoPieces) {
  peer_.fragment(1);
  peer_.expect("abc").send("def");
  ASSERT_TRUE(write_now(context_, *transport_, "abc"));
  EXPECT_EQ(read_now(context_, *transport_).value(), "d");
  EXPECT_EQ(read_exactly(context_, *transport_, 2).value(), "ef");
  EXPECT_EQ(peer_.verdict(), "");
}

TEST_F(ScriptedPeerTest, AcceptsPipelinedCommandsAheadOfTheirAnswers) {
  peer_.expect("one\n").send("1\n").expect("two\n").send("2\n");
  ASSERT_TRUE(write_now(context_, *transport_, "one\ntwo\n"));
  EXPECT_EQ(read_exactly(context_, *transport_, 4).value(), "1\n2\n");
  EXPECT_EQ(peer_.verdict(), "");
}

TEST_F(ScriptedPeerTest, ShowsWhatDiffers) {
  peer_.expect("A1 NOOP\r\n");
  ASSERT_TRUE(write_now(context_, *transport_, "A1 NOPE\r\n"));
  EXPECT_THAT(peer_.verdict(), HasSubstr("wrote \"A1 NOPE\\r\\n\" where \"A1 NOOP\\r\\n\" was expected"));
  EXPECT_EQ(read_now(context_, *transport_).error().kind, ErrorKind::network);
}

TEST_F(ScriptedPeerTest, ShowsWhereAScriptStopped) {
  peer_.expect("one").expect("two");
  ASSERT_TRUE(write_now(context_, *transport_, "one"));
  EXPECT_THAT(peer_.verdict(), HasSubstr("stopped at: expect \"two\""));
}

TEST_F(ScriptedPeerTest, MindsOctetsAfterTheEndOfTheScript) {
  peer_.expect("one");
  ASSERT_TRUE(write_now(context_, *transport_, "one more"));
  EXPECT_THAT(peer_.verdict(), HasSubstr("\" more\""));
}

TEST_F(ScriptedPeerTest, MindsAnswersThatWereNotRead) {
  peer_.send("unread");
  EXPECT_THAT(peer_.verdict(), HasSubstr("did not read \"unread\""));
}

TEST_F(ScriptedPeerTest, HearsSilence) {
  peer_.expect("one").expect_silence().send("1");
  ASSERT_TRUE(write_now(context_, *transport_, "one"));
  EXPECT_EQ(read_now(context_, *transport_).value(), "1");
  EXPECT_EQ(peer_.verdict(), "");
}

TEST_F(ScriptedPeerTest, HearsWhenThereIsNoSilence) {
  peer_.expect("one").expect_silence().send("1");
  ASSERT_TRUE(write_now(context_, *transport_, "one and a half"));
  EXPECT_THAT(peer_.verdict(), HasSubstr("silence was expected"));
}

TEST_F(ScriptedPeerTest, StallsWithoutLosingTime) {
  peer_.send("x").stall();
  EXPECT_EQ(read_now(context_, *transport_).value(), "x");
  EXPECT_EQ(read_now(context_, *transport_, 10, 24h).error().kind, ErrorKind::timeout);
  EXPECT_FALSE(transport_->is_open());
  EXPECT_EQ(peer_.verdict(), "");
}

TEST_F(ScriptedPeerTest, StallsWrites) {
  peer_.expect("one").stall_writes();
  ASSERT_TRUE(write_now(context_, *transport_, "one"));
  EXPECT_EQ(write_now(context_, *transport_, "two").error().kind, ErrorKind::timeout);
}

TEST_F(ScriptedPeerTest, EndsADialogueInWhichBothWait) {
  peer_.limit_patience(10ms);
  peer_.expect("never written");
  EXPECT_EQ(read_now(context_, *transport_, 10, 24h).error().kind, ErrorKind::timeout);
}

TEST_F(ScriptedPeerTest, ResetsAndForgetsWhatWasUnderway) {
  peer_.send("lost").reset();
  EXPECT_EQ(read_now(context_, *transport_).error().kind, ErrorKind::network);
  EXPECT_EQ(write_now(context_, *transport_, "x").error().kind, ErrorKind::network);
}

TEST_F(ScriptedPeerTest, AllowsTlsOnlyWhereTheScriptSays) {
  peer_.expect("STARTTLS").send("OK").expect_tls().expect("inside");
  ASSERT_TRUE(write_now(context_, *transport_, "STARTTLS"));
  EXPECT_EQ(read_now(context_, *transport_).value(), "OK");
  ASSERT_TRUE(run_task(context_, transport_->start_tls({}, "host")));
  ASSERT_TRUE(write_now(context_, *transport_, "inside"));
  EXPECT_EQ(peer_.verdict(), "");
  EXPECT_FALSE(run_task(context_, transport_->start_tls({}, "host")));
}

TEST_F(ScriptedPeerTest, WakesAPendingReadWhenClosed) {
  peer_.expect("something");
  std::optional<Result<std::size_t>> outcome;
  std::string buffer(10, '\0');
  asio::co_spawn(context_, transport_->read_some(buffer, 24h),
                 [&](std::exception_ptr, Result<std::size_t> result) { outcome = std::move(result); });
  drain(context_);
  EXPECT_FALSE(outcome);
  transport_->close();
  drain(context_);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error().kind, ErrorKind::cancelled);
  EXPECT_TRUE(peer_.is_closed_by_client());
}

TEST(FaultyTransport, CountsAndBreaksTheChosenOperation) {
  for (const Fault fault : {Fault::eof, Fault::reset, Fault::timeout}) {
    asio::io_context context;
    ScriptedPeer peer(context);
    peer.expect("one").send("1").expect("two");
    const auto plan = std::make_shared<FaultPlan>(FaultPlan{.fault = fault, .at = 2});
    const TransportPtr transport = make_faulty(peer.transport(), plan);
    EXPECT_TRUE(write_now(context, *transport, "one"));
    EXPECT_EQ(read_now(context, *transport).value(), "1");
    const Result<> broken = write_now(context, *transport, "two");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().kind, fault == Fault::timeout ? ErrorKind::timeout : ErrorKind::network);
    EXPECT_FALSE(transport->is_open());
    EXPECT_FALSE(read_now(context, *transport));
    EXPECT_EQ(plan->operations, 3U);
    EXPECT_TRUE(plan->has_fired);
  }
}

TEST(FaultyTransport, GivesGarbageOnce) {
  asio::io_context context;
  ScriptedPeer peer(context);
  peer.send("good");
  const auto plan = std::make_shared<FaultPlan>(FaultPlan{.fault = Fault::garbage, .at = 0});
  const TransportPtr transport = make_faulty(peer.transport(), plan);
  EXPECT_NE(read_now(context, *transport).value(), "good");
  EXPECT_EQ(read_now(context, *transport).value(), "good");
}

TEST(FaultyTransport, WritesHalfAndBreaks) {
  asio::io_context context;
  ScriptedPeer peer(context);
  peer.expect("abcdef");
  const auto plan = std::make_shared<FaultPlan>(FaultPlan{.fault = Fault::short_write, .at = 0});
  const TransportPtr transport = make_faulty(peer.transport(), plan);
  EXPECT_FALSE(write_now(context, *transport, "abcdef"));
  EXPECT_EQ(peer.written(), "abc");
}

}  // namespace
}  // namespace mailferry::test
