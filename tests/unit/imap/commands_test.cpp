#include "imap/command/commands.hpp"

#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

namespace c = commands;

const UidSet kUids = UidSet::parse("1:5,9").value();

Flags seen_and_label() {
  return Flags::from_string("\\Seen $Label1");
}

struct Line {
  std::string name;
  Command command;
  std::string wire;
  std::string log = {};  // empty: the same as wire
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.name;
}

class CommandLine : public ::testing::TestWithParam<Line> {};

TEST_P(CommandLine, IsWritten) {
  CommandWriter out("A1", LiteralMode::plus);
  GetParam().command.write(out);
  const auto written = out.take();

  ASSERT_EQ(written.parts.size(), 1U);
  EXPECT_EQ(written.parts[0], "A1 " + GetParam().wire + "\r\n");
  EXPECT_EQ(written.log_text, "A1 " + (GetParam().log.empty() ? GetParam().wire : GetParam().log));
  EXPECT_TRUE(GetParam().wire.starts_with(GetParam().command.name));
}

TEST_P(CommandLine, CanBeWrittenTwice) {
  CommandWriter first("A1", LiteralMode::plus);
  CommandWriter second("A1", LiteralMode::plus);
  GetParam().command.write(first);
  GetParam().command.write(second);

  EXPECT_EQ(first.take().parts, second.take().parts);
}

std::string test_name(const ::testing::TestParamInfo<Line>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Session, CommandLine,
    ::testing::Values(Line{"Capability", c::capability(), "CAPABILITY"}, Line{"Noop", c::noop(), "NOOP"},
                      Line{"Logout", c::logout(), "LOGOUT"}, Line{"Starttls", c::starttls(), "STARTTLS"},
                      Line{"Login", c::login("me", "pass word"), "LOGIN me \"pass word\"", "LOGIN me ***"},
                      Line{"Authenticate", c::authenticate("PLAIN", {}), "AUTHENTICATE PLAIN"},
                      Line{"AuthenticateIr", c::authenticate("PLAIN", "AGEAYg=="),
                           "AUTHENTICATE PLAIN AGEAYg==", "AUTHENTICATE PLAIN ***"},
                      Line{"AuthenticateEmpty", c::authenticate("EXTERNAL", "="),
                           "AUTHENTICATE EXTERNAL =", "AUTHENTICATE EXTERNAL ***"},
                      Line{"IdNil", c::id({}), "ID NIL"},
                      Line{"Id", c::id({{"name", "x"}, {"version", "1 2"}}), R"(ID ("name" "x" "version" "1 2"))"},
                      Line{"Enable", c::enable({"QRESYNC", "UTF8=ACCEPT"}), "ENABLE QRESYNC UTF8=ACCEPT"},
                      Line{"Namespace", c::namespace_(), "NAMESPACE"},
                      Line{"Compress", c::compress_deflate(), "COMPRESS DEFLATE"}, Line{"Idle", c::idle(), "IDLE"},
                      Line{"NotifyNone", c::notify_none(), "NOTIFY NONE"},
                      Line{"NotifySet",
                           c::notify_set("(selected (MessageNew (UID FLAGS) MessageExpunge)) (inboxes none)"),
                           "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge)) (inboxes none)"},
                      Line{"NotifyMailboxes", c::notify_mailboxes({"INBOX", "a b"}, "MessageNew MessageExpunge"),
                           "NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) "
                           "(mailboxes (INBOX \"a b\") (MessageNew MessageExpunge))"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Mailboxes, CommandLine,
    ::testing::Values(
        Line{"List", c::list("", "*"), R"(LIST "" "*")"}, Line{"Lsub", c::lsub("", "%"), R"(LSUB "" "%")"},
        Line{"ListExtendedPlain", c::list_extended("", "*", {}), R"(LIST "" "*")"},
        Line{"ListExtended",
             c::list_extended("", "*",
                              {.select_subscribed = true,
                               .return_subscribed = true,
                               .return_children = true,
                               .return_special_use = true,
                               .status_items = {"MESSAGES", "UIDNEXT"}}),
             R"(LIST (SUBSCRIBED) "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT)))"},
        Line{"Status", c::status("a b", {"MESSAGES", "UIDNEXT"}), R"(STATUS "a b" (MESSAGES UIDNEXT))"},
        Line{"Create", c::create("a&AOQ-"), "CREATE a&AOQ-"},
        Line{"CreateUse", c::create("S", "\\Sent"), "CREATE S (USE (\\Sent))"},
        Line{"Delete", c::delete_("S"), "DELETE S"}, Line{"Rename", c::rename("a", "b c"), R"(RENAME a "b c")"},
        Line{"Subscribe", c::subscribe("S"), "SUBSCRIBE S"}, Line{"Unsubscribe", c::unsubscribe("S"), "UNSUBSCRIBE S"},
        Line{"Select", c::select("INBOX"), "SELECT INBOX"},
        Line{"SelectCondstore", c::select("INBOX", true), "SELECT INBOX (CONDSTORE)"},
        Line{"ExamineQresync", c::examine("INBOX", true, c::QResync{67, 42}), "EXAMINE INBOX (QRESYNC (67 42))"},
        Line{"Unselect", c::unselect(), "UNSELECT"}, Line{"Close", c::close(), "CLOSE"},
        Line{"Check", c::check(), "CHECK"}, Line{"GetQuotaRoot", c::get_quota_root("S"), "GETQUOTAROOT S"},
        Line{"MyRights", c::my_rights("S"), "MYRIGHTS S"}, Line{"GetAcl", c::get_acl("S"), "GETACL S"},
        Line{"GetMetadata", c::get_metadata("", {"/shared/comment"}), R"(GETMETADATA "" (/shared/comment))"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Messages, CommandLine,
    ::testing::Values(
        Line{"Expunge", c::expunge(), "EXPUNGE"}, Line{"UidExpunge", c::uid_expunge(kUids), "UID EXPUNGE 1:5,9"},
        Line{"FetchNothing", c::uid_fetch(kUids, {}), "UID FETCH 1:5,9 (UID)"},
        Line{"FetchFlags", c::uid_fetch_from(1, {.flags = true}, 99, true),
             "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 99 VANISHED)"},
        Line{
            "FetchAll",
            c::uid_fetch(kUids,
                         {.flags = true,
                          .internal_date = true,
                          .size = true,
                          .modseq = true,
                          .body = true,
                          .header = true,
                          .envelope = true,
                          .body_structure = true,
                          .email_id = true,
                          .gm_message_id = true,
                          .gm_labels = true,
                          .header_fields = {"Date", "Message-ID"}},
                         7),
            "UID FETCH 1:5,9 (FLAGS INTERNALDATE RFC822.SIZE MODSEQ EMAILID X-GM-MSGID X-GM-LABELS ENVELOPE "
            "BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (Date Message-ID)] BODY.PEEK[HEADER] BODY.PEEK[]) (CHANGEDSINCE 7)"},
        Line{"StoreAdd", c::uid_store(kUids, StoreMode::add, seen_and_label()),
             "UID STORE 1:5,9 +FLAGS.SILENT (\\Seen $Label1)"},
        Line{"StoreRemove", c::uid_store(kUids, StoreMode::remove, seen_and_label(), false, 12),
             "UID STORE 1:5,9 (UNCHANGEDSINCE 12) -FLAGS (\\Seen $Label1)"},
        Line{"StoreReplace", c::uid_store(kUids, StoreMode::replace, {}), "UID STORE 1:5,9 FLAGS.SILENT ()"},
        Line{"Copy", c::uid_copy(kUids, "S"), "UID COPY 1:5,9 S"},
        Line{"Move", c::uid_move(kUids, "S"), "UID MOVE 1:5,9 S"},
        Line{"SearchFrom", c::uid_search_from(7, false), "UID SEARCH UID 7:*"},
        Line{"SearchFromExtended", c::uid_search_from(7, true), "UID SEARCH RETURN (ALL) UID 7:*"},
        Line{"SearchHeader", c::uid_search_header("Message-ID", {"<a@b>"}, false),
             "UID SEARCH HEADER Message-ID <a@b>"},
        Line{"SearchHeaders", c::uid_search_header("Message-ID", {"<a@b>", "<c@d>", "<e@f>"}, false),
             "UID SEARCH OR HEADER Message-ID <a@b> OR HEADER Message-ID <c@d> HEADER Message-ID <e@f>"},
        Line{"SearchHeader8Bit", c::uid_search_header("Subject", {"\xc3\xa4"}, true),
             "UID SEARCH RETURN (ALL) CHARSET UTF-8 HEADER Subject {2+}\r\n\xc3\xa4",
             R"(UID SEARCH RETURN (ALL) CHARSET UTF-8 HEADER Subject "\\xC3\\xA4")"}),
    test_name);

TEST(AppendHead, HasFlagsDateAndSize) {
  std::string out = "A1 APPEND S";

  EXPECT_FALSE(append_head(out, seen_and_label(), InternalDate{837596665, -420}, 310, LiteralMode::plus));

  EXPECT_EQ(out, "A1 APPEND S (\\Seen $Label1) \"17-Jul-1996 02:44:25 -0700\" {310+}\r\n");
}

TEST(AppendHead, LeavesOutWhatIsNotThere) {
  std::string out;

  append_head(out, Flags::from_string("a]b"), {}, 5, LiteralMode::plus);

  EXPECT_EQ(out, " {5+}\r\n");
}

TEST(AppendHead, WaitsAsTheLiteralModeSays) {
  std::string out;
  const auto waits = [&out](std::uint64_t size, LiteralMode mode) { return append_head(out, {}, {}, size, mode); };

  EXPECT_TRUE(waits(10, LiteralMode::synchronizing));
  EXPECT_EQ(out, " {10}\r\n");
  EXPECT_FALSE(waits(4096, LiteralMode::minus));
  EXPECT_TRUE(waits(4097, LiteralMode::minus));
  EXPECT_FALSE(waits(5'000'000'000, LiteralMode::plus));
}

TEST(AppendBegin, IsOnePieceEvenWithAnEightBitName) {
  EXPECT_EQ(append_begin("A1", "a b", LiteralMode::plus), "A1 APPEND \"a b\"");
  EXPECT_EQ(append_begin("A1", "\xc3\xa4", LiteralMode::plus), "A1 APPEND {2+}\r\n\xc3\xa4");
  EXPECT_EQ(append_begin("A1", "\xc3\xa4", LiteralMode::synchronizing), "A1 APPEND \"\xc3\xa4\"");
}

TEST(AppendBegin, RefusesNamesThatCannotBeSent) {
  EXPECT_EQ(append_begin("A1", "a\nb", LiteralMode::synchronizing), "");
  EXPECT_EQ(append_begin("A1", std::string("a\0b", 3), LiteralMode::plus), "");
}

}  // namespace
}  // namespace mailferry::imap
