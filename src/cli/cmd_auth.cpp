// mailferry auth ACCOUNT
#include "auth/line_reader.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "services/authorize.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace mailferry::cli {
namespace {

constexpr std::chrono::minutes kPatience{15};

/// What the user is to do goes to standard output, at once.
class TerminalGuide final : public auth::SignInGuide {
 public:
  explicit TerminalGuide(std::string user) : user_(std::move(user)) {}

  void open_here(const std::string& url, const std::string& listening) override {
    print_out("Open this address in a browser on this machine, and allow the access as {}:\n\n  {}\n\n", user_, url);
    print_out("Waiting at {} for the browser to come back. Ctrl-C gives up.\n", listening);
    std::fflush(stdout);
  }

  void enter_code(const std::string& url, const std::string& code, const std::string& full_url) override {
    print_out("Open this address in any browser:\n\n  {}\n\nand enter this code as {}:\n\n  {}\n\n", url, user_, code);
    if (!full_url.empty()) print_out("Or open this one, which has the code in it:\n\n  {}\n\n", full_url);
    print_out("Waiting until you have done so. Ctrl-C gives up.\n");
    std::fflush(stdout);
  }

  Result<Secret> ask_for_code(const std::string& url) override {
    print_out("Open this address in any browser, and allow the access as {}:\n\n  {}\n\n", user_, url);
    print_out(
        "At the end the browser shows a code, or an error: nobody answers at the address that it ends at.\n"
        "Paste the code, or that whole address, here: ");
    std::fflush(stdout);
    return auth::read_secret_line(STDIN_FILENO, "standard input", kPatience);
  }

 private:
  std::string user_;
};

bool has_display() {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  return (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) && !is_set("SSH_CONNECTION");
}

int report_saved(const services::AuthorizeReport& report, const config::Account& account) {
  print_out("Account '{}' is signed in; the tokens are in {}\n", account.name, account.oauth->token_file);
  if (!report.is_lasting)
    print_err(
        "mailferry: warning: the provider gave no refresh token, so the sign-in ends with the access token; ask for "
        "offline access (oauth_scopes)\n");
  if (!report.error) return to_int(ExitCode::ok);
  return print_error(with_context(*report.error, "the mail server does not take them yet").error(), false);
}

}  // namespace

int cmd_auth(const Invocation& invocation) {
  const services::AuthorizeRequest request{.account = invocation.from,
                                           .flow = invocation.oauth_flow,
                                           .has_display = has_display(),
                                           .port = invocation.oauth_port};
  TerminalGuide guide(invocation.from.user);
  const auto report = services::run_authorize(request, guide);
  if (report.is_saved) return report_saved(report, invocation.from);
  return print_error(*report.error, false);
}

}  // namespace mailferry::cli
