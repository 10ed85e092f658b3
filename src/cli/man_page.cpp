#include "cli/man_page.hpp"

#include "cli/exit_codes.hpp"
#include "cli/option_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace mailferry::cli {
namespace {

constexpr std::string_view kHead = R"(.\" Made by: mailferry config docs man
.TH MAILFERRY 1 "" "mailferry" "User commands"
.SH NAME
mailferry \- move mail between mail stores and lose none of it
.SH SYNOPSIS
.B mailferry
.I COMMAND
.RI [ OPTION ...]
.SH DESCRIPTION
.B copy
carries all mail of one account to another, every message once. It may be stopped at any moment and resumes where it was; run
again, it carries only what is new and brings flags up to date. The source is never changed.
.B bridge
does so all day with the new mail of many accounts.
.PP
.I FROM
and
.I TO
are
.BI imaps:// user @ host [: port ]/
(TLS),
.BI imap:// user @ host [: port ]/
(STARTTLS), or the name of an account in
.IR mailferry.toml .
A URL never holds a password.
)";

constexpr std::string_view kTail = R"(.SH FILES
.TP
.I $XDG_CONFIG_HOME/mailferry/mailferry.toml
accounts, defaults of a copy, and the bridge; its keys are listed by
.BR "mailferry config keys" .
.TP
.I $XDG_STATE_HOME/mailferry/
.I state.db
of copies,
.I bridge.db
of a bridge.
.SH SEE ALSO
The manual, with a page for each command:
.IR /usr/share/doc/mailferry/manual .
)";

/// As text of man(7): nothing of it is a request, a dash stays one.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

void add_item(std::string& text, std::string_view name, std::string_view operand, std::string_view meaning) {
  const auto shown = operand.empty() ? "" : fmt::format(" \\fI{}\\fR", escaped(operand));
  fmt::format_to(std::back_inserter(text), ".TP\n\\fB{}\\fR{}\n{}\n", escaped(name), shown, escaped(meaning));
}

std::string commands_with(unsigned set) {
  std::vector<std::string_view> names;
  for (const auto& command : command_table()) {
    if ((command.set & set) != 0) names.push_back(command.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string man_page() {
  std::string text(kHead);
  text += ".SH COMMANDS\n";
  for (const auto& command : command_table())
    add_item(text, command.name, command.operands, command.meaning);
  text += ".SH OPTIONS\nBehind each option stand the commands that have it.\n";
  for (const auto& row : option_table())
    add_item(text, row.name, row.operand, fmt::format("{} ({})", row.meaning, commands_with(row.commands)));
  text += ".SS Of the account FROM\nThe same with \\-\\-to\\- for TO; of commands that sign in by the command line.\n";
  for (const auto& row : side_table())
    add_item(text, fmt::format("--from-{}", row.suffix), row.operand, row.meaning);
  text += ".SH EXIT STATUS\n";
  for (const auto& row : exit_code_table())
    add_item(text, fmt::format("{}", to_int(row.code)), "", row.meaning);
  text += kTail;
  return text;
}

}  // namespace mailferry::cli
