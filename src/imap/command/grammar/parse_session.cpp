// LOGIN, AUTHENTICATE, ID, ENABLE, COMPRESS.
#include "imap/command/grammar/grammar.hpp"

namespace mailferry::imap::grammar {
namespace {

/// RFC 2971 §3.3.
constexpr std::size_t kMostIdFields = 30;

}  // namespace

Result<CommandData> login(Cursor& in) {
  CHECK_OK(in.space());
  TRY(auto user, in.astring());
  CHECK_OK(in.space());
  TRY(auto password, in.astring());
  return LoginCommand{.user = std::move(user), .password = Secret(std::move(password))};
}

Result<CommandData> authenticate(Cursor& in) {
  AuthenticateCommand command;
  CHECK_OK(in.space());
  TRY(command.mechanism, in.word());
  if (in.accept(' ')) {
    TRY(auto response, in.atom());
    command.initial_response = Secret(std::move(response));
  }
  return command;
}

Result<CommandData> id(Cursor& in) {
  IdCommand command;
  CHECK_OK(in.space());
  if (in.accept_word("NIL")) return command;
  CHECK_OK(in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    TRY(auto name, in.string());
    CHECK_OK(in.space());
    TRY(auto value, in.nstring());
    if (command.fields.size() == kMostIdFields) return syntax_error("too many fields");
    command.fields.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  return command;
}

Result<CommandData> enable(Cursor& in) {
  EnableCommand command;
  CHECK_OK(in.space());
  do {
    TRY(auto name, in.word());
    command.names.push_back(std::move(name));
  } while (in.accept(' '));
  return command;
}

Result<CommandData> compress(Cursor& in) {
  CHECK_OK(in.space());
  TRY(auto mechanism, in.word());
  return CompressCommand{.mechanism = std::move(mechanism)};
}

}  // namespace mailferry::imap::grammar
