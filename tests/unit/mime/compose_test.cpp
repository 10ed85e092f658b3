#include "mime/compose.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace mailferry::mime {
namespace {

using testing::HasSubstr;
using testing::Not;

class ComposeTest : public ::testing::Test {
 protected:
  ComposeTest() {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
  }
  ~ComposeTest() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  [[nodiscard]] std::string composed() const { return compose(letter_).value(); }

  Letter letter_{.sender_name = "mailferry",
                 .sender = "bob@example.org",
                 .recipient = "bob@example.org",
                 .subject = "[mailferry] Daily report — 2026-11-21",
                 .date = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'240'800)),
                 .message_id = "report.1@example.org",
                 .text = "Grüße\n.\nFrom here\n",
                 .html = "<p>Gr&uuml;&szlig;e</p>\n"};
};

TEST_F(ComposeTest, HasTheHeaderOfAMessage) {
  const auto message = composed();

  EXPECT_THAT(message, HasSubstr("From: mailferry <bob@example.org>\r\n"));
  EXPECT_THAT(message, HasSubstr("To: bob@example.org\r\n"));
  EXPECT_THAT(message, HasSubstr("Date: Sat, 21 Nov 2026 07:00:00 +0100\r\n"));
  EXPECT_THAT(message, HasSubstr("Message-Id: <report.1@example.org>\r\n"));
  EXPECT_THAT(message, HasSubstr("MIME-Version: 1.0\r\n"));
  EXPECT_THAT(message, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(message, HasSubstr("Content-Type: multipart/alternative;"));
}

TEST_F(ComposeTest, NothingButAsciiInShortLinesWithCrlf) {
  letter_.text = std::string(5'000, 'x') + "\n";
  const auto message = composed();

  std::size_t length = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    EXPECT_LT(static_cast<unsigned char>(message[i]), 0x80);
    if (message[i] == '\n') {
      ASSERT_TRUE(i > 0 && message[i - 1] == '\r') << i;
      length = 0;
    } else {
      ASSERT_LE(++length, 998U);
    }
  }
}

TEST_F(ComposeTest, TheSubjectIsEncoded) {
  EXPECT_THAT(composed(), HasSubstr("Subject: [mailferry] Daily report =?"));
}

TEST_F(ComposeTest, BothPartsAreUtf8AndTextComesFirst) {
  const auto message = composed();

  const auto text = message.find("Content-Type: text/plain; charset=utf-8");
  const auto html = message.find("Content-Type: text/html; charset=utf-8");
  ASSERT_NE(text, std::string::npos);
  ASSERT_NE(html, std::string::npos);
  EXPECT_LT(text, html);
  EXPECT_THAT(message, HasSubstr("Gr=C3=BC=C3=9Fe\r\n"));
}

TEST_F(ComposeTest, NoFieldCanBeSmuggledIn) {
  letter_.subject = "x\r\nBcc: mallory@example.org";
  letter_.sender_name = "y\nBcc: mallory@example.org";
  letter_.message_id = "z@h>\r\nBcc: mallory@example.org";

  EXPECT_THAT(composed(), Not(HasSubstr("\nBcc:")));
}

TEST_F(ComposeTest, TextThatIsNoUtf8IsMended) {
  letter_.text = "caf\xe9\nsecond\n";

  EXPECT_THAT(composed(), HasSubstr("caf=EF=BF=BD\r\nsecond\r\n"));
}

TEST_F(ComposeTest, TheSameLetterIsTheSameMessage) {
  EXPECT_EQ(composed(), composed());
}

}  // namespace
}  // namespace mailferry::mime
