// LIST and LSUB.
#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"

namespace mailferry::imap::grammar {
namespace {

struct Option {
  std::string_view name;
  bool ListCommand::*member;
};
/// RFC 5258 §3.1: an unknown option is answered with BAD.
constexpr Option kSelection[] = {
    {"SUBSCRIBED", &ListCommand::select_subscribed},
    {"REMOTE", &ListCommand::select_remote},
    {"RECURSIVEMATCH", &ListCommand::select_recursive_match},
    {"SPECIAL-USE", &ListCommand::select_special_use},
};
constexpr Option kReturn[] = {
    {"SUBSCRIBED", &ListCommand::return_subscribed},
    {"CHILDREN", &ListCommand::return_children},
    {"SPECIAL-USE", &ListCommand::return_special_use},
    {"MYRIGHTS", &ListCommand::return_my_rights},
};

Result<> selection_options(Cursor& in, ListCommand& command) {
  command.extended = true;
  CHECK_OK(in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    TRY(const auto name, in.word());
    const auto* const option = find_row(kSelection, name);
    if (option == nullptr) return syntax_error("unknown selection option");
    command.*(option->member) = true;
    return {};
  }));
  // RFC 5258 §3.1: RECURSIVEMATCH only together with an option that selects by itself.
  if (command.select_recursive_match && !command.select_subscribed && !command.select_special_use) {
    return syntax_error("RECURSIVEMATCH needs another selection option");
  }
  return {};
}

Result<> return_options(Cursor& in, ListCommand& command) {
  if (!in.accept_word("RETURN")) return syntax_error("RETURN is expected");
  CHECK_OK(in.space());
  command.extended = true;
  return in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    TRY(const auto name, in.word());
    if (name == "STATUS") {
      CHECK_OK(in.space());
      TRY(command.return_status, status_items(in));
      return {};
    }
    const auto* const option = find_row(kReturn, name);
    if (option == nullptr) return syntax_error("unknown return option");
    command.*(option->member) = true;
    return {};
  });
}

Result<> patterns(Cursor& in, ListCommand& command) {
  const auto one = [&]() -> Result<> {
    TRY(auto pattern, in.list_mailbox());
    command.patterns.push_back(std::move(pattern));
    return {};
  };
  if (in.peek() != '(') return one();
  command.extended = true;
  return in.list(Cursor::Empty::refused, one);
}

}  // namespace

Result<CommandData> list(Cursor& in) {
  ListCommand command;
  CHECK_OK(in.space());
  if (in.peek() == '(') {
    CHECK_OK(selection_options(in, command));
    CHECK_OK(in.space());
  }
  TRY(command.reference, in.astring());
  CHECK_OK(in.space());
  CHECK_OK(patterns(in, command));
  if (in.accept(' ')) CHECK_OK(return_options(in, command));
  return command;
}

Result<CommandData> lsub(Cursor& in) {
  ListCommand command;
  command.lsub = true;
  CHECK_OK(in.space());
  TRY(command.reference, in.astring());
  CHECK_OK(in.space());
  TRY(auto pattern, in.list_mailbox());
  command.patterns.push_back(std::move(pattern));
  return command;
}

}  // namespace mailferry::imap::grammar
