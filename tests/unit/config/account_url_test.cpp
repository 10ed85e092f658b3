#include "config/account_url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mailferry::config {
namespace {

constexpr std::string_view kRemedy = "use --from-password-file FILE";

Result<Account> parse(std::string_view text) {
  return parse_account_url(text, kRemedy);
}

struct Accepted {
  std::string text;
  std::string user;
  std::string host;
  std::uint16_t port;
  net::Security security;
};

void PrintTo(const Accepted& row, std::ostream* out) {
  *out << row.text;
}

class AcceptedUrl : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedUrl, HasUserHostPortAndSecurity) {
  const auto& row = GetParam();
  const auto account = parse(row.text);
  ASSERT_TRUE(account) << account.error().describe();
  EXPECT_EQ(account->user, row.user);
  EXPECT_EQ(account->endpoint.host, row.host);
  EXPECT_EQ(account->endpoint.port, row.port);
  EXPECT_EQ(account->endpoint.security, row.security);
  EXPECT_FALSE(account->allow_plaintext);
  EXPECT_EQ(account->secret.kind, auth::SecretSource::Kind::none);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AcceptedUrl,
    testing::Values(
        Accepted{"imaps://alice@mail.example.org/", "alice", "mail.example.org", 993, net::Security::tls},
        Accepted{"imap://alice@mail.example.org/", "alice", "mail.example.org", 143, net::Security::starttls},
        Accepted{"imaps://alice@mail.example.org", "alice", "mail.example.org", 993, net::Security::tls},
        Accepted{"IMAPS://alice@Mail.Example.Org:1993/", "alice", "mail.example.org", 1993, net::Security::tls},
        Accepted{"imaps://alice%40firm.example@mail.example.org/", "alice@firm.example", "mail.example.org", 993,
                 net::Security::tls},
        Accepted{"imaps://alice@firm.example@mail.example.org:994/", "alice@firm.example", "mail.example.org", 994,
                 net::Security::tls},
        Accepted{"imaps://a@b@c@mail.example.org/", "a@b@c", "mail.example.org", 993, net::Security::tls},
        Accepted{"imaps://alice%3Asmith%20x@h/", "alice:smith x", "h", 993, net::Security::tls},
        Accepted{"imaps://m%C3%BCller@h/", "m\xc3\xbcller", "h", 993, net::Security::tls},
        Accepted{"imaps://alice+tag@h/", "alice+tag", "h", 993, net::Security::tls},
        Accepted{"imaps://alice@[2001:DB8::1]:1993/", "alice", "2001:db8::1", 1993, net::Security::tls},
        Accepted{"imap://alice@[::1]/", "alice", "::1", 143, net::Security::starttls},
        Accepted{"imap://alice@127.0.0.1:10143/", "alice", "127.0.0.1", 10143, net::Security::starttls},
        Accepted{"imap://alice@localhost:/", "alice", "localhost", 143, net::Security::starttls}));

class RefusedUrl : public testing::TestWithParam<std::string> {};

TEST_P(RefusedUrl, IsAUsageErrorWithRemedy) {
  const auto account = parse(GetParam());
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::usage);
  EXPECT_FALSE(account.error().remedy.empty());
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedUrl,
                         testing::Values("alice@mail.example.org", "http://alice@h/", "imaps://h/", "imaps://@h/",
                                         "imaps://alice@/", "imaps://alice@:993/", "imaps://alice@h:0/",
                                         "imaps://alice@h:65536/", "imaps://alice@h:imap/", "imaps://alice@h/INBOX",
                                         "imaps://alice@h/?x", "imaps://alice@h/#x", "imaps://al ice@h/",
                                         "imaps://al%zzice@h/", "imaps://alice@[::1/", "imaps://alice@h h/",
                                         "imaps://al%00ice@h/", "imaps://alice%0d%0a@h/", "imaps://alice;AUTH=PLAIN@h/",
                                         "://alice@h/"));

TEST(AccountUrl, APasswordIsRefusedWithTheRemedyAndNeverRepeated) {
  const auto account = parse("imaps://alice:hunter2@mail.example.org/");
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().remedy, kRemedy);
  EXPECT_EQ(account.error().describe().find("hunter2"), std::string::npos);
}

TEST(AccountUrl, APasswordInAMalformedUrlIsNotRepeatedEither) {
  for (const auto* text :
       {"imaps://alice:hunter2@h:bad/", "imaps://alice:hunter2@ h/", "imaps://alice:hunter2", "ftp://alice:hunter2@h/",
        "imaps://alice:hunter2@h/INBOX", "imaps://alice:hunt@er2@h/", "imaps://alice@firm.example:hunt[/er2@h/"}) {
    const auto account = parse(text);
    ASSERT_FALSE(account) << text;
    EXPECT_EQ((account.error().describe() + account.error().remedy).find("hunt"), std::string::npos) << text;
  }
}

TEST(AccountUrl, AHostWithCharactersThatNoHostHasIsRefused) {
  for (const auto* url : {"imap://a@%5B%5B%3A%2F%5D", "imap://a@x%2Fy/", "imap://a@x%40y/"})
    EXPECT_FALSE(parse_account_url(url, kRemedy)) << url;
  EXPECT_TRUE(parse_account_url("imap://a@[::1]:143/", kRemedy));
}

TEST(AccountUrl, LongerThanItsLimitIsRefused) {
  const std::string tail = "@h/";
  const std::string head = "imaps://";
  EXPECT_FALSE(parse(head + std::string(2049 - head.size() - tail.size(), 'a') + tail));
  EXPECT_TRUE(parse(head + std::string(512, 'a') + tail));
  EXPECT_FALSE(parse(head + std::string(513, 'a') + tail));
  EXPECT_TRUE(parse(head + "a@" + std::string(253, 'h') + "/"));
  EXPECT_FALSE(parse(head + "a@" + std::string(254, 'h') + "/"));
}

TEST(AccountUrl, OfTheLongestUserFitsWhenEachOctetIsEncoded) {
  std::string user;
  for (int count = 0; count < 512; ++count)
    user += "%26";
  EXPECT_TRUE(parse("imaps://" + user + "@" + std::string(253, 'h') + ":65535/"));
}

TEST(Account, LabelHasPortAndBrackets) {
  EXPECT_EQ(parse("imaps://alice@Mail.example.org/")->label(), "alice@mail.example.org:993");
  EXPECT_EQ(parse("imaps://alice@[::1]:1/")->label(), "alice@[::1]:1");
}

TEST(Account, SameUserAndServerIsOneAccountWhicheverWayItIsReached) {
  const auto one = parse("imaps://alice@mail.example.org/").value();
  EXPECT_TRUE(is_same_account(one, *parse("imap://alice@MAIL.example.org/")));
  EXPECT_FALSE(is_same_account(one, *parse("imaps://bob@mail.example.org/")));
  EXPECT_FALSE(is_same_account(one, *parse("imaps://alice@other.example.org/")));
  EXPECT_FALSE(is_same_account(one, *parse("imaps://alice@mail.example.org:1993/")));
}

}  // namespace
}  // namespace mailferry::config
