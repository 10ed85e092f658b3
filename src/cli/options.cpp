#include "cli/options.hpp"

#include "cli/exit_codes.hpp"
#include "cli/option_table.hpp"
#include "cli/resolve.hpp"
#include "cli/version.hpp"
#include "config/nearest.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>

namespace mailferry::cli {
namespace {

constexpr std::size_t kHelpColumn = 36;

constexpr const char* kAccountHelp =
    "imaps://user@host[:port]/, imap://user@host[:port]/ (STARTTLS), or the name of an account in mailferry.toml";

template <class Owner>
void add_option(CLI::App& app, Owner& owner, const std::string& name, std::string_view operand,
                std::string_view meaning, const Target<Owner>& target, const std::string& group) {
  const std::string help(meaning);
  CLI::Option* option = nullptr;
  if (const auto* flag = std::get_if<bool Owner::*>(&target)) {
    option = app.add_flag(name, owner.**flag, help);
  } else if (const auto* text = std::get_if<std::string Owner::*>(&target)) {
    option = app.add_option(name, owner.**text, help)->type_name(std::string(operand));
  } else {
    // Without extra arguments: "--mailbox A FROM" must not take FROM, and "[Gmail]" is a name and not a list.
    auto& list = owner.*std::get<std::vector<std::string> Owner::*>(target);
    option = app.add_option(name, list, help)->type_name(std::string(operand))->allow_extra_args(false);
  }
  option->group(group);
}

void add_mail_options(CLI::App& app, const CommandRow& command, RawOptions& raw) {
  app.add_option("FROM", raw.from, kAccountHelp)->required()->type_name("");
  if (command.command == Command::explain) {
    app.add_option("MAILBOX", raw.mailbox_name, "as people read it, '/' between levels")->required()->type_name("");
    app.add_option("UID", raw.uid, "of the message on the source")->required()->type_name("");
  }
  const bool needs_destination = command.command == Command::copy || command.command == Command::verify;
  app.add_option("TO", raw.to, "the same for the destination")->required(needs_destination)->type_name("");
  for (const auto& row : side_table()) {
    add_option(app, raw.from_side, fmt::format("--from-{}", row.suffix), row.operand, row.meaning, row.target,
               "Account FROM");
  }
  for (const auto& row : side_table()) {
    add_option(app, raw.to_side, fmt::format("--to-{}", row.suffix), row.operand, row.meaning, row.target,
               "Account TO");
  }
}

std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find(' '));
}

/// The parser with all commands; `apps` tells which is which. Only those that begin with `word` have their options:
/// making all of them takes a fifth of the start.
class Parser {
 public:
  explicit Parser(std::string_view word)
      : app_("Moves mail between IMAP accounts, every message exactly once.", "mailferry") {
    app_.set_version_flag("--version", fmt::format("mailferry {}", kVersion), "Show the version and exit");
    prepare(app_);
    app_.require_subcommand(1);
    auto* config = app_.add_subcommand("config", "The file of accounts and defaults, mailferry.toml");
    prepare(*config);
    config->require_subcommand(1);
    for (const auto& command : command_table()) {
      auto& app = add_command(command, *config);
      if (first_word(command.name) == word) add_options(command, app);
    }
  }

  Result<CommandLine> parse(int argc, const char* const* argv) {
    if (auto known = check_command_name(argc, argv); !known) return std::unexpected(known.error());
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      std::ostringstream text;
      app_.exit(asked, text, text);
      return CommandLine{.invocation = std::nullopt, .text = text.str()};
    } catch (const CLI::ParseError& error) {
      return refuse(error);
    }
    const auto& command = chosen();
    CHECK_OK(check_empty(command));
    TRY(auto invocation, resolve(command, raw_));
    return CommandLine{.invocation = std::move(invocation), .text = {}};
  }

 private:
  static void prepare(CLI::App& app) {
    app.get_formatter()->column_width(kHelpColumn);
    app.set_help_flag("--help", "Show this help and exit");
    app.footer("\n" + exit_codes_help());
  }

  CLI::App& add_command(const CommandRow& command, CLI::App& config) {
    const auto blank = command.name.find(' ');
    auto& parent = blank == std::string_view::npos ? app_ : config;
    const auto name = blank == std::string_view::npos ? command.name : command.name.substr(blank + 1);
    auto* app = parent.add_subcommand(std::string(name), std::string(command.meaning));
    prepare(*app);
    apps_[&command] = app;
    return *app;
  }

  void add_options(const CommandRow& command, CLI::App& app) {
    if ((command.set & kMailCommands) != 0) add_mail_options(app, command, raw_);
    if (command.command == Command::auth)
      app.add_option("ACCOUNT", raw_.account, "its name in mailferry.toml")->required()->type_name("");
    if (command.command == Command::config_docs) app.add_option("PAGE", raw_.docs_page, "The page")->type_name("");
    if (command.command == Command::config_import)
      app.add_option("FILE", raw_.import_file, "Configuration of imap-bridge or imap-to-gmail-sync")
          ->required()
          ->type_name("");
    for (const auto& row : option_table()) {
      if ((row.commands & command.set) == 0) continue;
      add_option(app, raw_, std::string(row.name), row.operand, row.meaning, row.target, "Options");
    }
  }

  // CLI11 would only say that an argument was not expected.
  static Result<> check_command_name(int argc, const char* const* argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    std::vector<std::string_view> first, whole;
    for (const auto& command : command_table()) {
      first.push_back(first_word(command.name));
      whole.push_back(command.name);
    }
    const std::string name = argv[1];
    CHECK_OK(check_command_name(name, first, "see mailferry --help"));
    if (std::find(whole.begin(), whole.end(), name) != whole.end()) return {};
    const std::string remedy = fmt::format("see mailferry {} --help", name);
    if (argc < 3) return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is not a whole command", name), remedy);
    if (argv[2][0] == '-') return {};
    return check_command_name(fmt::format("{} {}", name, argv[2]), whole, remedy);
  }

  static Result<> check_command_name(const std::string& name, const std::vector<std::string_view>& names,
                                     const std::string& remedy) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("there is no command '{}'{}", name, config::did_you_mean(name, names)), remedy);
  }

  [[nodiscard]] const CommandRow& chosen() const {
    for (const auto& [command, app] : apps_) {
      if (app->parsed()) return *command;
    }
    return command_table().front();
  }

  /// "mailferry copy", for the remedy.
  [[nodiscard]] std::string name_of_chosen() const {
    for (const auto& [command, app] : apps_) {
      if (app->parsed()) return fmt::format("mailferry {}", command->name);
    }
    return "mailferry";
  }

  std::unexpected<Error> refuse(const CLI::ParseError& error) const {
    const std::string remedy = fmt::format("see {} --help", name_of_chosen());
    for (const auto& extra : app_.remaining(true)) {
      return fail(ErrorKind::usage, Scope::run,
                  extra.starts_with("-")
                      ? fmt::format("there is no option {}{}", extra.substr(0, extra.find('=')), near_option(extra))
                      : fmt::format("'{}' is one argument too many", extra),
                  remedy);
    }
    return fail(ErrorKind::usage, Scope::run, error.what(), remedy);
  }

  [[nodiscard]] std::string near_option(std::string_view extra) const {
    const auto* app = apps_.at(&chosen());
    std::vector<std::string> names;
    for (const auto* option : app->get_options())
      names.push_back(option->get_name());
    const std::vector<std::string_view> views(names.begin(), names.end());
    return config::did_you_mean(extra.substr(0, extra.find('=')), views);
  }

  // `--state "$UNSET"` would otherwise silently mean the default.
  Result<> check_empty(const CommandRow& command) const {
    for (const auto* option : apps_.at(&command)->get_options()) {
      const auto& results = option->results();
      if (option->get_type_size() == 0 || std::find(results.begin(), results.end(), "") == results.end()) continue;
      return fail(ErrorKind::usage, Scope::run, fmt::format("{} is given without a value", option->get_name()),
                  "leave it out or give a value");
    }
    return {};
  }

  RawOptions raw_;
  CLI::App app_;
  std::map<const CommandRow*, CLI::App*> apps_;
};

}  // namespace

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
  return Parser(argc < 2 ? "" : argv[1]).parse(argc, argv);
}

}  // namespace mailferry::cli
