#include "imap/quirks.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace mailferry::imap {
namespace {

constexpr std::array kQuirks = {
    Quirk{"c1", "Domino", R"(the separator `\` is sent unescaped, as `"\"`)", "reads it as the backslash it is"},
    Quirk{"c7", "Yandex", "a body section that was asked for has no value at all", "reads it as NIL: not there"},
    Quirk{"c9", "QQ", "a set that does not ascend is BAD; a blank stands before the `)` of an answer",
          "sets ascend; the blank is passed over"},
    Quirk{"c10", "NetEase, iCloud",
          "no mailbox opens before ID was sent; a STATUS answer is empty; quoted strings have quotes inside that are "
          "not escaped",
          "sends ID where it is offered; a STATUS without MESSAGES counts as none, not as an empty mailbox; a quote "
          "ends a string only where what follows may follow a string"},
    Quirk{"c15", "Strato", "LIST with RETURN leaves out INBOX", "asks again with a plain LIST, and joins the answers"},
    Quirk{"c17", "Proton Bridge", "LIST with RETURN is BAD, though LIST-EXTENDED is announced",
          "asks again with LIST and LSUB"},
    Quirk{"c18", "Zoho", "MODSEQ and HIGHESTMODSEQ are -1", "the item counts as absent; CONDSTORE is not relied on"},
    Quirk{"c19", "Fastmail and others", "PERMANENTFLAGS holds brackets, lists, and names that are no flags",
          "takes what can be a flag and goes on behind the rest"},
    Quirk{"c20", "CommuniGate", "LOGIN stalls when a character of the password has to be quoted",
          "LOGIN is the last resort, behind each SASL mechanism"},
    Quirk{"c24", "hosts with cPanel", "a few failed sign-ins, and the address is locked out",
          "at most two tries: the strongest mechanism, then the one that needs no verifier; none after a refusal"},
    Quirk{"g2", "Gmail", "too many connections are `NO [ALERT]` with a text, like a wrong password",
          "reads the text: waits and tries again"},
    Quirk{"g3", "Gmail", "OVERQUOTA or a text means the rate, also where nothing is stored",
          "gives up the connection, waits and goes on there; only what stores can be out of room"},
    Quirk{"g7", "Gmail", "`[Gmail]` holds mailboxes but cannot be selected", "asks for no status; lists what is in it"},
    Quirk{"g18", "Gmail", "`OK [HIGHESTMODSEQ 5]` has no text", "the text is empty"},
    Quirk{"i1", "iCloud", "FETCH RFC822 is answered with nothing", "asks for `BODY.PEEK[]`, of which all know"},
    Quirk{"i2", "iCloud", "ENABLE has no untagged answer; HIGHESTMODSEQ comes only if asked for with the mailbox",
          "no ENABLE; `(CONDSTORE)` with each EXAMINE that looks for changes"},
    Quirk{"m1", "Courier and others",
          "INBOX is spelt in another case, or a mailbox is listed twice; `INBOX.INBOX` exists",
          "one mailbox each: INBOX in any case is one, and what lies below it is another"},
    Quirk{"m2", "none yet", "LIST has a mailbox without a name, or with NUL in it",
          "the one is passed over, the other listed without a status; neither ends the run"},
    Quirk{"o3", "Dovecot before 2.3", "too many connections are told by a text alone",
          "reads the text: waits and tries again"},
    Quirk{"o4", "Dovecot", "APPEND with an unknown flag that begins with a backslash is BAD",
          "sends only flags that PERMANENTFLAGS allows"},
    Quirk{"o6", "Courier", "until a mailbox was opened with SELECT, its UIDVALIDITY is the clock",
          "of a destination that no state knows, what SELECT says counts"},
    Quirk{"o7", "Courier", "a command has at most 16,000 tokens", "UID sets are cut into short lines"},
    Quirk{"o30", "Cyrus",
          "SCRAM with PLUS is offered inside TLS 1.3, but only the channel binding of older versions is known",
          "behind its greeting SCRAM without PLUS is used there: a failed sign-in costs a pause"},
    Quirk{"o31", "Dovecot", "mailboxes stand in NOTIFY and in its STATUS answers in UTF-8, not in modified UTF-7",
          "names that are not answered are tried in UTF-8, once a session"},
    Quirk{"o32", "Dovecot",
          "NOTIFY does not tell of messages that another program puts into a Maildir; IDLE does, of the open mailbox",
          "NOTIFY is for more mailboxes than there may be connections; the first one is open; all are looked at each "
          "`poll_interval`"},
    Quirk{"x2", "Exchange Online", "the session ends with BYE when the access token expires, in the middle of anything",
          "connects again; what had not come whole is asked for again"},
    Quirk{"x5", "Exchange", "the sign-in succeeds, and each command is BAD: `User is authenticated but not connected`",
          "gives up the connection, tries a few times with pauses, and says what it may be"},
    Quirk{"x6", "Exchange Online", "`Request is throttled. Suggested Backoff Time: N milliseconds`",
          "gives up the connection and waits N; nothing counts as refused"},
    Quirk{
        "x15", "Exchange and others",
        "names are one mailbox in any case: CREATE Work is refused where work is listed, and SELECT Work opens it",
        "asks whether Work opens before it makes it beside work; if so, names go by how they are listed, and Work and "
        "work of a source become Work and work-2"},
    Quirk{"x18", "Exchange, hMailServer", "RFC822.SIZE is not the size of the message", "what counts is what is sent"},
    Quirk{"x19", "Exchange and others",
          "`n:*` names the last message even when its UID is below n; messages come in any order; a response code "
          "stands alone",
          "what is below n is dropped; messages are known by UID; the code counts as if OK stood before it"},
    Quirk{"x20", "Exchange", "mailbox names with blanks stand unquoted; a STATUS answer ends with a blank",
          "what is not a string is taken up to where the answer goes on"},
    Quirk{"x21", "Exchange", "NAMESPACE is announced and refused", "the separator of LIST has to do"},
    Quirk{"x22", "Exchange and others", "APPEND does not tell the UID, with and without UIDPLUS",
          "the message counts as stored; its UID is found by content when it is needed"},
    Quirk{"x25", "Exchange", "what is offered changes with the sign-in", "asks again, unless the OK tells it"},
    Quirk{"x26", "Exchange", "a command line of some 40,000 UIDs is refused", "UID sets are cut into short lines"},
    Quirk{"x28", "Outlook.com", "a mailbox keeps changing its UIDVALIDITY",
          "nothing is read by UIDs of before; the next run recognises messages by content"},
    Quirk{"x29", "Outlook.com", R"(`[Error="…"]` stands where a response code belongs)",
          "it is read as text, not as a code"},
    Quirk{"y1", "Yahoo", "a command handles MESSAGELIMIT messages, and its answer leaves out the older ones",
          "commands name no more; what a scan left out is asked for until nothing is"},
    Quirk{"y3", "Yahoo, Gmail", "one message cannot be read: the whole UID FETCH ends with NO",
          "what came counts; the others are asked for one by one"},
    Quirk{"y4", "Yahoo", "a command line has at most 1,000 octets", "UID sets are cut into short lines"},
    Quirk{"y5", "Yahoo", "CHANGEDSINCE 0 is refused; the separator in NAMESPACE is NIL",
          "no CHANGEDSINCE where nothing is known; the separator of LIST counts"},
    Quirk{"z1", "several", "UIDNEXT, UIDVALIDITY or UNSEEN is 0, and so are numbers in sets",
          "zero means unknown; zeros in sets are dropped"},
    Quirk{"z2", "several", "a message is shorter or longer than its literal announces",
          "the message does not count as read; the connection is given up, and it is asked for again"},
    Quirk{"z3", "several", "`FETCH 1:*` in an empty mailbox is answered with BAD",
          R"(that answer means "no messages")"},
    Quirk{"z4", "several", "INTERNALDATE is missing or cannot be read",
          "the date counts as absent; the message is copied"},
    Quirk{"z5", "several", "SEARCH finds fewer messages than the mailbox has", "the UIDs are fetched instead"},
    Quirk{"z6", "several", "HEADER.FIELDS is answered with the whole header",
          "fields that were not asked for do not count"},
    Quirk{"z7", "several", "a mailbox counts more messages than it lists",
          "it is listed once more; what is missing then is told, and the run is not complete"},
};

}  // namespace

std::span<const Quirk> quirk_table() noexcept {
  return kQuirks;
}

std::string quirks_markdown() {
  std::string page = "| id | seen at | what happens | what mailferry does |\n|---|---|---|---|\n";
  for (const auto& quirk : kQuirks)
    fmt::format_to(std::back_inserter(page), "| {} | {} | {} | {} |\n", quirk.id, quirk.seen_at, quirk.observed,
                   quirk.done);
  return page;
}

}  // namespace mailferry::imap
