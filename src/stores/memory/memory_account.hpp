// The mail of an account in memory: plain values that outlive every session, can be copied and compared.
#pragma once

#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/uid.hpp"
#include "store/store.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::stores::memory {

struct Message {
  Uid uid = 0;
  std::string octets;
  Flags flags;
  InternalDate date;
  ModSeq modseq = 0;
  bool operator==(const Message&) const = default;
};

/// Header and body apart: the header block with its empty line, as far as there is one.
[[nodiscard]] std::string_view header_of(std::string_view message) noexcept;

/// The numbers of IMAP (RFC 9051 §2.3.1, RFC 7162 §3.1) are kept as a server keeps them: UIDs and MODSEQs only grow.
struct Mailbox {
  UidValidity uid_validity = 1;
  Uid uid_next = 1;
  ModSeq highest_modseq = 1;
  bool selectable = true;
  bool subscribed = false;
  SpecialUse use = SpecialUse::none;
  std::vector<Message> messages;  // ascending UIDs

  [[nodiscard]] const Message* find(Uid uid) const noexcept;
  /// The new message's UID.
  Uid append(std::string octets, Flags flags, InternalDate date);
  /// Nothing happens when there is no such message or it has these flags already.
  void change_flags(Uid uid, const Flags& add, const Flags& remove);
  void expunge(Uid uid);
  bool operator==(const Mailbox&) const = default;
};

struct Account {
  std::map<MailboxPath, Mailbox> mailboxes;
  UidValidity next_validity = 1;
  /// Names are one in any case; each is listed as it was made.
  bool caseless = false;

  /// Null: there is none, not even one that cannot be selected.
  [[nodiscard]] Mailbox* look_up(const MailboxPath& path);
  /// Null: there is none that can be selected.
  [[nodiscard]] Mailbox* find(const MailboxPath& path);
  /// Each has a UIDVALIDITY of its own.
  Mailbox& create(const MailboxPath& path, SpecialUse use = SpecialUse::none);
  /// As after a repair of the server: another UIDVALIDITY, and UIDs from 1 on.
  void renumber(const MailboxPath& path);
  bool operator==(const Account&) const = default;
};

/// How the server of an account behaves.
struct Behaviour {
  bool uid_plus = true;
  bool multi_append = true;
  bool change_tokens = true;  // CONDSTORE
  bool tells_octets = true;   // STATUS=SIZE
  bool near_and_encrypted = false;
  std::optional<std::uint64_t> append_limit;
  PermanentFlags permanent_flags = {.flags = Flags::from_string("\\Seen \\Answered \\Flagged \\Deleted \\Draft"),
                                    .new_keywords = true,
                                    .known = true};
  /// Mailboxes with one of these octets in their names are not created.
  std::string forbidden_in_names;
  /// A message that contains this is listed and never sent; empty: all are.
  std::string withheld_text;
  /// The list tells no status of it.
  MailboxPath untold;
  /// An append tells UIDs from 1 on, whatever they are.
  bool tells_wrong_uids = false;
  /// It is listed, but cannot be opened by a reader.
  MailboxPath unreadable;
  /// Nobody may append there; empty: everywhere.
  MailboxPath locked;
  /// An append of a message that contains this is answered with NO; empty: none is.
  std::string refused_text;
  /// So many appends of what contains this are answered with NO [UNAVAILABLE]; empty: none is.
  std::string busy_text;
  unsigned busy_appends = 0;
  /// So many of the messages before it in the same MULTIAPPEND are stored all the same (RFC 3502 forbids it).
  std::size_t stored_before_refusal = 0;
  /// Reading a message that contains this always breaks the connection before its end; empty: none does.
  std::string breaking_text;
  /// An append of what contains this always breaks the connection when all of it has come; empty: none does.
  std::string fatal_text;

  // Small, so that few messages fill more than one.
  std::size_t batch_messages = 3;        // in a MULTIAPPEND
  std::size_t commands_in_flight = 2;    // APPENDs without an answer
  std::size_t chunk_octets = 150;        // pieces in which messages arrive
  std::size_t octets_a_turn = 700;       // that the server sends
  std::size_t octets_on_the_way = 2000;  // sent and not yet taken by the client
};

/// What all sessions of an account share.
struct Server {
  std::string name;  // "alice@old.example"
  Behaviour behaviour{};
  Account account{};

  [[nodiscard]] store::Traits traits() const;
  [[nodiscard]] store::MailboxStatus status(const Mailbox& mailbox) const;
};

}  // namespace mailferry::stores::memory
