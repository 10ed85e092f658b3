#include "imap/capabilities.hpp"

#include "base/ascii.hpp"
#include "imap/response/words.hpp"

#include <algorithm>
#include <array>

namespace mailferry::imap {
namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(Capability::count_);

struct Row {
  Capability capability;
  std::string_view name;
  std::string_view reference;
  std::string_view use;
  bool in_rev2 = false;  // RFC 9051 appendix E: part of IMAP4rev2
};
constexpr std::array<Row, kCount> kRows = {{
    {Capability::imap4rev1, "IMAP4rev1", "RFC 3501", "the base protocol"},
    {Capability::imap4rev2, "IMAP4rev2", "RFC 9051", "the base protocol with the extensions it includes"},
    {Capability::acl, "ACL", "RFC 4314", "tell what the user may do in a mailbox"},
    {Capability::appendlimit, "APPENDLIMIT", "RFC 7889", "leave out messages too large for the destination"},
    {Capability::binary, "BINARY", "RFC 3516", "append messages with NUL octets"},
    {Capability::children, "CHILDREN", "RFC 3348", "list mailboxes level by level", true},
    {Capability::compress_deflate, "COMPRESS=DEFLATE", "RFC 4978", "fewer octets on slow lines"},
    {Capability::condstore, "CONDSTORE", "RFC 7162", "ask only for flags that changed"},
    {Capability::create_special_use, "CREATE-SPECIAL-USE", "RFC 6154", "create Sent, Trash and others with their use"},
    {Capability::enable, "ENABLE", "RFC 5161", "switch extensions on", true},
    {Capability::esearch, "ESEARCH", "RFC 4731", "short answers to searches", true},
    {Capability::id, "ID", "RFC 2971", "name ourselves; learn which server it is"},
    {Capability::idle, "IDLE", "RFC 2177", "be told of new mail at once", true},
    {Capability::list_extended, "LIST-EXTENDED", "RFC 5258", "subscriptions and children in one LIST", true},
    {Capability::list_myrights, "LIST-MYRIGHTS", "RFC 8440", "rights of all mailboxes in one LIST"},
    {Capability::list_status, "LIST-STATUS", "RFC 5819", "the state of all mailboxes in one turn", true},
    {Capability::literal_minus, "LITERAL-", "RFC 7888", "small literals without waiting", true},
    {Capability::literal_plus, "LITERAL+", "RFC 7888", "messages sent without waiting"},
    {Capability::logindisabled, "LOGINDISABLED", "RFC 9051", "do not send a password here"},
    {Capability::message_limit, "MESSAGELIMIT", "RFC 9738", "keep sets below the server's limit"},
    {Capability::metadata, "METADATA", "RFC 5464", "carry annotations of mailboxes"},
    {Capability::metadata_server, "METADATA-SERVER", "RFC 5464", "annotations of the server"},
    {Capability::move, "MOVE", "RFC 6851", "move instead of copy and expunge", true},
    {Capability::multiappend, "MULTIAPPEND", "RFC 3502", "many messages in one command"},
    {Capability::namespace_, "NAMESPACE", "RFC 2342", "prefix and separator of mailbox names", true},
    {Capability::notify, "NOTIFY", "RFC 5465", "be told of changes in all mailboxes"},
    {Capability::objectid, "OBJECTID", "RFC 8474", "identity of mailboxes and messages that survives renames"},
    {Capability::partial, "PARTIAL", "RFC 9394", "search results in pages"},
    {Capability::preview, "PREVIEW", "RFC 8970", "first words of a message"},
    {Capability::qresync, "QRESYNC", "RFC 7162", "learn what vanished since the last run"},
    {Capability::quota, "QUOTA", "RFC 9208", "see whether the destination has room"},
    {Capability::sasl_ir, "SASL-IR", "RFC 4959", "one round trip less at sign-in", true},
    {Capability::savedate, "SAVEDATE", "RFC 8514", "when a message came into its mailbox"},
    {Capability::searchres, "SEARCHRES", "RFC 5182", "refer to the last search", true},
    {Capability::sort, "SORT", "RFC 5256", "sorting by the server"},
    {Capability::special_use, "SPECIAL-USE", "RFC 6154", "which mailbox is Sent, Trash and so on"},
    {Capability::starttls, "STARTTLS", "RFC 9051", "switch to TLS"},
    {Capability::status_size, "STATUS=SIZE", "RFC 8438", "octets in a mailbox, for the plan", true},
    {Capability::thread_references, "THREAD=REFERENCES", "RFC 5256", "threading by the server"},
    {Capability::uidonly, "UIDONLY", "RFC 9586", "mailboxes without sequence numbers"},
    {Capability::uidplus, "UIDPLUS", "RFC 4315", "UIDs of appended messages; expunge only what we mean", true},
    {Capability::unselect, "UNSELECT", "RFC 3691", "leave a mailbox without expunging", true},
    {Capability::utf8_accept, "UTF8=ACCEPT", "RFC 6855", "mailbox names and headers in UTF-8"},
    {Capability::within, "WITHIN", "RFC 5032", "search by age"},
    {Capability::x_gm_ext_1, "X-GM-EXT-1", "Gmail IMAP extensions", "labels and message ids of Gmail"},
    {Capability::xlist, "XLIST", "Gmail, before RFC 6154", "special uses of mailboxes"},
}};

constexpr bool rows_are_in_order() {
  for (std::size_t row = 0; row < kRows.size(); ++row) {
    if (static_cast<std::size_t>(kRows[row].capability) != row || kRows[row].name.empty()) return false;
  }
  return true;
}
static_assert(rows_are_in_order(), "kRows is indexed by Capability");

constexpr std::string_view kMechanismPrefix = "AUTH=";
struct Implication {
  std::string_view announced;
  Capability implied;
};
constexpr Implication kImplications[] = {
    {"QRESYNC", Capability::condstore},      // RFC 7162 §3.2.3
    {"UTF8=ONLY", Capability::utf8_accept},  // RFC 6855 §6
};

std::string_view after_prefix(std::string_view name, std::string_view prefix) {
  if (name.size() <= prefix.size() || !equal_ascii_nocase(name.substr(0, prefix.size()), prefix)) return {};
  return name.substr(prefix.size());
}

bool names_row(const Row& row, std::string_view name) {
  if (equal_ascii_nocase(row.name, name)) return true;
  // "APPENDLIMIT=35651584" and "APPENDLIMIT"; "MESSAGELIMIT=1000".
  const bool takes_number = row.capability == Capability::appendlimit || row.capability == Capability::message_limit;
  return takes_number && name.size() > row.name.size() && name[row.name.size()] == '=' &&
         equal_ascii_nocase(name.substr(0, row.name.size()), row.name);
}

std::vector<CapabilityInfo> make_table() {
  std::vector<CapabilityInfo> table;
  table.reserve(kRows.size());
  for (const auto& row : kRows)
    table.push_back({row.capability, row.name, row.reference, row.use});
  return table;
}

}  // namespace

void Capabilities::add(std::string_view name) {
  if (name.empty()) return;
  names_.emplace_back(name);
  if (const auto mechanism = after_prefix(name, kMechanismPrefix); !mechanism.empty()) {
    auto upper = to_upper(mechanism);
    if (std::ranges::find(mechanisms_, upper) == mechanisms_.end()) mechanisms_.push_back(std::move(upper));
    return;
  }
  set_known(name);
  if (const auto number = to_number(after_prefix(name, "APPENDLIMIT="))) append_limit_ = number;
  if (const auto number = to_number(after_prefix(name, "MESSAGELIMIT="))) message_limit_ = number;
}

void Capabilities::set_known(std::string_view name) {
  for (const auto& row : kRows) {
    if (names_row(row, name)) known_.set(static_cast<std::size_t>(row.capability));
  }
  for (const auto& implication : kImplications) {
    if (equal_ascii_nocase(implication.announced, name)) known_.set(static_cast<std::size_t>(implication.implied));
  }
  if (!equal_ascii_nocase(name, "IMAP4rev2")) return;
  for (const auto& row : kRows) {
    if (row.in_rev2) known_.set(static_cast<std::size_t>(row.capability));
  }
}

void Capabilities::clear() {
  *this = Capabilities();
}

bool Capabilities::has(Capability capability) const noexcept {
  const auto index = static_cast<std::size_t>(capability);
  return index < kCount && known_[index];
}

const std::vector<CapabilityInfo>& capability_table() {
  static const auto table = make_table();
  return table;
}

}  // namespace mailferry::imap
