#include "web/status_client.hpp"

#include "net/local_http.hpp"
#include "report/status_json.hpp"

#include <fmt/format.h>

#include <charconv>

namespace mailferry::web {
namespace {

/// A bridge answers at once, or when its state is written.
constexpr std::chrono::seconds kPatience{20};

Error not_running(const std::filesystem::path& state_file) {
  return Error{.kind = ErrorKind::network,
               .scope = Scope::run,
               .retry = Retry::later,
               .retry_after = {},
               .message = fmt::format("no bridge runs with the state file {}", state_file.string()),
               .remedy = "start it with mailferry bridge, or name its state file with --state",
               .trail = {}};
}

/// The answer's sentence as an error: kinds that the bridge told by its status.
Error to_error(const net::HttpReply& answer) {
  // Of what was asked about there is nothing (404), or it was asked in a way that means nothing (400).
  const bool is_question = answer.status == 404 || answer.status == 400;
  const auto kind = is_question ? ErrorKind::usage : ErrorKind::protocol;
  auto sentence = answer.body.substr(0, answer.body.find('\n'));
  if (sentence.empty()) sentence = fmt::format("the bridge answered with {}", answer.status);
  return Error{.kind = kind,
               .scope = Scope::run,
               .retry = Retry::never,
               .retry_after = {},
               .message = std::move(sentence),
               .remedy = {},
               .trail = {}};
}

Result<std::string> ask(const std::filesystem::path& state_file, std::string method, std::string target,
                        std::string body = {}) {
  const net::HttpRequest request{
      .method = std::move(method), .target = std::move(target), .host = "localhost", .body = std::move(body)};
  auto answer = net::ask_local(status_socket(state_file), request, kPatience);
  if (!answer && answer.error().kind == ErrorKind::network && answer.error().retry == Retry::never)
    return std::unexpected(not_running(state_file));
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->status != 200) return std::unexpected(to_error(*answer));
  return std::move(answer->body);
}

/// {"messages":3}
Result<std::size_t> to_count(const std::string& json) {
  constexpr std::string_view kName = "{\"messages\":";
  std::size_t count = 0;
  const auto* begin = json.data() + std::min(json.size(), kName.size());
  if (json.starts_with(kName) && std::from_chars(begin, json.data() + json.size(), count).ec == std::errc{})
    return count;
  return fail(ErrorKind::protocol, Scope::run, "the answer of the bridge cannot be read",
              "do the bridge and this program have the same version?");
}

}  // namespace

std::filesystem::path status_socket(const std::filesystem::path& state_file) {
  auto path = state_file;
  path += ".socket";
  return path;
}

Result<std::string> ask_status_json(const std::filesystem::path& state_file) {
  return ask(state_file, "GET", "/status.json");
}

Result<report::BridgeStatus> ask_status(const std::filesystem::path& state_file) {
  TRY(const auto json, ask_status_json(state_file));
  return report::parse_status(json);
}

Result<std::size_t> ask_retry(const std::filesystem::path& state_file) {
  TRY(const auto json, ask(state_file, "POST", "/retry"));
  return to_count(json);
}

Result<std::size_t> ask_clear(const std::filesystem::path& state_file, const report::FailureSelection& selection) {
  TRY(const auto json, ask(state_file, "POST", "/failures/clear", report::to_json(selection)));
  return to_count(json);
}

bool is_not_running(const Error& error) noexcept {
  return error.kind == ErrorKind::network && error.retry == Retry::later;
}

}  // namespace mailferry::web
