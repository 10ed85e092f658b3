#include "web/status_service.hpp"

#include "report/failure_selection.hpp"
#include "report/metrics.hpp"
#include "report/status_json.hpp"
#include "report/verdict.hpp"
#include "web/status_page.hpp"

#include <fmt/format.h>

#include <array>

namespace mailferry::web {

using net::HttpOrigin;
using net::HttpReply;
using net::HttpRequest;

struct Endpoint {
  std::string_view method;
  std::string_view path;
  HttpOrigin least;  // local_socket: only who may open the socket file
  Task<HttpReply> (StatusService::*answer)(const HttpRequest&);

  static const std::array<Endpoint, 7> kAll;
};

const std::array<Endpoint, 7> Endpoint::kAll{
    Endpoint{"GET", "/", HttpOrigin::network, &StatusService::page},
    Endpoint{"GET", "/healthz", HttpOrigin::network, &StatusService::health},
    Endpoint{"GET", "/readyz", HttpOrigin::network, &StatusService::readiness},
    Endpoint{"GET", "/metrics", HttpOrigin::network, &StatusService::metrics},
    Endpoint{"GET", "/status.json", HttpOrigin::network, &StatusService::status},
    Endpoint{"POST", "/retry", HttpOrigin::local_socket, &StatusService::retry},
    Endpoint{"POST", "/failures/clear", HttpOrigin::local_socket, &StatusService::clear},
};

namespace {

constexpr const char* kJson = "application/json; charset=utf-8";

HttpReply text(unsigned status, std::string sentence) {
  return HttpReply{.status = status, .body = std::move(sentence) + "\n"};
}

HttpReply count(std::size_t messages) {
  return HttpReply{.content_type = kJson, .body = fmt::format("{{\"messages\":{}}}\n", messages)};
}

HttpReply refused(const Error& error) {
  const unsigned status = error.kind == ErrorKind::message_missing ? 404 : error.kind == ErrorKind::usage ? 400 : 500;
  return text(status, error.remedy.empty() ? error.describe() : error.describe() + "; " + error.remedy);
}

/// What every answer says: it is of this moment, for this place and no other.
void add_common_headers(HttpReply& answer) {
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Cache-Control", "no-store"},
                                                                  {"X-Content-Type-Options", "nosniff"},
                                                                  {"X-Frame-Options", "DENY"},
                                                                  {"Referrer-Policy", "no-referrer"},
                                                                  {"Cross-Origin-Resource-Policy", "same-origin"},
                                                                  {"Cross-Origin-Opener-Policy", "same-origin"}})
    answer.headers.emplace_back(name, value);
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

bool fits(const Endpoint& endpoint, std::string_view method) {
  return method == endpoint.method || (method == "HEAD" && endpoint.method == "GET");
}

/// The endpoint, or why there is none.
std::variant<const Endpoint*, HttpReply> find_endpoint(const HttpRequest& request) {
  for (const auto& endpoint : Endpoint::kAll) {
    if (endpoint.path != path_of(request.target)) continue;
    if (!fits(endpoint, request.method)) {
      auto answer = text(405, fmt::format("{} takes {}", endpoint.path, endpoint.method));
      answer.headers.emplace_back("Allow", endpoint.method == "GET" ? "GET, HEAD" : "POST");
      return answer;
    }
    if (endpoint.least == HttpOrigin::local_socket && request.origin != HttpOrigin::local_socket)
      return text(403, "this is only possible on this machine, with the mailferry command");
    return &endpoint;
  }
  return text(404, "there is nothing here");
}

}  // namespace

Task<HttpReply> StatusService::answer(HttpRequest request) {
  HttpReply answer;
  const auto found = find_endpoint(request);
  if (request.origin == HttpOrigin::network && !net::is_own_host(request.host, reach_)) {
    answer = text(421, "ask by an address of this machine, not by a name that somebody gave it");
  } else if (const auto* endpoint = std::get_if<const Endpoint*>(&found)) {
    CO_TRY(answer, co_await (this->*(*endpoint)->answer)(request));
  } else {
    answer = std::get<HttpReply>(found);
  }
  add_common_headers(answer);
  co_return answer;
}

Task<HttpReply> StatusService::page(const HttpRequest& /*request*/) {
  const auto& page = status_page();
  HttpReply answer{.content_type = "text/html; charset=utf-8", .body = page.html};
  answer.headers.emplace_back("Content-Security-Policy", page.content_security_policy);
  co_return answer;
}

// As long as this is answered, the loop of the bridge turns; what it works on is for /readyz.
Task<HttpReply> StatusService::health(const HttpRequest& /*request*/) {
  co_return text(200, report::to_word(report::judge(source_.status()).verdict));
}

Task<HttpReply> StatusService::readiness(const HttpRequest& /*request*/) {
  const auto judgement = report::judge(source_.status());
  const bool ready = judgement.verdict == report::Verdict::healthy || judgement.verdict == report::Verdict::degraded;
  std::string sentence = report::to_word(judgement.verdict);
  for (const auto& reason : judgement.reasons)
    sentence += "\n" + reason;
  co_return text(ready ? 200 : 503, std::move(sentence));
}

Task<HttpReply> StatusService::metrics(const HttpRequest& /*request*/) {
  co_return HttpReply{.content_type = report::kMetricsContentType, .body = report::to_metrics(source_.status())};
}

Task<HttpReply> StatusService::status(const HttpRequest& /*request*/) {
  co_return HttpReply{.content_type = kJson,
                      .body = report::to_json(source_.status(), std::chrono::system_clock::now()) + "\n"};
}

Task<HttpReply> StatusService::retry(const HttpRequest& /*request*/) {
  const auto messages = co_await source_.retry();
  co_return messages ? count(*messages) : refused(messages.error());
}

Task<HttpReply> StatusService::clear(const HttpRequest& request) {
  const auto selection = report::parse_failure_selection(request.body);
  if (!selection) co_return refused(selection.error());
  auto meant = report::select(source_.status().parked, *selection);
  if (!meant) co_return refused(meant.error());
  auto cleared = source_.clear(std::move(*meant));
  const auto messages = co_await std::move(cleared);
  co_return messages ? count(*messages) : refused(messages.error());
}

}  // namespace mailferry::web
