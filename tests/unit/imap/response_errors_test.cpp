#include "imap/response_errors.hpp"

#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

StatusResponse refusal(std::string text) {
  StatusResponse response;
  response.status = Status::no;
  response.text = std::move(text);
  return response;
}

TEST(ResponseErrors, WordsOfAFullAccountCountAsItsCode) {
  for (const auto* text : {"Quota exceeded (mailbox for user is full)", "Over quota", "The mailbox is full."}) {
    const auto error = to_error(refusal(text), Scope::message, "APPEND");
    EXPECT_EQ(error.kind, ErrorKind::quota) << text;
    EXPECT_EQ(error.scope, Scope::account) << text;
    EXPECT_EQ(error.retry, Retry::never) << text;
  }
}

TEST(ResponseErrors, WordsOfAFullAccountSayNothingWhereNothingIsStored) {
  EXPECT_EQ(to_error(refusal("Over quota"), Scope::mailbox, "EXAMINE INBOX").kind, ErrorKind::permission);
  EXPECT_EQ(to_error(refusal("Message is not liked"), Scope::message, "APPEND").kind, ErrorKind::message_rejected);
}

TEST(ResponseErrors, WithoutACodeTheRemedyIsToAsk) {
  EXPECT_EQ(to_error(refusal("No"), Scope::mailbox, "EXAMINE INBOX").remedy, kAskAdministrator);
  EXPECT_EQ(to_error(refusal("No"), Scope::message, "APPEND").remedy, "") << "no code speaks";
}

TEST(ResponseErrors, ALimitThatIsARatePasses) {
  auto limited = refusal("UID FETCH Rate limit hit.");
  limited.code.code = Code::limit;
  EXPECT_EQ(to_error(limited, Scope::mailbox, "UID FETCH").kind, ErrorKind::throttled);
  EXPECT_EQ(to_error(limited, Scope::mailbox, "UID FETCH").scope, Scope::account);
  limited.text = "too many keywords";
  EXPECT_EQ(to_error(limited, Scope::message, "APPEND").retry, Retry::never);
}

TEST(ResponseErrors, TakesTheTimeThatAThrottlingServerAsksFor) {
  const auto wait = [](const char* text) { return to_error(refusal(text), Scope::mailbox, "EXAMINE").retry_after; };
  EXPECT_EQ(wait("Request is throttled. Suggested Backoff Time: 299961 milliseconds"),
            std::chrono::milliseconds(299'961));
  EXPECT_EQ(wait("Request is throttled, try again in 2 minutes"), std::chrono::minutes(2));
  EXPECT_EQ(wait("Request is throttled"), std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace mailferry::imap
