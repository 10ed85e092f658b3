// Data about mailboxes: LIST, LSUB, STATUS, NAMESPACE, FLAGS, EXISTS and what the server can do.
#include "unit/imap/response_rows.hpp"

namespace mailferry::imap {
namespace {

class ResponseMailbox : public ResponseRows {};

TEST_P(ResponseMailbox, IsReadAtEverySplit) {
  expect_read(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, ResponseMailbox,
    ::testing::Values(
        Row{"List",
            R"(* LIST (\Noselect) "/" ~/Mail/foo)",
            {R"(list "~/Mail/foo" separator="/" attributes=("\\Noselect"))"}},
        Row{"ListQuoted",
            R"(* LIST (\HasNoChildren) "." "INBOX.Entw&APw-rfe")",
            {R"(list "INBOX.Entw&APw-rfe" separator="." attributes=("\\HasNoChildren"))"}},
        Row{"ListEscapes", R"(* LIST () "\\" "a\\b \"c\"")", {R"(list "a\\b \"c\"" separator="\\")"}},
        Row{"ListLiteral",
            "* LIST (\\HasNoChildren) \"/\" {19}\r\nLiteral Folder Name",
            {R"(list "Literal Folder Name" separator="/" attributes=("\\HasNoChildren"))"}},
        Row{"ListLiteralThatEndsWithBlanks", "* LIST () \"/\" {3}\r\na  ", {R"(list "a  " separator="/")"}},
        Row{"ListEmptyLiteral", "* LIST () \"/\" {0}\r\n", {R"(list "" separator="/")"}},
        Row{"ListNonSynchronizingLiteral", "* LIST () \"/\" {2+}\r\nab", {R"(list "ab" separator="/")"}},
        Row{"ListUtf8",
            "* LIST () \"/\" \"\xe2\x98\x83&\xe2\x98\xba\"",
            {"list \"\xe2\x98\x83&\xe2\x98\xba\" separator=\"/\""}},
        Row{"ListFlat", "* LIST () NIL Folder1", {R"(list "Folder1" separator=NIL)"}},
        Row{"ListEmptySeparator", R"(* LIST () "" "Folder2")", {R"(list "Folder2" separator=NIL)"}},
        Row{"ListRoot", R"(* LIST (\Noselect) "/" "")", {R"(list "" separator="/" attributes=("\\Noselect"))"}},
        Row{"ListExtended",
            R"(* LIST () "/" "Foo" ("CHILDINFO" ("SUBSCRIBED" "SPECIAL-USE")))",
            {R"(list "Foo" separator="/" children=("SUBSCRIBED" "SPECIAL-USE"))"}},
        Row{"ListOldName",
            R"(* LIST (\HasNoChildren) "/" "Archive" (OLDNAME ("Old Archive")))",
            {R"(list "Archive" separator="/" attributes=("\\HasNoChildren") old="Old Archive")"}},
        Row{"ListSpecialUse",
            R"(* LIST (\HasNoChildren \Sent \Subscribed) "/" Sent)",
            {R"(list "Sent" separator="/" attributes=("\\HasNoChildren" "\\Sent" "\\Subscribed"))"}},
        Row{"ListNamedNil", R"(* LIST () "." NIL)", {R"(list "NIL" separator=".")"}},
        Row{"Lsub", R"(* LSUB () "." #news.comp.mail.misc)", {R"(lsub "#news.comp.mail.misc" separator=".")"}},
        Row{"Xlist", R"(* XLIST (\Inbox) "." "INBOX")", {R"(list "INBOX" separator="." attributes=("\\Inbox"))"}},
        Row{"Status",
            "* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
            {R"(status-of "blurdybloop" messages=231 uidnext=44292)"}},
        Row{"StatusOfEverything",
            R"(* STATUS "INBOX" (MESSAGES 3 RECENT 1 UNSEEN 2 DELETED 4 UIDNEXT 10 UIDVALIDITY 12345 HIGHESTMODSEQ 7011231777 SIZE 99999999999 APPENDLIMIT 35651584 DELETED-STORAGE 8 MAILBOXID (F2212ea87)))",
            {R"(status-of "INBOX" messages=3 recent=1 unseen=2 deleted=4 uidnext=10 uidvalidity=12345 modseq=7011231777 size=99999999999 limit=35651584 deleted-storage=8 id="F2212ea87")"}},
        Row{"StatusLiteral", "* STATUS {3}\r\na b (MESSAGES 60)", {R"(status-of "a b" messages=60)"}},
        Row{"StatusNilLimit", "* STATUS INBOX (APPENDLIMIT NIL)", {R"(status-of "INBOX")"}},
        Row{"StatusUnknownItems",
            R"(* STATUS mbox (num 1 seq 1234:5,*:789654 list (1 "str" (2)) MESSAGES 7))",
            {R"(status-of "mbox" messages=7)"}},
        Row{"Namespace",
            R"(* NAMESPACE (("" "/")) NIL (("Public Folders/" "/")))",
            {R"(namespace ("""/") () ("Public Folders/""/"))"}},
        Row{"NamespaceMany",
            R"(* NAMESPACE (("" "/")) (("~" "/")) (("#shared/" "/")("#public/" "/")("#news." ".")))",
            {R"(namespace ("""/") ("~""/") ("#shared/""/""#public/""/""#news.""."))"}},
        Row{"NamespaceExtension",
            R"(* NAMESPACE (("" "/")("#mh/" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL)",
            {R"(namespace ("""/""#mh/""/") () ())"}},
        Row{"Flags",
            R"(* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded))",
            {R"(flags ("\\Answered" "\\Flagged" "\\Deleted" "\\Seen" "\\Draft" "$Forwarded"))"}},
        Row{"NoFlags", "* FLAGS ()", {"flags ()"}}, Row{"Exists", "* 23 EXISTS", {"exists 23"}},
        Row{"Recent", "* 5 RECENT", {"recent 5"}}, Row{"Expunge", "* 44 EXPUNGE", {"expunge 44"}},
        Row{"Vanished", "* VANISHED 405,407,410,425", {"vanished uids=405,407,410,425"}},
        Row{"VanishedEarlier",
            "* VANISHED (EARLIER) 41,43:116,118,120:211,214:540",
            {"vanished earlier uids=41,43:116,118,120:211,214:540"}},
        Row{"Capability",
            "* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI XPIG-LATIN",
            {R"(capability ("IMAP4rev1" "STARTTLS" "AUTH=GSSAPI" "XPIG-LATIN"))"}},
        Row{"Enabled", "* ENABLED CONDSTORE QRESYNC", {R"(enabled ("CONDSTORE" "QRESYNC"))"}},
        Row{"EnabledNothing", "* ENABLED", {"enabled ()"}}),
    row_name);

}  // namespace
}  // namespace mailferry::imap
