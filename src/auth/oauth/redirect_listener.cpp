#include "auth/oauth/redirect_listener.hpp"

#include "auth/oauth/flow_code.hpp"
#include "auth/oauth/form_text.hpp"

#include <algorithm>
#include <array>

namespace mailferry::auth {
namespace {

constexpr std::chrono::minutes kLongest{15};
constexpr std::chrono::seconds kRequestWithin{30};
constexpr std::size_t kMostVisitors = 32;
constexpr std::size_t kMostRequest = 16 * 1024;

struct Page {
  std::string_view status;
  std::string_view title;
  std::string_view text;
};

constexpr Page kThanks{"200 OK", "Signed in", "mailferry has what it needs. You can close this window."};
constexpr Page kRefused{"200 OK", "Not signed in", "The access was not allowed. mailferry says more in its terminal."};
constexpr Page kForeign{
    "400 Bad Request", "Not this one",
    "This answer belongs to another attempt to sign in. Use the address that mailferry showed last."};
constexpr Page kNothing{"404 Not Found", "Nothing here", "mailferry waits here for somebody who signs in."};

std::string to_text(const Page& page) {
  const auto body = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>mailferry: {0}</title>"
      "<body style=\"font: 1.2em sans-serif; margin: 4em\"><h1>{0}</h1><p>{1}</p></body></html>\n",
      page.title, page.text);
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n"
      "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n{}",
      page.status, body.size(), body);
}

/// "GET /path?query HTTP/1.1" → "/path?query"; empty for anything else.
std::string_view target_of(std::string_view line) {
  constexpr std::string_view kMethod = "GET ";
  if (!line.starts_with(kMethod)) return {};
  line.remove_prefix(kMethod.size());
  const auto end = line.find(' ');
  return end == std::string_view::npos || !line.substr(end + 1).starts_with("HTTP/1.") ? "" : line.substr(0, end);
}

}  // namespace

RedirectListener::RedirectListener(asio::io_context& context, std::unique_ptr<net::LoopbackListener> listener,
                                   std::string path, Secret state)
    : listener_(std::move(listener)),
      path_(std::move(path)),
      state_(std::move(state)),
      ended_(context),
      tasks_(context) {}

Task<Secret> RedirectListener::wait() {
  tasks_.spawn("wait for the browser", run_accepting());
  tasks_.spawn("end the wait for the browser", run_deadline());
  co_await tasks_.join();
  co_return *std::move(outcome_);
}

void RedirectListener::finish(Result<Secret> outcome) {
  if (outcome_) return;
  outcome_ = std::move(outcome);
  listener_->close();
  ended_.notify_all();
}

Task<> RedirectListener::run_deadline() {
  co_await async::sleep_for(kLongest, ended_);
  finish(fail(ErrorKind::timeout, Scope::account,
              fmt::format("no browser came back within {} minutes", kLongest.count()),
              "begin again; where the browser is on another machine, use --device or --paste"));
  co_return Result<>{};
}

Task<> RedirectListener::run_accepting() {
  while (!outcome_) {
    auto accepted = co_await listener_->accept();
    if (!accepted) {
      finish(std::unexpected(std::move(accepted).error()));
      break;
    }
    std::erase_if(visitors_, [](const auto& visitor) { return visitor->is_done; });
    if (visitors_.size() >= kMostVisitors) continue;
    visitors_.push_back(std::make_unique<Visitor>(*std::move(accepted)));
    tasks_.spawn("answer a browser", run_visit(visitors_.back().get()));
  }
  // Connections that a browser opened ahead and never used.
  for (const auto& visitor : visitors_) {
    if (!visitor->has_asked) visitor->transport->close();
  }
  co_return Result<>{};
}

Task<> RedirectListener::run_visit(Visitor* visitor) {
  const auto ignored = co_await answer(*visitor);  // a browser that goes away is none of our errors
  visitor->transport->close();
  visitor->is_done = true;
  co_return Result<>{};
}

Task<> RedirectListener::answer(Visitor& visitor) {
  std::string request;
  std::array<char, 2048> piece{};
  const auto deadline = std::chrono::steady_clock::now() + kRequestWithin;
  while (!request.contains("\r\n\r\n")) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto patience = std::max(left, std::chrono::milliseconds(0));
    CO_TRY(const auto count, co_await visitor.transport->read_some(piece, patience));
    request.append(piece.data(), count);
    if (request.size() > kMostRequest) co_return Result<>{};
  }
  visitor.has_asked = true;
  const auto page = judge(std::string_view(request).substr(0, request.find("\r\n")));
  co_return co_await visitor.transport->write_all(page);
}

std::string RedirectListener::judge(std::string_view line) {
  const auto target = target_of(line);
  const auto question = std::min(target.find('?'), target.size());
  if (target.substr(0, question) != path_ || outcome_) return to_text(kNothing);
  const auto query = target.substr(std::min(question + 1, target.size()));
  if (find_in_form(query, "state") != state_.reveal()) return to_text(kForeign);
  auto code = code_in_query(query, state_);
  const auto& page = code ? kThanks : kRefused;
  finish(std::move(code));
  return to_text(page);
}

}  // namespace mailferry::auth
