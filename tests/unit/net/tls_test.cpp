#include "net/certificate_check.hpp"
#include "net/known_servers.hpp"
#include "net/transport.hpp"
#include "support/loopback_server.hpp"
#include "support/test_certificates.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <future>

namespace mailferry::net {
namespace {

using namespace std::chrono_literals;
using test::CertificateRequest;
using test::LoopbackServer;
using test::run_task;
using test::ServerConnection;
using test::TestCertificate;
using testing::AllOf;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

/// A server with a certificate of the test's choice.
class TlsTest : public testing::Test {
 protected:
  Result<TransportPtr> connect_to(const TestCertificate& certificate, int max_version = 0) {
    server_ = std::make_unique<LoopbackServer>([certificate, max_version](ServerConnection& connection) {
      if (!connection.start_tls(certificate, max_version)) return;
      connection.write("* OK inside\r\n");
      connection.wait_for_close();
    });
    endpoint_.port = server_->port();
    return connect_now(context_, endpoint_);
  }
  /// What the greeting says, or the error.
  std::string outcome(const TestCertificate& certificate) {
    const Result<TransportPtr> transport = connect_to(certificate);
    if (!transport) return transport.error().describe();
    return read_exactly(context_, **transport, 13).value_or("cannot read");
  }
  std::string refusal(const TestCertificate& certificate) {
    const Result<TransportPtr> transport = connect_to(certificate);
    if (transport) return "accepted";
    EXPECT_EQ(transport.error().kind, ErrorKind::tls);
    EXPECT_EQ(transport.error().scope, Scope::account);
    EXPECT_EQ(transport.error().retry, Retry::never);
    EXPECT_THAT(transport.error().remedy, HasSubstr("tls-fingerprint"));
    EXPECT_THAT(transport.error().message, HasSubstr(fmt::format("{}:{}", endpoint_.host, server_->port())));
    return transport.error().message;
  }

  test::TestAuthority authority_;
  test::TemporaryFile ca_{authority_.certificate()};
  asio::io_context context_;
  std::unique_ptr<LoopbackServer> server_;
  Endpoint endpoint_ = tls_endpoint(0, ca_.path());
};

constexpr const char* kInside = "* OK inside\r\n";

TEST_F(TlsTest, AcceptsACertificateOfTheGivenAuthority) {
  EXPECT_EQ(outcome(authority_.issue({})), kInside);
}

TEST_F(TlsTest, AcceptsACertificateForAnAddress) {
  endpoint_.host = "127.0.0.1";
  EXPECT_EQ(outcome(authority_.issue({})), kInside);
}

TEST_F(TlsTest, RefusesAnUnknownAuthorityAndNamesIt) {
  endpoint_.tls.ca_file.clear();
  const std::string message = refusal(authority_.issue({}));
  EXPECT_THAT(message, HasSubstr("not trusted here: CN = Mailferry test authority"));
}

TEST_F(TlsTest, RefusesASelfSignedCertificateAndNamesIt) {
  EXPECT_THAT(refusal(test::make_self_signed({.common_name = "my own"})), HasSubstr("self-signed: CN = my own"));
}

TEST_F(TlsTest, AcceptsASelfSignedCertificateThatIsGivenAsCaFile) {
  const TestCertificate own = test::make_self_signed({});
  const test::TemporaryFile file(own.certificate);
  endpoint_.tls.ca_file = file.path();
  EXPECT_EQ(outcome(own), kInside);
}

TEST_F(TlsTest, RefusesAnExpiredCertificateWithItsDate) {
  const TestCertificate expired = authority_.issue({.valid_from_day = -30, .valid_to_day = -2});
  const std::time_t day = std::time(nullptr) - 2 * 24 * 3600;
  std::array<char, 16> text{};
  std::tm utc{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", gmtime_r(&day, &utc));
  EXPECT_THAT(refusal(expired), HasSubstr(fmt::format("expired on {}", text.data())));
}

TEST_F(TlsTest, RefusesACertificateOfTheFuture) {
  EXPECT_THAT(refusal(authority_.issue({.valid_from_day = 3})), HasSubstr("clock"));
}

TEST_F(TlsTest, RefusesAnExpiredAuthorityAndSaysThatItIsTheAuthority) {
  const test::TestAuthority old("Old authority", -1);
  const test::TemporaryFile file(old.certificate());
  endpoint_.tls.ca_file = file.path();
  EXPECT_THAT(refusal(old.issue({})), AllOf(HasSubstr("authority \"CN = Old authority\""), HasSubstr("expired on")));
}

TEST_F(TlsTest, RefusesAnotherNameAndTellsBoth) {
  const std::string message = refusal(authority_.issue({.names = {"DNS:mail.example.org", "DNS:imap.example.org"}}));
  EXPECT_THAT(message, HasSubstr("is for mail.example.org, imap.example.org, not for localhost"));
}

TEST_F(TlsTest, RefusesAnotherAddress) {
  endpoint_.host = "127.0.0.1";
  EXPECT_THAT(refusal(authority_.issue({.names = {"IP:192.0.2.7"}})), HasSubstr("is for 192.0.2.7, not for 127.0.0.1"));
}

TEST_F(TlsTest, TrustsAPinnedCertificateWhateverItSays) {
  const TestCertificate odd =
      test::make_self_signed({.names = {"DNS:other"}, .valid_from_day = -9, .valid_to_day = -2});
  endpoint_.tls.fingerprint = odd.fingerprint;
  EXPECT_EQ(outcome(odd), kInside);
}

TEST_F(TlsTest, RefusesVersionsOlderThanWanted) {
  constexpr int kTls12 = 0x0303;
  endpoint_.tls.least_version = TlsOptions::Version::v1_3;
  const auto refused = connect_to(authority_.issue({}), kTls12);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("offers no TLS of version 1.3 or newer"));
  EXPECT_EQ(outcome(authority_.issue({})), kInside);
}

TEST_F(TlsTest, GivesABindingForEachVersion) {
  constexpr int kTls12 = 0x0303;
  const auto certificate = authority_.issue({});
  const auto newest = connect_to(certificate);
  ASSERT_TRUE(newest);
  EXPECT_EQ((*newest)->channel_binding().kind, ChannelBinding::Kind::tls_exporter);
  EXPECT_EQ((*newest)->channel_binding().octets.size(), 32U);
  const auto another = connect_to(certificate);
  ASSERT_TRUE(another);
  EXPECT_NE((*newest)->channel_binding().octets, (*another)->channel_binding().octets);
  const auto older = connect_to(certificate, kTls12);
  ASSERT_TRUE(older);
  EXPECT_EQ((*older)->channel_binding().kind, ChannelBinding::Kind::tls_unique);
  EXPECT_EQ((*older)->channel_binding().octets.size(), 12U);
}

TEST_F(TlsTest, TrustsTheFirstCertificateAndNoOtherAfterIt) {
  const test::TemporaryFile file("");
  endpoint_.tls.ca_file.clear();
  endpoint_.tls.known_servers_file = file.path();
  endpoint_.tls.known_as = "localhost:993";
  const auto own = test::make_self_signed({});
  EXPECT_EQ(outcome(own), kInside);
  EXPECT_EQ(outcome(own), kInside);
  const auto other = connect_to(authority_.issue({}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::tls);
  EXPECT_THAT(other.error().message, AllOf(HasSubstr(own.fingerprint), HasSubstr("as on first use")));
  EXPECT_THAT(other.error().remedy, HasSubstr(file.path()));
  endpoint_.tls.known_as = "localhost:994";
  EXPECT_EQ(outcome(authority_.issue({})), kInside) << "another server";
}

/// Two connections may be the first at the same moment, and one of them meet somebody else.
TEST_F(TlsTest, WhoeverIsFasterWithAFirstUseDecides) {
  const test::TemporaryFile file("");
  const auto first = test::make_self_signed({}).fingerprint;
  const auto other = test::make_self_signed({}).fingerprint;
  EXPECT_EQ(remember_fingerprint(file.path(), "localhost:993", first).value(), first);
  EXPECT_EQ(remember_fingerprint(file.path(), "localhost:993", other).value(), first);
  EXPECT_EQ(known_fingerprint(file.path(), "localhost:993").value(), first);
}

TEST_F(TlsTest, DoesNotTrustWhenWhatWasTrustedCannotBeRead) {
  const test::TemporaryFile file("no such line");
  endpoint_.tls.known_servers_file = file.path();
  endpoint_.tls.known_as = "localhost:993";
  const auto transport = connect_to(authority_.issue({}));
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::local_io);
  EXPECT_THAT(transport.error().message, HasSubstr("line 1 of"));
}

TEST_F(TlsTest, NamesAClientCertificateThatCannotBeUsed) {
  endpoint_.tls.certificate_file = "/nonexistent/alice.pem";
  const auto missing = connect_to(authority_.issue({}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::usage);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/alice.pem"));
  const auto mine = authority_.issue({.common_name = "alice"});
  const auto others = authority_.issue({});
  const test::TemporaryFile certificate(mine.certificate);
  const test::TemporaryFile key(others.key);
  endpoint_.tls.certificate_file = certificate.path();
  endpoint_.tls.key_file = key.path();
  const auto mismatch = connect_to(authority_.issue({}));
  ASSERT_FALSE(mismatch);
  EXPECT_THAT(mismatch.error().message, AllOf(HasSubstr("the client key in"), HasSubstr(key.path())));
}

TEST_F(TlsTest, TakesAFingerprintInLowerCaseWithoutColons) {
  const TestCertificate own = test::make_self_signed({});
  std::string text = own.fingerprint;
  std::erase(text, ':');
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  endpoint_.tls.fingerprint = text;
  EXPECT_EQ(outcome(own), kInside);
}

TEST_F(TlsTest, RefusesAnotherFingerprintAndShowsTheActualOne) {
  const TestCertificate good = authority_.issue({});
  endpoint_.tls.fingerprint = authority_.issue({}).fingerprint;
  EXPECT_THAT(refusal(good), AllOf(HasSubstr(good.fingerprint), HasSubstr(endpoint_.tls.fingerprint)));
}

TEST_F(TlsTest, RefusesATextThatIsNoFingerprint) {
  endpoint_.tls.fingerprint = "AB:CD";
  const Result<TransportPtr> transport = connect_to(authority_.issue({}));
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::usage);
  EXPECT_THAT(transport.error().message, HasSubstr("AB:CD"));
}

TEST_F(TlsTest, AcceptsAnythingWhenTheUserWantsNoVerification) {
  endpoint_.tls.verify = false;
  EXPECT_EQ(outcome(test::make_self_signed({.names = {"DNS:other"}})), kInside);
}

TEST_F(TlsTest, NamesAMissingCaFile) {
  endpoint_.tls.ca_file = "/no/such/ca.pem";
  const Result<TransportPtr> transport = connect_to(authority_.issue({}));
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::usage);
  EXPECT_THAT(transport.error().message, AllOf(HasSubstr("/no/such/ca.pem"), HasSubstr("No such file")));
}

TEST_F(TlsTest, NamesACaFileWithoutCertificates) {
  const test::TemporaryFile file("this is no certificate\n");
  endpoint_.tls.ca_file = file.path();
  const Result<TransportPtr> transport = connect_to(authority_.issue({}));
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::usage);
  EXPECT_THAT(transport.error().message, HasSubstr(file.path()));
}

TEST_F(TlsTest, SpeaksTls12) {
  const Result<TransportPtr> transport = connect_to(authority_.issue({}), TLS1_2_VERSION);
  ASSERT_TRUE(transport) << transport.error().describe();
  EXPECT_EQ(read_exactly(context_, **transport, 13).value(), kInside);
}

TEST_F(TlsTest, RefusesTls11) {
  const Result<TransportPtr> transport = connect_to(authority_.issue({}), TLS1_1_VERSION);
  ASSERT_FALSE(transport);
  EXPECT_EQ(transport.error().kind, ErrorKind::tls);
  EXPECT_THAT(transport.error().message, HasSubstr("no TLS of version 1.2 or newer"));
}

/// The name in the client's hello.
std::string asked_name(asio::io_context& context, const test::TestAuthority& authority, Endpoint endpoint) {
  std::promise<std::string> name;
  const TestCertificate certificate = authority.issue({});
  const LoopbackServer server([&](ServerConnection& connection) {
    const bool done = connection.start_tls(certificate);
    name.set_value(done ? connection.server_name() : "handshake failed");
    connection.wait_for_close();
  });
  endpoint.port = server.port();
  const Result<TransportPtr> transport = connect_now(context, endpoint);
  return name.get_future().get();
}

TEST_F(TlsTest, AsksForTheHostByNameButNotForAnAddress) {
  EXPECT_EQ(asked_name(context_, authority_, endpoint_), "localhost");
  endpoint_.host = "127.0.0.1";
  EXPECT_EQ(asked_name(context_, authority_, endpoint_), "");
}

/// Connects to a server that does something else than a handshake.
Error handshake_error(asio::io_context& context, Endpoint endpoint, std::function<void(ServerConnection&)> handler) {
  const LoopbackServer server(std::move(handler));
  endpoint.port = server.port();
  const Result<TransportPtr> transport = connect_now(context, endpoint);
  return transport ? Error{} : transport.error();
}

TEST_F(TlsTest, RecognisesPlainTextAtTheOtherEnd) {
  const Error error = handshake_error(context_, endpoint_, [](ServerConnection& connection) {
    connection.write("* OK Dovecot ready.\r\n");
    connection.wait_for_close();
  });
  EXPECT_EQ(error.kind, ErrorKind::tls);
  EXPECT_THAT(error.message, AllOf(HasSubstr("plain text"), HasSubstr("STARTTLS")));
  EXPECT_THAT(error.remedy, HasSubstr("143"));
}

TEST_F(TlsTest, SaysThatTheConnectionBrokeDuringTheHandshake) {
  const Error error = handshake_error(context_, endpoint_, [](ServerConnection& connection) { connection.read(); });
  EXPECT_EQ(error.kind, ErrorKind::network);
  EXPECT_THAT(error.message, HasSubstr("broke during the TLS handshake"));
  EXPECT_FALSE(error.remedy.empty());
}

TEST_F(TlsTest, GivesUpOnASilentHandshakeAtTheDeadline) {
  endpoint_.timeouts.connect = 80ms;
  const auto before = Clock::now();
  const Error error =
      handshake_error(context_, endpoint_, [](ServerConnection& connection) { connection.wait_for_close(); });
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_LT(Clock::now() - before, 2s);
  EXPECT_THAT(error.message, HasSubstr("did not finish the TLS handshake within 0.08 s"));
}

TEST_F(TlsTest, AnswersAKeyUpdate) {
  const TestCertificate certificate = authority_.issue({});
  const LoopbackServer server([&](ServerConnection& connection) {
    if (!connection.start_tls(certificate)) return;
    for (int i = 0; i < 3; ++i) {
      connection.request_key_update();
      connection.write("next\r\n");
      connection.write(connection.read_line());
    }
    connection.wait_for_close();
  });
  endpoint_.port = server.port();
  const Result<TransportPtr> transport = connect_now(context_, endpoint_);
  ASSERT_TRUE(transport);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read_exactly(context_, **transport, 6).value(), "next\r\n");
    ASSERT_TRUE(write_now(context_, **transport, "answer\r\n"));
    EXPECT_EQ(read_exactly(context_, **transport, 8).value(), "answer\r\n");
  }
}

TEST_F(TlsTest, BeginsInsideAnOpenStream) {
  const TestCertificate certificate = authority_.issue({});
  const LoopbackServer server([&](ServerConnection& connection) {
    connection.write("* OK\r\n");
    if (connection.read_line() != "A1 STARTTLS\r\n") return;
    connection.write("A1 OK\r\n");
    if (!connection.start_tls(certificate)) return;
    connection.write(connection.read_line());
    connection.wait_for_close();
  });
  endpoint_.port = server.port();
  endpoint_.security = Security::starttls;
  const Result<TransportPtr> transport = connect_now(context_, endpoint_);
  ASSERT_TRUE(transport);
  EXPECT_EQ(read_exactly(context_, **transport, 6).value(), "* OK\r\n");
  ASSERT_TRUE(write_now(context_, **transport, "A1 STARTTLS\r\n"));
  EXPECT_EQ(read_exactly(context_, **transport, 7).value(), "A1 OK\r\n");
  const Result<> done = run_task(context_, (*transport)->start_tls(endpoint_.tls, endpoint_.host));
  ASSERT_TRUE(done) << done.error().describe();
  ASSERT_TRUE(write_now(context_, **transport, "A2 CAPABILITY\r\n"));
  EXPECT_EQ(read_exactly(context_, **transport, 15).value(), "A2 CAPABILITY\r\n");
  EXPECT_EQ((*transport)->octets_read(), 28U);
  EXPECT_EQ((*transport)->octets_written(), 28U);
}

TEST_F(TlsTest, NeverTakesPlainTextForSomethingSaidInsideTls) {
  const LoopbackServer server([](ServerConnection& connection) {
    connection.write("A1 OK\r\n* PREAUTH injected\r\n");
    connection.wait_for_close();
  });
  endpoint_.port = server.port();
  endpoint_.security = Security::starttls;
  const Result<TransportPtr> transport = connect_now(context_, endpoint_);
  ASSERT_TRUE(transport);
  EXPECT_EQ(read_exactly(context_, **transport, 7).value(), "A1 OK\r\n");
  const Result<> done = run_task(context_, (*transport)->start_tls(endpoint_.tls, endpoint_.host));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::tls);
  EXPECT_FALSE((*transport)->is_open());
}

TEST(Fingerprint, TakesHexDigitsWithOrWithoutColons) {
  const std::string digits(64, 'a');
  EXPECT_EQ(parse_fingerprint(digits).value(), std::string(64, 'A'));
  EXPECT_FALSE(parse_fingerprint(digits.substr(1)));
  EXPECT_FALSE(parse_fingerprint(digits + "a"));
  EXPECT_FALSE(parse_fingerprint(std::string(63, 'a') + "g"));
  EXPECT_FALSE(parse_fingerprint(""));
}

}  // namespace
}  // namespace mailferry::net
