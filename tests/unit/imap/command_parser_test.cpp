#include "imap/command/command_parser.hpp"

#include "fuzz/command_session.hpp"
#include "fuzz/print_command.hpp"
#include "imap/command/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mailferry::imap {
namespace {

namespace c = commands;
using ::testing::HasSubstr;

std::string write(const Command& command, LiteralMode mode = LiteralMode::plus) {
  CommandWriter out("A1", mode);
  command.write(out);
  std::string wire;
  for (const auto& part : out.take().parts)
    wire += part;
  return wire;
}

/// The events of `input`, the same however it is split.
std::string events_of(std::string_view input, const CommandLimits& limits = {}) {
  const auto whole = run_session(input, limits).events;
  for (std::size_t split = 1; split < input.size(); ++split) {
    bool first = true;
    const auto in_two = run_session(
        input, [&] { return std::exchange(first, false) ? split : input.size(); }, limits);
    EXPECT_EQ(in_two.events, whole) << "split at " << split;
  }
  EXPECT_EQ(run_session(
                input, [] { return std::size_t{1}; }, limits)
                .events,
            whole)
      << "octet by octet";
  return whole;
}

// ------------------------------------------------------------------------------------------ what our own writer writes

struct Written {
  std::string name;
  Command command;
  std::string parsed;  // in the spelling of print_command, without tag and line end
};

void PrintTo(const Written& row, std::ostream* out) {
  *out << row.name;
}

class WrittenCommand : public ::testing::TestWithParam<Written> {};

TEST_P(WrittenCommand, IsParsedAsItWasMeant) {
  EXPECT_EQ(events_of(write(GetParam().command)), "COMMAND A1 " + GetParam().parsed + "\r\n");
}

TEST_P(WrittenCommand, KeepsItsMeaningWhenPrintedAndParsedAgain) {
  const auto once = run_session(write(GetParam().command)).commands;
  ASSERT_EQ(once.size(), 1U);

  EXPECT_EQ(run_session(print_command(once[0])).events, "COMMAND A1 " + GetParam().parsed + "\r\n");
}

const UidSet kUids = UidSet::parse("1:5,9").value();

INSTANTIATE_TEST_SUITE_P(
    All, WrittenCommand,
    ::testing::Values(
        Written{"Capability", c::capability(), "CAPABILITY"}, Written{"Noop", c::noop(), "NOOP"},
        Written{"Logout", c::logout(), "LOGOUT"}, Written{"Starttls", c::starttls(), "STARTTLS"},
        Written{"Login", c::login("me", "p\xe4 \r\n\"\\"), "LOGIN \"me\" {7+}\r\np\xe4 \r\n\"\\"},
        Written{"Authenticate", c::authenticate("SCRAM-SHA-256", "biws"), "AUTHENTICATE SCRAM-SHA-256 biws"},
        Written{"Id", c::id({{"name", "x"}}), R"(ID ("name" "x"))"}, Written{"IdNil", c::id({}), "ID NIL"},
        Written{"Enable", c::enable({"QRESYNC", "UTF8=ACCEPT"}), "ENABLE QRESYNC UTF8=ACCEPT"},
        Written{"Namespace", c::namespace_(), "NAMESPACE"},
        Written{"Compress", c::compress_deflate(), "COMPRESS DEFLATE"},
        Written{"List", c::list("", "*"), R"(LIST "" "*")"}, Written{"Lsub", c::lsub("a", "%"), R"(LSUB "a" "%")"},
        Written{"ListExtended",
                c::list_extended("", "*",
                                 {.select_subscribed = true,
                                  .return_subscribed = true,
                                  .return_children = true,
                                  .return_special_use = true,
                                  .status_items = {"MESSAGES", "UIDNEXT"}}),
                R"(LIST (SUBSCRIBED) "" ("*") RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT)))"},
        Written{"Status", c::status("S", {"HIGHESTMODSEQ", "SIZE"}), R"(STATUS "S" (HIGHESTMODSEQ SIZE))"},
        Written{"Create", c::create("S", "\\Sent"), R"(CREATE "S" (USE (\Sent)))"},
        Written{"Delete", c::delete_("nil"), R"(DELETE "nil")"},
        Written{"Rename", c::rename("a", ""), R"(RENAME "a" "")"},
        Written{"Subscribe", c::subscribe("S"), R"(SUBSCRIBE "S")"},
        Written{"Unsubscribe", c::unsubscribe("S"), R"(UNSUBSCRIBE "S")"},
        Written{"Select", c::select("INBOX", true), R"(SELECT "INBOX" (CONDSTORE))"},
        Written{"Examine", c::examine("INBOX", false, c::QResync{67, 42}), R"(EXAMINE "INBOX" (QRESYNC (67 42)))"},
        Written{"Unselect", c::unselect(), "UNSELECT"}, Written{"Close", c::close(), "CLOSE"},
        Written{"Check", c::check(), "CHECK"}, Written{"Expunge", c::expunge(), "EXPUNGE"},
        Written{"UidExpunge", c::uid_expunge(kUids), "UID EXPUNGE 1:5,9"},
        Written{
            "Fetch",
            c::uid_fetch(kUids,
                         {.flags = true, .email_id = true, .gm_labels = true, .header_fields = {"Date", "Message-ID"}},
                         7, true),
            "UID FETCH 1:5,9 (FLAGS EMAILID X-GM-LABELS BODY.PEEK[HEADER.FIELDS (\"Date\" \"Message-ID\")]) "
            "(CHANGEDSINCE 7 VANISHED)"},
        Written{"FetchFrom",
                c::uid_fetch_from(7, {.body = true, .header = true, .envelope = true, .body_structure = true}),
                "UID FETCH 7:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[])"},
        Written{"Store", c::uid_store(kUids, StoreMode::remove, Flags::from_string("\\Seen $a"), true, 12),
                "UID STORE 1:5,9 (UNCHANGEDSINCE 12) -FLAGS.SILENT (\\Seen $a)"},
        Written{"Copy", c::uid_copy(kUids, "S"), "UID COPY 1:5,9 \"S\""},
        Written{"Move", c::uid_move(kUids, "S"), "UID MOVE 1:5,9 \"S\""},
        Written{"SearchFrom", c::uid_search_from(7, true), "UID SEARCH RETURN (ALL) UID 7:*"},
        Written{"SearchHeader", c::uid_search_header("Subject", {"\xc3\xa4"}, false),
                "UID SEARCH CHARSET \"UTF-8\" HEADER \"Subject\" {2+}\r\n\xc3\xa4"},
        Written{"Idle", c::idle(), "IDLE"}, Written{"NotifyNone", c::notify_none(), "NOTIFY NONE"},
        Written{"Notify", c::notify_set("(selected (MessageNew (UID) FlagChange)) (subtree Lists none)"),
                R"(NOTIFY SET (selected (MessageNew (UID) FlagChange)) (subtree ("Lists") NONE))"},
        Written{"QuotaRoot", c::get_quota_root("S"), R"(GETQUOTAROOT "S")"},
        Written{"MyRights", c::my_rights("S"), R"(MYRIGHTS "S")"}, Written{"GetAcl", c::get_acl("S"), R"(GETACL "S")"},
        Written{"GetMetadata", c::get_metadata("", {"/shared/comment"}),
                R"(GETMETADATA (DEPTH 0) "" ("/shared/comment"))"}),
    [](const auto& row) { return row.param.name; });

RC_GTEST_PROP(WrittenCommand, CarriesEveryStringInEveryLiteralMode, (std::string name)) {
  std::erase(name, '\0');
  const auto mode = *rc::gen::element(LiteralMode::synchronizing, LiteralMode::minus, LiteralMode::plus);

  const auto commands = run_session(write(c::rename(name, name + "x"), mode)).commands;

  RC_ASSERT(commands.size() == 1U);
  RC_ASSERT(std::get<RenameCommand>(commands[0].data).from == name);
  RC_ASSERT(std::get<RenameCommand>(commands[0].data).to == name + "x");
}

// ---------------------------------------------------------------------------------------------- what other clients say

struct Line {
  std::string name;
  std::string input;  // without tag and line end
  std::string parsed;
};

void PrintTo(const Line& row, std::ostream* out) {
  *out << row.name;
}

class ClientLine : public ::testing::TestWithParam<Line> {};

TEST_P(ClientLine, IsUnderstood) {
  EXPECT_EQ(events_of("a1 " + GetParam().input + "\r\n"), "COMMAND a1 " + GetParam().parsed + "\r\n");
}

INSTANTIATE_TEST_SUITE_P(
    Rfc, ClientLine,
    ::testing::Values(
        Line{"AnyCase", "uid fetch 1 body.peek[header.fields.not (x)]<0.100>",
             "UID FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (\"x\")]<0.100>)"},
        Line{"MacroAll", "FETCH * ALL", "FETCH * (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"},
        Line{"MacroFull", "FETCH *:4,7 FULL", "FETCH *:4,7 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)"},
        Line{"Sections", "FETCH 2 (BODY[1.2.MIME] BODY[3] BINARY.PEEK[1.1]<5.6> BINARY.SIZE[2] BODY[TEXT])",
             "FETCH 2 (BODY[1.2.MIME] BODY[3] BINARY.PEEK[1.1]<5.6> BINARY.SIZE[2] BODY[TEXT])"},
        Line{"Preview", "FETCH 1 (PREVIEW PREVIEW (LAZY) SAVEDATE THREADID)",
             "FETCH 1 (PREVIEW PREVIEW (LAZY) SAVEDATE THREADID)"},
        Line{"FetchPartial", "UID FETCH 1:* FLAGS (PARTIAL -1:-100)", "UID FETCH 1:* (FLAGS) (PARTIAL -1:-100)"},
        Line{"SavedResult", "UID MOVE $ \"Archive\"", "UID MOVE $ \"Archive\""},
        Line{"StoreBareFlags", "STORE 2:4 +FLAGS \\deleted $X", "STORE 2:4 +FLAGS (\\Deleted $X)"},
        Line{"StoreRecent", "STORE 1 FLAGS (\\Recent \\Seen)", "STORE 1 FLAGS (\\Seen)"},
        Line{"StoreLabels", R"(STORE 1 -X-GM-LABELS.SILENT (\Inbox "two words"))",
             R"(STORE 1 -X-GM-LABELS.SILENT (\Inbox "two words"))"},
        Line{"Search", R"(SEARCH CHARSET utf-8 OR FROM a NOT TO b (1:2 ON "01-Feb-2020"))",
             R"(SEARCH CHARSET "UTF-8" OR FROM "a" NOT TO "b" (1:2 ON 1-Feb-2020))"},
        Line{"SearchReturn", "UID SEARCH RETURN (min MAX COUNT SAVE PARTIAL 1:500) ALL",
             "UID SEARCH RETURN (MIN MAX COUNT SAVE PARTIAL 1:500) ALL"},
        Line{"SearchReturnNothing", "SEARCH RETURN () UNSEEN", "SEARCH RETURN (ALL) UNSEEN"},
        Line{"SearchModseq", R"(SEARCH MODSEQ "/flags/\\draft" all 620162338)",
             R"(SEARCH MODSEQ "/flags/\\draft" ALL 620162338)"},
        Line{"SearchExtensions", "SEARCH YOUNGER 60 EMAILID M1 SAVEDSINCE 1-Jan-2020 X-GM-RAW \"has:x\" X-GM-MSGID 12",
             "SEARCH YOUNGER 60 EMAILID M1 SAVEDSINCE 1-Jan-2020 X-GM-RAW \"has:x\" X-GM-MSGID 12"},
        Line{"QResyncFull", "SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1:4,9 3:5)))",
             "SELECT \"INBOX\" (QRESYNC (67890007 90060115194045000 41:211,214:541 (1:4,9 3:5)))"},
        Line{"ListPatterns", R"(LIST (SPECIAL-USE RECURSIVEMATCH) "" (INBOX "a b" c*%) RETURN (MYRIGHTS))",
             R"(LIST (RECURSIVEMATCH SPECIAL-USE) "" ("INBOX" "a b" "c*%") RETURN (MYRIGHTS))"},
        Line{"SetQuota", R"(SETQUOTA "" (STORAGE 512))", R"(SETQUOTA "" (STORAGE 512))"},
        Line{"SetAcl", "SETACL INBOX Fred -lrs", R"(SETACL "INBOX" "Fred" "-lrs")"},
        Line{"MetadataOptionsBehind", "GETMETADATA INBOX (MAXSIZE 1024) (/shared/comment)",
             R"(GETMETADATA (DEPTH 0 MAXSIZE 1024) "INBOX" ("/shared/comment"))"},
        Line{"SetMetadata", "SETMETADATA INBOX (/private/a NIL /private/b ~{3+}\r\n\x01\r\n)",
             "SETMETADATA \"INBOX\" (\"/private/a\" NIL \"/private/b\" {3+}\r\n\x01\r\n)"},
        Line{"NotifyStatus", R"(NOTIFY SET STATUS (mailboxes ("a b" c) (MailboxName)))",
             R"(NOTIFY SET STATUS (mailboxes ("a b" "c") (MailboxName)))"}),
    [](const auto& row) { return row.param.name; });

class BadLine : public ::testing::TestWithParam<std::string> {};

TEST_P(BadLine, IsAnsweredWithItsTagAndTheNextCommandIsRead) {
  EXPECT_THAT(events_of("a1 " + GetParam() + "\r\na2 NOOP\r\n"),
              ::testing::MatchesRegex("BAD a1 [^\n]+\nCOMMAND a2 NOOP\r\n"));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadLine,
    ::testing::Values("", "XFOO", "UID NOOP", "UID", "NOOP x", "LOGIN a", "LOGIN a b c", "LOGIN \"a b",
                      R"(LOGIN "a\n" b)", "LOGIN \"a\xff b", "FETCH 0 FLAGS", "FETCH 4294967296 FLAGS",
                      "FETCH 1,$ FLAGS", "FETCH 1 (FLAGS", "FETCH 1 ()", "FETCH 1 (ALL)", "FETCH 1 BODY[MIME]",
                      "FETCH 1 BODY[1.]", "FETCH 1 BINARY[TEXT]", "FETCH 1 BODY[]<0.0>", "FETCH 1 FLAGS (VANISHED)",
                      "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)", "STORE 1 FLAGZ (a)", "STORE 1 FLAGS (\"a\")",
                      "SEARCH", "SEARCH FOO", "SEARCH ON 31-Feb-2020", "SEARCH ON 1-Foo-2020", "SEARCH ()",
                      "SEARCH RETURN (ALL PARTIAL 1:2) ALL", "SELECT a (FOO)", "SELECT a (QRESYNC (0 1))",
                      "LIST (FOO) \"\" *", "LIST (RECURSIVEMATCH) \"\" *", "STATUS a (FOO)", "STATUS a ()", "APPEND a",
                      "APPEND a (b) x", "CREATE a (FOO (b))", "GETMETADATA a b", "NOTIFY SET ()",
                      "NOTIFY SET (selected (Foo))", "ID (\"a\")", "COMPRESS", "SEARCH RETURN (PARTIAL 1:-2) ALL"));

TEST(CommandParser, AnswersALineWithoutTagUntagged) {
  EXPECT_EQ(events_of("\r\n"), "BAD  a tag is expected\n");
  EXPECT_EQ(events_of("+ NOOP\r\n"), "BAD  a tag is expected\n");
}

TEST(CommandParser, NeverQuotesTheClientInABadResponse) {
  EXPECT_THAT(run_session("a LOGIN me \"hunter2\r\nb XHUNTER2\r\n").events, ::testing::Not(HasSubstr("unter2")));
}

// ------------------------------------------------------------------------------------------------------------ literals

TEST(CommandParser, AsksForSynchronizingLiteralsAndNotForOthers) {
  EXPECT_EQ(events_of("a LOGIN {2}\r\nme {4+}\r\np\r\nw\r\n"), "+\nCOMMAND a LOGIN \"me\" {4+}\r\np\r\nw\r\n");
}

TEST(CommandParser, WaitsForTheLiteralAfterItAsked) {
  CommandParser parser;
  parser.feed("a LOGIN {2}\r\n");

  EXPECT_TRUE(std::holds_alternative<ContinuationNeeded>(parser.poll().value().value()));
  EXPECT_FALSE(parser.poll().value().has_value());
  parser.feed("me x\r\n");
  EXPECT_TRUE(std::holds_alternative<ParsedCommand>(parser.poll().value().value()));
}

TEST(CommandParser, RefusesALiteralAboveTheLimitAndStaysInStep) {
  const CommandLimits limits{.held_literal = 4, .held_total = 6};

  EXPECT_EQ(events_of("a LOGIN {4+}\r\n1234 x\r\n", limits), "COMMAND a LOGIN \"1234\" \"x\"\r\n");
  EXPECT_EQ(events_of("a LOGIN {5+}\r\n12345 x\r\nb NOOP\r\n", limits),
            "BAD a the literal is too large\nCOMMAND b NOOP\r\n");
  EXPECT_EQ(events_of("a LOGIN {5}\r\nb NOOP\r\n", limits), "BAD a the literal is too large\nCOMMAND b NOOP\r\n");
  EXPECT_EQ(events_of("a LOGIN {4+}\r\n1234 {2+}\r\n12\r\n", limits), "COMMAND a LOGIN \"1234\" \"12\"\r\n");
  EXPECT_EQ(events_of("a LOGIN {4+}\r\n1234 {3+}\r\n123\r\nb NOOP\r\n", limits),
            "BAD a the literal is too large\nCOMMAND b NOOP\r\n");
}

TEST(CommandParser, BreaksOffAtALiteralThatCannotBeSkipped) {
  const CommandLimits limits{.held_literal = 4, .skipped_literal = 6};

  EXPECT_THAT(events_of("a LOGIN {6+}\r\n123456 x\r\n", limits), HasSubstr("BAD a"));
  EXPECT_THAT(events_of("a LOGIN {7+}\r\n", limits), HasSubstr("ERROR"));
  EXPECT_THAT(events_of("a LOGIN {99999999999999999999+}\r\n", limits), HasSubstr("ERROR"));
  EXPECT_THAT(events_of("a LOGIN {99999999999999999999}\r\nb NOOP\r\n", limits), HasSubstr("COMMAND b NOOP"));
}

TEST(CommandParser, BreaksOffAtALineAboveTheLimit) {
  const CommandLimits limits{.line = 8};

  EXPECT_EQ(events_of("a NOOP\r\n", limits), "COMMAND a NOOP\r\n");
  EXPECT_EQ(events_of("ab NOOP\r\n", limits), "ERROR the client sent a command longer than this server allows\n");
  EXPECT_EQ(events_of("123456789", limits), "ERROR the client sent a command longer than this server allows\n");
  EXPECT_EQ(events_of("12345678", limits), "");
}

TEST(CommandParser, CountsAllLinesOfACommandTogether) {
  const std::string input = "a LOGIN {1+}\r\nx y\r\n";

  EXPECT_THAT(events_of(input, {.line = 18}), HasSubstr("COMMAND"));
  EXPECT_THAT(events_of(input, {.line = 17}), HasSubstr("ERROR"));
}

TEST(CommandParser, StaysInError) {
  CommandParser parser(CommandLimits{.line = 4});
  parser.feed("12345\r\n");
  ASSERT_FALSE(parser.poll().has_value());
  parser.feed("a NOOP\r\n");

  const auto again = parser.poll();

  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind, ErrorKind::protocol);
  EXPECT_EQ(again.error().scope, Scope::account);
}

TEST(CommandParser, BoundsNesting) {
  const auto nested = [](int depth) {
    return "a SEARCH " + std::string(static_cast<std::size_t>(depth), '(') + "1" +
           std::string(static_cast<std::size_t>(depth), ')') + "\r\n";
  };

  EXPECT_THAT(events_of(nested(5), {.depth = 5}), HasSubstr("COMMAND"));
  EXPECT_EQ(events_of(nested(6), {.depth = 5}), "BAD a nested too deeply\n");
  EXPECT_EQ(events_of("a SEARCH NOT NOT NOT NOT NOT 1\r\n", {.depth = 4}), "BAD a nested too deeply\n");
}

// -------------------------------------------------------------------------------------------------------------- APPEND

TEST(CommandParser, StreamsEachMessageOfAnAppend) {
  EXPECT_EQ(
      events_of("a APPEND {3}\r\nx y (\\Seen $b) \"17-Jul-1996 02:44:25 -0700\" {3}\r\nabc (\\Draft) ~{2+}\r\n\r\n "
                "{0+}\r\n\r\n"),
      "+\nMESSAGE a x y 0 (\\Seen $b) 17-Jul-1996 02:44:25 -0700 3 sync: abc\nEND\n"
      "MESSAGE a x y 1 (\\Draft) - 2 binary: \r\n\nEND\n"
      "MESSAGE a x y 2 () - 0: \nEND\n"
      "COMMAND a APPEND \"x y\" ;3 messages\r\n");
}

TEST(CommandParser, ReadsUtf8Messages) {
  EXPECT_EQ(events_of("a APPEND S UTF8 (~{2+}\r\nab) UTF8 (~{1+}\r\nc)\r\n"),
            "MESSAGE a S 0 () - 2 binary utf8: ab\nEND\nMESSAGE a S 1 () - 1 binary utf8: c\nEND\n"
            "COMMAND a APPEND \"S\" ;2 messages\r\n");
  EXPECT_THAT(events_of("a APPEND S UTF8 (~{2+}\r\nab\r\n"), HasSubstr("BAD a"));
}

TEST(CommandParser, NeverHoldsAMessage) {
  constexpr std::size_t kPiece = 10'000;
  CommandParser parser;
  parser.feed("a APPEND S {10000000+}\r\n");
  ASSERT_TRUE(std::holds_alternative<MessageBegin>(parser.poll().value().value()));
  std::size_t received = 0;

  for (int i = 0; i < 1000; ++i) {
    parser.feed(std::string(kPiece, 'x'));
    received += std::get<MessageChunk>(parser.poll().value().value()).data.size();
    EXPECT_EQ(parser.buffered(), 0U);
    EXPECT_LE(parser.prepare().size(), 64U << 10);
  }

  EXPECT_EQ(received, 10'000'000U);
  EXPECT_TRUE(std::holds_alternative<MessageEnd>(parser.poll().value().value()));
}

TEST(CommandParser, DropsWhatTheOwnerRefused) {
  EXPECT_EQ(events_of("a APPEND refuse {5}\r\nb NOOP\r\n"),
            "MESSAGE a refuse 0 () - 5 sync: REFUSED\nCOMMAND b NOOP\r\n");
  EXPECT_EQ(events_of("a APPEND refuse {5+}\r\nHello (\\Seen) {3+}\r\nabc\r\nb NOOP\r\n"),
            "MESSAGE a refuse 0 () - 5: REFUSED\nCOMMAND b NOOP\r\n");
}

TEST(CommandParser, SkipsTheMessageOfABrokenAppend) {
  EXPECT_EQ(events_of("a APPEND S (x {5+}\r\nHello\r\nb NOOP\r\n"), "BAD a an atom is expected\nCOMMAND b NOOP\r\n");
  EXPECT_EQ(events_of("a APPEND S {2+}\r\nab x {3+}\r\ncde\r\nb NOOP\r\n"),
            "MESSAGE a S 0 () - 2: ab\nEND\nBAD a a message literal is expected\nCOMMAND b NOOP\r\n");
}

RC_GTEST_PROP(CommandParser, ReadsEveryAppendHead, (std::string mailbox, std::uint16_t size, bool with_date)) {
  std::erase_if(mailbox, [](char each) { return each == '\0' || each == '\r' || each == '\n'; });
  const auto mode = *rc::gen::element(LiteralMode::synchronizing, LiteralMode::minus, LiteralMode::plus);
  const auto date =
      with_date ? std::optional(InternalDate{*rc::gen::inRange<std::int64_t>(0, 4'000'000'000), 120}) : std::nullopt;
  const auto flags = Flags::from_string("\\Seen $b");

  CommandParser parser;
  auto head = append_begin("A1", mailbox, mode);
  append_head(head, flags, date, size, mode);
  parser.feed(head);
  auto event = parser.poll().value().value();

  const auto& message = std::get<MessageBegin>(event);
  RC_ASSERT(message.mailbox == mailbox);
  RC_ASSERT(message.flags == flags);
  RC_ASSERT(message.date == date);
  RC_ASSERT(message.size == size);
  RC_ASSERT(message.synchronizing == must_wait(mode, size));
}

// --------------------------------------------------------------------------------------------------- between commands

TEST(CommandParser, ReadsALineWhenTheOwnerExpectsOne) {
  EXPECT_EQ(events_of("a IDLE\r\nDONE\r\nb AUTHENTICATE plain\r\nAGEAYg=={5}\r\nc NOOP\r\n"),
            "COMMAND a IDLE\r\nLINE DONE\nCOMMAND b AUTHENTICATE PLAIN\r\nLINE AGEAYg=={5}\nCOMMAND c NOOP\r\n");
}

TEST(CommandParser, AcceptsLinesThatEndWithLfAlone) {
  EXPECT_EQ(events_of("a NOOP\nb LOGIN {1+}\nx y\n"), "COMMAND a NOOP\r\nCOMMAND b LOGIN \"x\" \"y\"\r\n");
}

TEST(CommandParser, GivesBackWhatFollowsACommand) {
  CommandParser parser;
  parser.feed("a COMPRESS DEFLATE\r\n\x01\x02\x03");

  EXPECT_TRUE(std::holds_alternative<ParsedCommand>(parser.poll().value().value()));
  EXPECT_EQ(parser.buffered(), 3U);
  EXPECT_EQ(parser.take_buffered(), "\x01\x02\x03");
  EXPECT_EQ(parser.buffered(), 0U);
}

}  // namespace
}  // namespace mailferry::imap
