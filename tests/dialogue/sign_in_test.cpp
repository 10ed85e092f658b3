// Greeting, sign-in and what follows it, octet by octet.
#include "base/encoding.hpp"
#include "dialogue/imap_dialogue.hpp"

#include <zlib.h>

namespace mailferry::client {
namespace {

using testing::HasSubstr;
using testing::Not;

class SignIn : public test::ImapDialogue {
 protected:
  SignIn() {
    options_.credentials = {.user = "ann", .secret = Secret("pw")};
    options_.allow_plaintext = true;
    options_.endpoint.security = net::Security::plaintext;
    options_.endpoint.compression = net::Compression::never;
  }
  Result<> sign_in() { return test::run_task(context_, connection_->sign_in(options_)); }

  ConnectOptions options_;
};

TEST_F(SignIn, WithPlainIsOneExchange) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n").send("A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
  EXPECT_TRUE(sign_in());
  EXPECT_TRUE(connection_->has(imap::Capability::idle));
  EXPECT_EQ(peer_->verdict(), "");
}

/// Dovecot offers CRAM-MD5 also when it has only a hash of the password, which serves PLAIN alone.
TEST_F(SignIn, GoesOnToPlainWhenTheServerHasNoVerifier) {
  connect("AUTH=CRAM-MD5 AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE CRAM-MD5\r\n").send("+ PDE+\r\n");
  peer_->expect("YW5uIDVmZTgzMjZhM2E5MzQxZGM0OWZmZmI5MzAwMzI4NWE3\r\n");
  peer_->send("A1 NO [AUTHENTICATIONFAILED] no\r\n");
  peer_->expect("A2 AUTHENTICATE PLAIN\r\n").send("+ \r\n").expect("AGFubgBwdw==\r\n");
  peer_->send("A2 OK [CAPABILITY IMAP4rev1] in\r\n");
  const auto done = sign_in();
  EXPECT_TRUE(done) << done.error().describe() << peer_->written();
}

/// RFC 9051 §6.2.3: no client may send LOGIN there; and the server has said why the sign-in failed.
TEST_F(SignIn, NeverTriesLoginWhereItIsDisabled) {
  connect("AUTH=CRAM-MD5 LOGINDISABLED");
  peer_->expect("A1 AUTHENTICATE CRAM-MD5\r\n").send("+ PDE+\r\n");
  peer_->expect("YW5uIDVmZTgzMjZhM2E5MzQxZGM0OWZmZmI5MzAwMzI4NWE3\r\n");
  peer_->send("A1 NO [AUTHENTICATIONFAILED] wrong password\r\n");
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().describe(), HasSubstr("wrong password"));
  EXPECT_THAT(peer_->written(), Not(HasSubstr("LOGIN")));
}

/// Whoever has no proof of knowing the password is not told it.
TEST_F(SignIn, TellsNoPasswordToAServerThatSkipsItsProof) {
  connect("SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN");
  peer_->send("A1 OK [CAPABILITY IMAP4rev1] welcome\r\n");
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("without proving"));
  EXPECT_TRUE(peer_->is_closed_by_client());
  EXPECT_THAT(peer_->written(), Not(HasSubstr("PLAIN")));
}

TEST_F(SignIn, TellsNoPasswordInTheMiddleOfAnotherExchange) {
  connect("AUTH=CRAM-MD5 AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE CRAM-MD5\r\n").send("+ no base64!\r\n");
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("not base64"));
  EXPECT_EQ(peer_->verdict(), "");
  EXPECT_TRUE(peer_->is_closed_by_client());
}

TEST_F(SignIn, EndsWhenTheServerAsksForMoreAndMore) {
  connect("AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN\r\n").send("+ \r\n").expect("AGFubgBwdw==\r\n").send("+ \r\n+ \r\n");
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("more challenges"));
  EXPECT_TRUE(peer_->is_closed_by_client());
}

/// Greets, and from then on says something at each read that is no answer.
class ChatteringTransport final : public net::Transport {
 public:
  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds) override {
    co_return try_read(buffer);
  }
  Result<std::size_t> try_read(std::span<char> buffer) override {
    constexpr std::string_view kGreeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n";
    constexpr std::size_t kEnough = 10'000'000;
    if (++reads_ > kEnough) return fail(ErrorKind::network, Scope::account, "nobody ended it");
    return (reads_ == 1 ? kGreeting : "* OK still here\r\n").copy(buffer.data(), buffer.size());
  }
  Task<> write_all(std::span<const char>) override { co_return Result<>{}; }
  Task<> start_tls(const net::TlsOptions&, const std::string&) override { co_return Result<>{}; }
  void close() noexcept override { is_open_ = false; }
  [[nodiscard]] bool is_open() const noexcept override { return is_open_; }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return 0; }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return 0; }

 private:
  std::size_t reads_ = 0;
  bool is_open_ = true;
};

TEST_F(SignIn, EndsAlsoWhenTheServerAlwaysSaysSomethingElse) {
  connection_ = std::make_unique<ImapConnection>(std::make_unique<ChatteringTransport>(),
                                                 net::Timeouts{.response = std::chrono::milliseconds{20}});
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::timeout);
  EXPECT_THAT(done.error().message, HasSubstr("does not finish the sign-in"));
}

/// Dovecot says so while its authentication is slow.
TEST_F(SignIn, ListensToNewsMeanwhile) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n").send("* OK Waiting for authentication process.\r\n");
  peer_->send("* OK Waiting.\r\nA1 OK [CAPABILITY IMAP4rev1] in\r\n");
  EXPECT_TRUE(sign_in());
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(SignIn, ReportsTheLastRefusal) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n").send("A1 NO [AUTHENTICATIONFAILED] wrong password\r\n");
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::auth);
  EXPECT_EQ(peer_->verdict(), "");
}

struct TokenRow {
  const char* mechanism;
  const char* first;
  const char* challenge;
  const char* acknowledgement;
};

class SignInWithToken : public SignIn, public testing::WithParamInterface<TokenRow> {};

/// RFC 7628 §3.2.3: the error document has to be acknowledged before the server refuses.
TEST_P(SignInWithToken, AcknowledgesTheErrorAndTellsWhatToCheck) {
  const auto& row = GetParam();
  options_.credentials.is_token = true;
  const std::string mechanism = row.mechanism;
  for (const bool initial : {true, false}) {
    connect((initial ? "SASL-IR AUTH=" : "AUTH=") + mechanism);
    if (initial) {
      peer_->expect("A1 AUTHENTICATE " + mechanism + " " + row.first + "\r\n");
    } else {
      peer_->expect("A1 AUTHENTICATE " + mechanism + "\r\n").send("+ \r\n").expect(std::string(row.first) + "\r\n");
    }
    peer_->send(std::string("+ ") + row.challenge + "\r\n").expect(std::string(row.acknowledgement) + "\r\n");
    peer_->send("A1 NO [AUTHENTICATIONFAILED] Invalid credentials\r\n");
    const auto done = sign_in();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::auth);
    EXPECT_THAT(done.error().remedy, HasSubstr("by this very user"));
    EXPECT_EQ(peer_->verdict(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mechanisms, SignInWithToken,
    testing::Values(TokenRow{"XOAUTH2", "dXNlcj1hbm4BYXV0aD1CZWFyZXIgcHcBAQ==", "eyJzdGF0dXMiOiI0MDEifQ==", ""},
                    TokenRow{"OAUTHBEARER",
                             "bixhPWFubiwBYXV0aD1CZWFyZXIgcHcBAQ==", "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=", "AQ=="}));

TEST_F(SignIn, IsNotNeededAfterPreauth) {
  peer_ = std::make_unique<test::ScriptedPeer>(context_);
  peer_->send("* PREAUTH [CAPABILITY IMAP4rev1] you are ann\r\n");
  connection_ = std::make_unique<ImapConnection>(peer_->transport(), net::Timeouts{});
  options_.credentials.secret = Secret();
  EXPECT_TRUE(sign_in());
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(SignIn, WithoutASecretTellsWhatIsMissing) {
  connect("AUTH=PLAIN");
  options_.credentials.secret = Secret();
  const auto done = sign_in();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("there is no password for ann"));
}

TEST_F(SignIn, GoesOnUncompressedWhenTheServerRefuses) {
  options_.endpoint.compression = net::Compression::always;
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n");
  peer_->send("A1 OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] in\r\n").expect("A2 COMPRESS DEFLATE\r\n");
  peer_->send("A2 NO [COMPRESSIONACTIVE] TLS does it\r\n").expect("A3 LOGOUT\r\n");
  EXPECT_TRUE(sign_in());
  EXPECT_TRUE(test::run_task(context_, connection_->logout()));
  EXPECT_EQ(peer_->verdict(), "");
}

/// What comes behind the OK in the same packet is compressed already.
TEST_F(SignIn, TakesWhatCameBehindTheOkAsCompressed) {
  std::string line = "* OK still here\r\n";
  std::string packed(100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(line.data());
  stream.avail_in = static_cast<uInt>(line.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_SYNC_FLUSH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  options_.endpoint.compression = net::Compression::always;
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n");
  peer_->send("A1 OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] in\r\n").expect("A2 COMPRESS DEFLATE\r\n");
  peer_->send("A2 OK now\r\n" + packed);
  ASSERT_TRUE(sign_in());
  const auto event = test::run_task(context_, connection_->next());
  ASSERT_TRUE(event) << event.error().describe();
  EXPECT_EQ(std::get<imap::StatusResponse>(*event).text, "still here");
}

}  // namespace
}  // namespace mailferry::client
