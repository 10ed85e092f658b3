// What each response code means where it may come: the Error that comes out of the session, and the pause that follows.
#include "async/retry_policy.hpp"
#include "dialogue/session_dialogue.hpp"
#include "imap/response/response_code.hpp"

#include <set>

namespace mailferry::test {
namespace {

using enum ErrorKind;
using enum Scope;

/// Where a code stands: in the completion of a command, or in a goodbye.
enum class At { authenticate, login, list, create, select, examine, fetch, append, store, bye };
using enum At;
constexpr At kAll[] = {authenticate, login, list, create, select, examine, fetch, append, store};
constexpr std::string_view kNames[] = {"AUTHENTICATE", "LOGIN", "LIST",   "CREATE", "SELECT",
                                       "EXAMINE",      "FETCH", "APPEND", "STORE",  "BYE"};

struct Meaning {
  ErrorKind kind;
  Scope scope;
  Retry retry;
};

/// A refusal that says nothing but NO.
constexpr Meaning plain(At at) {
  switch (at) {
    case authenticate:
    case login:
      return {auth, account, Retry::never};
    case list:
      return {permission, account, Retry::never};
    case append:
      return {message_rejected, message, Retry::never};
    case bye:
      return {network, account, Retry::later};
    default:
      return {permission, mailbox, Retry::never};
  }
}

struct Row {
  std::string_view code;
  std::vector<At> at;
  std::optional<Meaning> meaning = {};  // absent: as without a code
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.code;
}

const std::vector<At> kSignIn = {authenticate, login};
const std::vector<At> kOfAccount = {authenticate, login, list, bye};
const std::vector<At> kOfMailbox = {create, select, examine, fetch, store};
const std::vector<At> kEverywhere(std::begin(kAll), std::end(kAll));

const std::vector<Row> kRows = {
    // About who signs in.
    {"AUTHENTICATIONFAILED", {authenticate, login, bye}, Meaning{auth, account, Retry::never}},
    {"AUTHORIZATIONFAILED", kSignIn, Meaning{auth, account, Retry::never}},
    {"EXPIRED", {authenticate, login, bye}, Meaning{auth, account, Retry::never}},
    {"PRIVACYREQUIRED", kSignIn, Meaning{auth, account, Retry::never}},
    {"PRIVACYREQUIRED", kOfMailbox, Meaning{auth, mailbox, Retry::never}},
    {"PRIVACYREQUIRED", {append}, Meaning{auth, message, Retry::never}},
    {"CONTACTADMIN", kSignIn, Meaning{auth, account, Retry::never}},
    {"CONTACTADMIN", kOfMailbox, Meaning{permission, mailbox, Retry::never}},
    {"CONTACTADMIN", {append}, Meaning{permission, message, Retry::never}},
    // What passes. A message or a mailbox that is always refused in this way stops no other.
    {"UNAVAILABLE", kOfAccount, Meaning{throttled, account, Retry::later}},
    {"UNAVAILABLE", kOfMailbox, Meaning{throttled, mailbox, Retry::later}},
    {"UNAVAILABLE", {append}, Meaning{throttled, message, Retry::later}},
    {"INUSE", kOfAccount, Meaning{throttled, account, Retry::later}},
    {"INUSE", kOfMailbox, Meaning{throttled, mailbox, Retry::later}},
    {"INUSE", {append}, Meaning{throttled, message, Retry::later}},
    {"TEMPFAIL", kOfAccount, Meaning{throttled, account, Retry::later}},
    {"TEMPFAIL", kOfMailbox, Meaning{throttled, mailbox, Retry::later}},
    {"TEMPFAIL", {append}, Meaning{throttled, message, Retry::later}},
    {"SERVERBUG", kOfAccount, Meaning{throttled, account, Retry::later}},
    {"SERVERBUG", kOfMailbox, Meaning{throttled, mailbox, Retry::later}},
    {"SERVERBUG", {append}, Meaning{throttled, message, Retry::later}},
    {"EXPUNGEISSUED", {fetch, store}, Meaning{message_missing, mailbox, Retry::now}},
    // The whole account has to wait.
    {"THROTTLED", kEverywhere, Meaning{throttled, account, Retry::later}},
    {"THROTTLED", {bye}, Meaning{throttled, account, Retry::later}},
    // Limits: of connections and rates, of a mailbox, of a message.
    {"LIMIT", kOfAccount, Meaning{throttled, account, Retry::later}},
    {"LIMIT", kOfMailbox},
    {"LIMIT", {append}},
    {"MESSAGELIMIT", {select, examine, fetch, store}},
    {"MESSAGELIMIT", {append}, Meaning{message_rejected, mailbox, Retry::never}},
    {"OVERQUOTA", {create, append, store}, Meaning{quota, account, Retry::never}},
    {"OVERQUOTA", {authenticate, login, list, select, examine, fetch, bye}, Meaning{throttled, account, Retry::later}},
    {"TOOBIG", {append}, Meaning{message_rejected, message, Retry::never}},
    // Mailboxes.
    {"NOPERM", kSignIn, Meaning{auth, account, Retry::never}},
    {"NOPERM", {list}, Meaning{permission, account, Retry::never}},
    {"NOPERM", kOfMailbox, Meaning{permission, mailbox, Retry::never}},
    {"NOPERM", {append}, Meaning{permission, mailbox, Retry::never}},
    {"READ-ONLY", {select, append, store}, Meaning{permission, mailbox, Retry::never}},
    {"TRYCREATE", {select, examine, append}, Meaning{mailbox_missing, mailbox, Retry::now}},
    {"NONEXISTENT", {select, examine, append, store}, Meaning{mailbox_missing, mailbox, Retry::never}},
    {"NONEXISTENT", kSignIn, Meaning{mailbox_missing, account, Retry::never}},
    {"NONEXISTENT", {bye}},
    {"ALREADYEXISTS", {create}},
    {"HASCHILDREN", {create, select}},
    {"USEATTR", {create}},
    {"CLOSED", {select, examine}},
    {"METADATA", {create, select}},
    {"MAILBOXID", {create}},
    // A refusal like any other; the text says what it is about.
    {"ALERT", kEverywhere},
    {"ALERT", {bye}},
    {"CANNOT", {create, select, examine, fetch, append, store}},
    {"CLIENTBUG", kEverywhere},
    {"CLIENTBUG", {bye}},
    {"CORRUPTION", {create, select, examine, fetch, append, store}},
    {"PARSE", {fetch, append}},
    {"BADCHARSET", {fetch}},
    {"BADCOMPARATOR", {fetch}},
    {"BADEVENT", {fetch}},
    {"BADURL", {append}},
    {"UNKNOWN-CTE", {fetch, append}},
    {"MAXCONVERTMESSAGES", {fetch}},
    {"UNDEFINED-FILTER", {fetch}},
    {"UIDREQUIRED", {fetch, store}},
    {"NOTIFICATIONOVERFLOW", {fetch}},
    {"NOTSAVED", {fetch}},
    {"NOUPDATE", {fetch}},
    {"NOMODSEQ", {select, fetch}},
    {"MODIFIED", {store}},
    {"UIDNOTSTICKY", {select, append}},
    {"REFERRAL", {authenticate, login, select}},
    {"COMPRESSIONACTIVE", kEverywhere},
    {"X-NEVER-HEARD-OF", kEverywhere},
    // They bring data; in a refusal they mean nothing.
    {"APPENDUID", {append}},
    {"CAPABILITY", kEverywhere},
    {"COPYUID", {append}},
    {"HIGHESTMODSEQ", {select, examine}},
    {"PERMANENTFLAGS", {select}},
    {"READ-WRITE", {select}},
    {"UIDNEXT", {select, examine}},
    {"UIDVALIDITY", {select, examine}},
    {"UNSEEN", {select, examine}},
};

class ResponseCodes : public SessionDialogue, public ::testing::WithParamInterface<Row> {
 protected:
  /// The session's answer when the server completes the command with `said`, "NO [CANNOT] no".
  std::optional<Error> answer(At at, const std::string& said) {
    reader_.reset();
    appender_.reset();
    const bool offers_plain = at == authenticate;
    if (at == authenticate || at == login) {
      connect(offers_plain ? "SASL-IR AUTH=PLAIN" : "");
      peer_->expect(offers_plain ? "A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n" : "A1 LOGIN ann pw\r\n");
      return refusal(sign_in_answered(said));
    }
    open("LITERAL+ MULTIAPPEND UIDPLUS");
    return at_session(at, said);
  }

  std::optional<Error> at_session(At at, const std::string& said) {
    switch (at) {
      case At::list:
        peer_->expect("A1 LIST \"\" \"*\"\r\nA2 LSUB \"\" \"*\"\r\n").send("* LIST (\\Noselect) \"/\" INBOX\r\n");
        peer_->send("A1 " + said + "\r\nA2 OK\r\n");
        return refusal(list());
      case create:
        peer_->expect("A1 CREATE Box\r\nA2 SELECT Box\r\n")
            .send("A1 " + said + "\r\nA2 " + selected_after(said) + "\r\n");
        return refusal(prepare({.mailbox = MailboxPath::split("Box", '/'), .create = true}));
      case select:
        peer_->expect("A1 SELECT INBOX\r\n").send("A1 " + said + "\r\n");
        return refusal(prepare({.mailbox = inbox(), .create = false}));
      case At::append:
        peer_->expect("A1 APPEND INBOX {3+}\r\none\r\n").send("A1 " + said + "\r\n");
        if (const auto lost = refusal(append({"one"}))) return lost;
        return append_error_;
      case store:
        peer_->expect("A1 SELECT INBOX\r\n").send("A1 OK\r\n").expect("A2 UID STORE 1 +FLAGS.SILENT (\\Seen)\r\n");
        peer_->send("A2 " + said + "\r\n");
        return refusal(add_flags("1", "\\Seen"));
      default:
        return at_reader(at, said);
    }
  }

  std::optional<Error> at_reader(At at, const std::string& said) {
    peer_->expect("A1 EXAMINE INBOX\r\nA2 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    if (at == bye) peer_->send("* " + said + "\r\n");
    if (at == examine) peer_->send("A1 " + said + "\r\nA2 " + fetched_after(said) + "\r\n");
    if (at == fetch) peer_->send("A1 OK\r\nA2 " + said + "\r\n");
    if (const auto lost = refusal(read("1", 0))) return lost;
    return read_error_;
  }

  Result<> sign_in_answered(const std::string& said) {
    peer_->send("A1 " + said + "\r\n");
    if (said.starts_with("OK")) peer_->expect("A2 CAPABILITY\r\n").send("* CAPABILITY IMAP4rev1\r\nA2 OK\r\n");
    return sign_in();
  }

  /// The mailbox is there when its CREATE went well, or when it was there before.
  static std::string selected_after(const std::string& said) {
    return said.starts_with("OK") ? "OK open" : "NO no such mailbox";
  }

  static std::string fetched_after(const std::string& said) {
    return said.starts_with("OK") ? "OK done" : "BAD nothing is open";
  }

  template <class T>
  static std::optional<Error> refusal(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error());
  }
};

/// The pause before the second try, when chance is in the middle: none, at once, or half of the first one.
std::optional<std::chrono::milliseconds> expected_pause(Retry retry) {
  if (retry == Retry::never) return std::nullopt;
  return std::chrono::milliseconds(retry == Retry::now ? 0 : 500);
}

TEST_P(ResponseCodes, InARefusal) {
  for (const auto at : GetParam().at) {
    const auto expected = GetParam().meaning.value_or(plain(at));
    for (const auto* status : {"NO", "BAD"}) {
      SCOPED_TRACE(fmt::format("{} [{}] to {}", status, GetParam().code, kNames[static_cast<std::size_t>(at)]));

      const auto error = answer(at, fmt::format("{} [{}] no", at == bye ? "BYE" : status, GetParam().code));

      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind, expected.kind) << error->message;
      EXPECT_EQ(error->scope, expected.scope);
      EXPECT_EQ(error->retry, expected.retry);
      EXPECT_EQ(async::RetryPolicy{}.delay_after(1, {}, *error, 0.5), expected_pause(expected.retry));
      EXPECT_THAT(error->message, ::testing::HasSubstr(std::string(GetParam().code)));
    }
  }
}

/// Where messages are carried, what concerns the whole account and passes comes as the error of the call, on a
/// connection that is closed: so the work waits, and no message counts as refused.
TEST_P(ResponseCodes, GiveUpTheConnectionWhereTheAccountHasToWait) {
  for (const auto at : GetParam().at) {
    const auto expected = GetParam().meaning.value_or(plain(at));
    SCOPED_TRACE(fmt::format("{} to {}", GetParam().code, kNames[static_cast<std::size_t>(at)]));

    (void)answer(at, fmt::format("{} [{}] no", at == bye ? "BYE" : "NO", GetParam().code));

    const bool carries = at == examine || at == fetch || at == At::append;
    const bool waits = carries && expected.scope == account && expected.retry != Retry::never;
    EXPECT_EQ(is_given_up(), waits || at == bye);
    EXPECT_FALSE(waits && (read_error_ || append_error_));
  }
}

TEST_P(ResponseCodes, ChangeNothingInAnOk) {
  for (const auto at : GetParam().at) {
    if (at == bye) continue;
    SCOPED_TRACE(fmt::format("{} to {}", GetParam().code, kNames[static_cast<std::size_t>(at)]));
    // A list of capabilities would make the question for them superfluous.
    if (GetParam().code == "CAPABILITY" && (at == authenticate || at == login)) continue;

    const auto error = answer(at, fmt::format("OK [{}] done", GetParam().code));

    EXPECT_FALSE(error) << error->message;
  }
}

std::string row_name(const ::testing::TestParamInfo<Row>& row) {
  std::string name(row.param.code);
  std::erase(name, '-');
  return fmt::format("{}_{}", name, row.index);
}

INSTANTIATE_TEST_SUITE_P(All, ResponseCodes, ::testing::ValuesIn(kRows), row_name);

TEST(ResponseCodeTable, HasEachCodeThatIsRead) {
  std::set<std::string_view> rows;
  for (const auto& row : kRows)
    rows.insert(row.code);
  for (int code = static_cast<int>(imap::Code::none) + 1; code < static_cast<int>(imap::Code::other); ++code) {
    const auto name = imap::code_name(static_cast<imap::Code>(code));
    EXPECT_TRUE(rows.contains(name)) << name;
  }
}

class ResponseCode : public SessionDialogue {};

TEST_F(ResponseCode, AlreadyExistsIsNoErrorOfAMailboxThatOpens) {
  open("");
  peer_->expect("A1 CREATE INBOX\r\nA2 SELECT INBOX\r\n");
  peer_->send("A1 NO [ALREADYEXISTS] there is one\r\n* 4 EXISTS\r\nA2 OK open\r\n");

  const auto prepared = prepare({.mailbox = inbox(), .create = true});

  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->status.messages, 4U);
}

TEST_F(ResponseCode, UseattrLeavesAMailboxWithoutItsUse) {
  open("CREATE-SPECIAL-USE");
  peer_->expect("A1 CREATE Sent (USE (\\Sent))\r\nA2 SUBSCRIBE Sent\r\nA3 SELECT Sent\r\n");
  peer_->send("A1 NO [USEATTR] there is one\r\nA2 NO no such mailbox\r\nA3 NO [NONEXISTENT] no such mailbox\r\n");
  peer_->expect("A4 CREATE Sent\r\nA5 SUBSCRIBE Sent\r\nA6 SELECT Sent\r\n");
  peer_->send("A4 OK\r\nA5 OK\r\n* 0 EXISTS\r\n* OK [UIDVALIDITY 8] ok\r\nA6 OK\r\n");

  const auto prepared =
      prepare({.mailbox = MailboxPath::split("Sent", '/'), .use = SpecialUse::sent, .create = true, .subscribe = true});

  ASSERT_TRUE(prepared) << prepared.error().describe();
  EXPECT_EQ(prepared->status.uid_validity, 8U);
  EXPECT_EQ(peer_->verdict(), "");
}

TEST_F(ResponseCode, CompressionactiveGoesOnWithoutCompression) {
  options_.endpoint.compression = net::Compression::always;
  connect("SASL-IR AUTH=PLAIN");
  peer_->expect("A1 AUTHENTICATE PLAIN AGFubgBwdw==\r\n");
  peer_->send("A1 OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] in\r\n").expect("A2 COMPRESS DEFLATE\r\n");
  peer_->send("A2 NO [COMPRESSIONACTIVE] TLS does it\r\n");

  EXPECT_TRUE(sign_in());
}

TEST_F(ResponseCode, OfOneAnswerAmongManyConcernsThatOne) {
  open("LITERAL+ UIDPLUS");
  peer_->expect("A1 SELECT INBOX\r\nA2 APPEND INBOX {3+}\r\none\r\nA3 APPEND INBOX {3+}\r\ntwo\r\n");
  peer_->expect("A4 APPEND INBOX {5+}\r\nthree\r\n");
  peer_->send("A1 OK\r\nA2 OK [APPENDUID 1 5] a\r\nA3 NO [LIMIT] too many keywords\r\nA4 OK [APPENDUID 1 6] c\r\n");

  const auto lines = append({"one", "two", "three"});

  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, ::testing::ElementsAre("1: stored as 5", ::testing::StartsWith("2: refused"), "3: stored as 6"));
  EXPECT_FALSE(is_given_up());
}

}  // namespace
}  // namespace mailferry::test
