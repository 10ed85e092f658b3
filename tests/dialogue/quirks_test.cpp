// Quirks of the sign-in, and refusals that are about the account. The others are in quirks_listing_test.cpp and
// quirks_message_test.cpp.
#include "imap/quirks.hpp"

#include "base/encoding.hpp"
#include "dialogue/session_dialogue.hpp"

#include <cctype>

namespace mailferry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// "X19DropsWhatIsBelow" tells of x19.
bool tells_of(std::string_view test, std::string_view id) {
  const bool same = std::ranges::equal(test.substr(0, id.size()), id, {}, [](char c) { return std::tolower(c); });
  return same && test.size() > id.size() && std::isdigit(static_cast<unsigned char>(test[id.size()])) == 0;
}

std::vector<std::string_view> dialogues() {
  std::vector<std::string_view> names;
  const auto* tests = ::testing::UnitTest::GetInstance();
  for (int suite = 0; suite < tests->total_test_suite_count(); ++suite) {
    const auto* found = tests->GetTestSuite(suite);
    if (std::string_view(found->name()) != "QuirkDialogue") continue;
    for (int test = 0; test < found->total_test_count(); ++test)
      names.emplace_back(found->GetTestInfo(test)->name());
  }
  return names;
}

TEST(QuirkTable, HasADialogueForEachRowAndNoOther) {
  const auto names = dialogues();
  for (const auto& quirk : imap::quirk_table())
    EXPECT_TRUE(std::ranges::any_of(names, [&](auto name) { return tells_of(name, quirk.id); })) << quirk.id;
  for (const auto name : names)
    EXPECT_TRUE(std::ranges::any_of(imap::quirk_table(), [&](auto& quirk) { return tells_of(name, quirk.id); }))
        << name;
}

constexpr const char* kPlain = "A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n";

/// INBOX is open, the other one is named.
Result<std::vector<std::size_t>> watch_two(asio::io_context& context, store::Session& session, const char* other) {
  const std::vector<store::Watched> watched{
      {.mailbox = MailboxPath::split("INBOX", '/'), .uid_validity = 7, .uid_next = 3},
      {.mailbox = MailboxPath::split(other, '/'), .uid_validity = 8, .uid_next = 5}};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  return run_task(context, session.many_watcher()->watch_many(watched, until));
}

constexpr const char* kInboxAsSeen = "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\nA1 OK in\r\n";

TEST_F(QuirkDialogue, O31NamesAMailboxInUtf8WhereItIsNotToldOf) {
  open("NOTIFY IDLE LITERAL+");
  peer_->expect("A1 EXAMINE INBOX\r\n").send(kInboxAsSeen);
  peer_->expect(
      "A2 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (&APw-) "
      "(MessageNew MessageExpunge))\r\n");
  peer_->send("A2 OK\r\n");
  peer_->expect(
      "A3 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes ({2+}\r\n\xc3\xbc) "
      "(MessageNew MessageExpunge))\r\n");
  peer_->send("* STATUS {2}\r\n\xc3\xbc (UIDNEXT 6 UIDVALIDITY 8)\r\nA3 OK\r\n");
  peer_->expect("A4 NOTIFY NONE\r\n").send("A4 OK\r\n");

  EXPECT_THAT(*watch_two(context_, *session_, "\xc3\xbc"), ElementsAre(1U));
}

TEST_F(QuirkDialogue, O32HearsOfTheOpenMailboxByItself) {
  open("NOTIFY IDLE");
  peer_->expect("A1 EXAMINE INBOX\r\n").send(kInboxAsSeen);
  peer_->expect(
      "A2 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (Work) "
      "(MessageNew MessageExpunge))\r\n");
  peer_->send("* STATUS Work (UIDNEXT 5 UIDVALIDITY 8)\r\nA2 OK\r\n");
  peer_->expect("A3 IDLE\r\n").send("+ idling\r\n* 3 EXISTS\r\n").expect("DONE\r\n").send("A3 OK\r\n");
  peer_->expect("A4 NOTIFY NONE\r\n").send("A4 OK\r\n");

  EXPECT_THAT(*watch_two(context_, *session_, "Work"), ElementsAre(0U));
}

TEST_F(QuirkDialogue, C10SendsIdBeforeTheFirstMailbox) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect(kPlain).send("A1 OK [CAPABILITY IMAP4rev1 ID] in\r\n");
  peer_->expect("A2 ID (\"name\" \"mailferry\")\r\nA3 EXAMINE INBOX\r\nA4 UID FETCH 1:* (UID)\r\n");
  peer_->send("* ID (\"name\" \"Coremail\")\r\nA2 OK ID completed\r\n");
  peer_->send("* 1 EXISTS\r\nA3 OK EXAMINE completed\r\n* 1 FETCH (UID 7)\r\nA4 OK FETCH completed\r\n");

  ASSERT_TRUE(sign_in());
  const auto scanned = scan(store::ScanDetail{});

  ASSERT_TRUE(scanned) << scanned.error().describe();
  EXPECT_EQ(scanned->result.uids.to_string(), "7");
}

TEST_F(QuirkDialogue, C20TellsAPasswordWithQuotesWithoutLogin) {
  options_.credentials.secret = Secret("a\"b\\c");
  connect("AUTH=PLAIN SASL-IR");
  const std::string_view message("\0ann\0a\"b\\c", 10);
  peer_->expect("A1 AUTHENTICATE PLAIN " + to_base64(message) + "\r\n").send("A1 OK [CAPABILITY IMAP4rev1] in\r\n");

  EXPECT_TRUE(sign_in());
}

/// Answers each command with NO, whatever it says: SCRAM begins with octets that nobody can foresee.
class RefusingTransport final : public net::Transport {
 public:
  explicit RefusingTransport(std::vector<std::string>& commands, std::string greeting = kEverything)
      : answers_(std::move(greeting)), commands_(commands) {}
  [[nodiscard]] net::ChannelBinding channel_binding() const override {
    return {.kind = net::ChannelBinding::Kind::tls_exporter, .octets = "0123"};
  }

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds) override {
    co_return try_read(buffer);
  }
  Result<std::size_t> try_read(std::span<char> buffer) override {
    if (answers_.empty()) return fail(ErrorKind::timeout, Scope::account, "nothing was asked");
    const auto octets = answers_.copy(buffer.data(), buffer.size());
    answers_.erase(0, octets);
    return octets;
  }
  Task<> write_all(std::span<const char> octets) override {
    std::string_view line(octets.data(), octets.size());
    const auto tag = line.substr(0, line.find(' '));
    answers_ += fmt::format("{} NO [AUTHENTICATIONFAILED] wrong\r\n", tag);
    line.remove_prefix(tag.size() + 1);
    commands_.emplace_back(line.substr(0, line.find_first_of(" \r", line.find(' ') + 1)));
    co_return Result<>{};
  }
  Task<> start_tls(const net::TlsOptions&, const std::string&) override { co_return Result<>{}; }
  void close() noexcept override {}
  [[nodiscard]] bool is_open() const noexcept override { return true; }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return 0; }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return 0; }

 private:
  static constexpr const char* kEverything =
      "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=CRAM-MD5 AUTH=PLAIN AUTH=LOGIN] "
      "hi\r\n";
  std::string answers_;
  std::vector<std::string>& commands_;
};

TEST_F(QuirkDialogue, C24FailsTwiceAtMost) {
  std::vector<std::string> commands;
  connection_ =
      std::make_unique<client::ImapConnection>(std::make_unique<RefusingTransport>(commands), net::Timeouts{});

  const auto done = sign_in();

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::auth);
  EXPECT_EQ(done.error().retry, Retry::never);
  EXPECT_THAT(commands, ElementsAre("AUTHENTICATE SCRAM-SHA-256", "AUTHENTICATE PLAIN"));
}

TEST_F(QuirkDialogue, O30DoesNotBindANewChannelToCyrus) {
  const std::map<std::string, std::string> first = {{"Cyrus IMAP 3.6.1-Debian-3.6.1-4 server ready", "SCRAM-SHA-256"},
                                                    {"ready", "SCRAM-SHA-256-PLUS"}};
  for (const auto& [greeting, mechanism] : first) {
    std::vector<std::string> commands;
    const auto offer = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256] " + greeting;
    connection_ = std::make_unique<client::ImapConnection>(
        std::make_unique<RefusingTransport>(commands, offer + "\r\n"), net::Timeouts{});

    EXPECT_FALSE(sign_in());

    EXPECT_EQ(commands.front(), "AUTHENTICATE " + mechanism);
  }
}

TEST_F(QuirkDialogue, G2ManyConnectionsAreNoWrongPassword) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect(kPlain).send("A1 NO [ALERT] Too many simultaneous connections. (Failure)\r\n");

  const auto done = sign_in();

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::throttled);
  EXPECT_EQ(done.error().retry, Retry::later);
}

TEST_F(QuirkDialogue, O3ManyConnectionsAreNoWrongPassword) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect(kPlain);
  peer_->send("A1 NO [ALERT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)\r\n");

  const auto done = sign_in();

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::throttled);
  EXPECT_EQ(done.error().retry, Retry::later);
}

TEST_F(QuirkDialogue, X25AsksAgainWhatIsOffered) {
  connect("SASL-IR AUTH=PLAIN MULTIAPPEND");
  peer_->expect(kPlain).send("A1 OK AUTHENTICATE completed.\r\n");
  peer_->expect("A2 CAPABILITY\r\n").send("* CAPABILITY IMAP4rev1 UIDPLUS\r\nA2 OK CAPABILITY completed.\r\n");

  ASSERT_TRUE(sign_in());

  EXPECT_TRUE(session_->traits().uid_plus);
  EXPECT_FALSE(session_->traits().multi_append);
}

TEST_F(QuirkDialogue, X29TakesAnErrorInBracketsAsText) {
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect(kPlain);
  peer_->send(
      "A1 OK [Error=\"x.y: Cross [Server] access\" Proxy=a:1993:SSL Service=Imap4] AUTHENTICATE completed.\r\n");
  peer_->expect("A2 CAPABILITY\r\n").send("* CAPABILITY IMAP4rev1 UIDPLUS\r\nA2 OK CAPABILITY completed.\r\n");

  ASSERT_TRUE(sign_in());

  EXPECT_TRUE(session_->traits().uid_plus);
}

constexpr const char* kRead = "A1 EXAMINE INBOX\r\nA2 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n";
constexpr const char* kExamined = "* 2 EXISTS\r\n* OK [UIDVALIDITY 77] valid\r\nA1 OK [READ-ONLY] open\r\n";
constexpr const char* kFirst =
    "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\none)\r\n";

TEST_F(QuirkDialogue, G3GivesUpTheConnectionWhenTheDayIsUsedUp) {
  open("");
  peer_->expect(kRead).send(kExamined).send(kFirst);
  peer_->send("A2 NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)\r\n");

  const auto lines = read("1:2");

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::throttled);
  EXPECT_EQ(lines.error().scope, Scope::account);
  EXPECT_EQ(lines.error().retry, Retry::later);
  EXPECT_TRUE(is_given_up());
}

TEST_F(QuirkDialogue, G3LeavesInDoubtWhatWasRefusedForTheRate) {
  open("LITERAL+ MULTIAPPEND UIDPLUS");
  peer_->expect("A1 APPEND INBOX {3+}\r\none {3+}\r\ntwo\r\n");
  peer_->send("A1 NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)\r\n");

  const auto lines = append({"one", "two"});

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::throttled);
  EXPECT_FALSE(append_error_);
  EXPECT_TRUE(is_given_up());
}

TEST_F(QuirkDialogue, X2GoodbyeAmongMessagesEndsTheConnectionOnly) {
  open("");
  peer_->expect(kRead).send(kExamined).send(kFirst);
  peer_->send("* BYE Session invalidated - AccessTokenExpired\r\n").close();

  const auto lines = read("1:2");

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::network);
  EXPECT_EQ(lines.error().scope, Scope::account);
  EXPECT_EQ(lines.error().retry, Retry::later);
  EXPECT_THAT(read_lines(), ElementsAre(HasSubstr("one")));
}

TEST_F(QuirkDialogue, X5ComesBackAfterAPause) {
  open("");
  peer_->expect(kRead);
  peer_->send("A1 BAD User is authenticated but not connected.\r\nA2 BAD User is authenticated but not connected.\r\n");

  const auto lines = read("1:2");

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().scope, Scope::account);
  EXPECT_EQ(lines.error().retry, Retry::later);
  EXPECT_THAT(lines.error().remedy, HasSubstr("rights"));
  EXPECT_TRUE(is_given_up());
  peer_ = std::make_unique<ScriptedPeer>(context_);  // the second answer is not of interest
}

TEST_F(QuirkDialogue, X5EndsAListWithWhatItMayBe) {
  open("LIST-EXTENDED NAMESPACE");
  peer_->expect("A1 NAMESPACE\r\nA2 LIST \"\" \"*\" RETURN (SUBSCRIBED)\r\n");
  peer_->send("A1 BAD User is authenticated but not connected.\r\nA2 BAD User is authenticated but not connected.\r\n");

  const auto lines = list();

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::auth);
  EXPECT_EQ(lines.error().retry, Retry::later);
}

TEST_F(QuirkDialogue, X6WaitsAsLongAsTheServerSays) {
  open("LITERAL+");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3+}\r\none\r\nA3 APPEND INBOX {3+}\r\ntwo\r\n");
  peer_->send("A1 OK open\r\nA2 OK APPEND completed.\r\n");
  peer_->send("A3 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n");

  const auto lines = append({"one", "two"});

  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::throttled);
  EXPECT_EQ(lines.error().retry_after, std::chrono::milliseconds(299'961));
  EXPECT_FALSE(append_error_);
  EXPECT_TRUE(is_given_up());
}

}  // namespace
}  // namespace mailferry::test
