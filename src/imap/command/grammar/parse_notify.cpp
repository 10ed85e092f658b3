// NOTIFY (RFC 5465).
#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"

namespace mailferry::imap::grammar {
namespace {

using Filter = NotifyCommand::Filter;
using EventKind = NotifyCommand::EventKind;

struct FilterRow {
  std::string_view name;
  Filter filter;
  bool names_mailboxes;
};
constexpr FilterRow kFilters[] = {
    {"SELECTED", Filter::selected, false},     {"SELECTED-DELAYED", Filter::selected_delayed, false},
    {"INBOXES", Filter::inboxes, false},       {"PERSONAL", Filter::personal, false},
    {"SUBSCRIBED", Filter::subscribed, false}, {"SUBTREE", Filter::subtree, true},
    {"MAILBOXES", Filter::mailboxes, true},
};

struct EventRow {
  std::string_view name;
  EventKind kind;
};
constexpr EventRow kEvents[] = {
    {"MESSAGENEW", EventKind::message_new},
    {"MESSAGEEXPUNGE", EventKind::message_expunge},
    {"FLAGCHANGE", EventKind::flag_change},
    {"ANNOTATIONCHANGE", EventKind::annotation_change},
    {"MAILBOXNAME", EventKind::mailbox_name},
    {"SUBSCRIPTIONCHANGE", EventKind::subscription_change},
    {"MAILBOXMETADATACHANGE", EventKind::mailbox_metadata_change},
    {"SERVERMETADATACHANGE", EventKind::server_metadata_change},
};

Result<> mailboxes(Cursor& in, NotifyCommand::Group& group) {
  const auto one = [&]() -> Result<> {
    TRY(auto mailbox, in.astring());
    group.mailboxes.push_back(std::move(mailbox));
    return {};
  };
  return in.peek() == '(' ? in.list(Cursor::Empty::refused, one) : one();
}

Result<NotifyCommand::Event> event(Cursor& in) {
  NotifyCommand::Event event;
  TRY(const auto name, in.word());
  const auto* const row = find_row(kEvents, name);
  if (row == nullptr) return syntax_error("unknown event");
  event.kind = row->kind;
  if (event.kind != EventKind::message_new || !in.looking_at(" (")) return event;
  CHECK_OK(in.space());
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(auto item, fetch_item(in));
    event.items.push_back(std::move(item));
    return {};
  }));
  return event;
}

/// "(" filter SP events ")", after the parenthesis.
Result<NotifyCommand::Group> group(Cursor& in) {
  NotifyCommand::Group group;
  TRY(const auto name, in.word());
  const auto* const row = find_row(kFilters, name);
  if (row == nullptr) return syntax_error("unknown filter");
  group.filter = row->filter;
  CHECK_OK(in.space());
  if (row->names_mailboxes) {
    CHECK_OK(mailboxes(in, group));
    CHECK_OK(in.space());
  }
  if (in.accept_word("NONE")) return group;
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(auto next, event(in));
    group.events.push_back(std::move(next));
    return {};
  }));
  return group;
}

}  // namespace

Result<CommandData> notify(Cursor& in) {
  CHECK_OK(in.space());
  if (in.accept_word("NONE")) return SimpleCommand{SimpleCommand::Kind::notify_none};
  if (!in.accept_word("SET")) return syntax_error("NONE or SET is expected");
  CHECK_OK(in.space());
  NotifyCommand command;
  if (in.accept_word("STATUS")) {
    command.status = true;
    CHECK_OK(in.space());
  }
  do {
    CHECK_OK(in.expect('('));
    TRY(auto next, group(in));
    command.groups.push_back(std::move(next));
    CHECK_OK(in.expect(')'));
  } while (in.accept(' '));
  return command;
}

}  // namespace mailferry::imap::grammar
