#include "web/status_service.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "report/status_json.hpp"
#include "support/run_task.hpp"
#include "unit/web/made_up_bridge.hpp"
#include "web/status_page.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::web {
namespace {

using net::HttpOrigin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class StatusServiceTest : public ::testing::Test {
 protected:
  net::HttpReply ask(std::string method, std::string target, HttpOrigin origin = HttpOrigin::network,
                     std::string body = {}, std::string host = "127.0.0.1:8080") {
    asio::io_context context;
    const net::HttpRequest request{.method = std::move(method),
                                   .target = std::move(target),
                                   .host = std::move(host),
                                   .origin = origin,
                                   .body = std::move(body)};
    return test::run_task(context, service_.answer(request)).value();
  }
  static std::string header(const net::HttpReply& answer, std::string_view name) {
    for (const auto& [known, value] : answer.headers) {
      if (known == name) return value;
    }
    return {};
  }

  MadeUpBridge bridge_;
  StatusService service_{bridge_};
};

TEST_F(StatusServiceTest, StatusIsJsonThatCanBeReadBack) {
  const auto answer = ask("GET", "/status.json");

  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(report::parse_status(answer.body)->accounts.size(), 3U);
}

TEST_F(StatusServiceTest, MetricsHaveTheirContentType) {
  const auto answer = ask("GET", "/metrics?x=y");

  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("mailferry_queued_messages{account=\"alice@mail.example.org:993\""));
}

TEST_F(StatusServiceTest, IsAliveAsLongAsItAnswersAndReadyWhenMailCanBeCarried) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200U);
  EXPECT_EQ(ask("GET", "/readyz").status, 200U);  // one source fails, the other is carried

  bridge_.said.accounts[0].health = report::Health::failing;
  bridge_.said.accounts[0].last_error = "the account is full";
  EXPECT_EQ(ask("GET", "/healthz").status, 200U);
  const auto answer = ask("GET", "/readyz");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(answer.body, HasSubstr("the account is full"));

  bridge_.said.accounts.clear();
  EXPECT_EQ(ask("GET", "/readyz").status, 503U);
}

TEST_F(StatusServiceTest, ThePageAllowsItsOwnScriptAndStyleAndNothingElse) {
  const auto answer = ask("GET", "/");

  EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
  const auto policy = header(answer, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  const auto& html = answer.body;
  for (const auto& [open, close, rule] :
       {std::tuple{"<script>", "</script>", "script-src"}, std::tuple{"<style>", "</style>", "style-src"}}) {
    const auto begin = html.find(open) + std::string_view(open).size();
    Sha256 sha;
    sha.update(std::string_view(html).substr(begin, html.find(close) - begin));
    const auto sum = sha.finish();
    const auto digest = to_base64(std::string(sum.begin(), sum.end()));
    EXPECT_THAT(policy, HasSubstr(fmt::format("{} 'sha256-{}'", rule, digest)));
  }
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
  EXPECT_EQ(html.find(" style="), std::string::npos);
  EXPECT_EQ(html.find("innerHTML"), std::string::npos);
}

TEST_F(StatusServiceTest, EveryAnswerIsOfThisMoment) {
  for (const auto* target : {"/", "/status.json", "/nowhere"}) {
    const auto answer = ask("GET", target);
    EXPECT_EQ(header(answer, "Cache-Control"), "no-store") << target;
    EXPECT_EQ(header(answer, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(header(answer, "Cross-Origin-Resource-Policy"), "same-origin") << target;
  }
}

TEST_F(StatusServiceTest, ChangesArePossibleOnlyThroughTheSocketFile) {
  EXPECT_EQ(ask("POST", "/retry").status, 403U);
  EXPECT_EQ(ask("POST", "/failures/clear", HttpOrigin::network, R"({"all":true})").status, 403U);
  EXPECT_EQ(bridge_.retries, 0);
  EXPECT_TRUE(bridge_.cleared.empty());

  EXPECT_EQ(ask("POST", "/retry", HttpOrigin::local_socket).body, "{\"messages\":1}\n");
  EXPECT_EQ(bridge_.retries, 1);
}

TEST_F(StatusServiceTest, ClearsWhatIsNamed) {
  auto other = bridge_.said.parked.front();
  other.mailbox = "Work";
  bridge_.said.parked.push_back(other);
  const auto clear = [&](std::string body) {
    return ask("POST", "/failures/clear", HttpOrigin::local_socket, std::move(body));
  };

  EXPECT_EQ(clear("").status, 400U);
  EXPECT_EQ(clear("[]").status, 400U);
  EXPECT_EQ(clear(R"({"uid":-1})").status, 400U);
  EXPECT_EQ(clear(R"({"all":true,"uid":42})").status, 400U);
  EXPECT_EQ(clear(R"({"uid":43})").status, 404U);
  EXPECT_EQ(clear(R"({"uid":42})").status, 400U);  // in two mailboxes
  EXPECT_TRUE(bridge_.cleared.empty());
  EXPECT_EQ(clear(R"({"uid":42,"mailbox":"Work"})").status, 200U);
  EXPECT_THAT(bridge_.cleared, ElementsAre("Work:42"));
  EXPECT_EQ(clear(R"({"all":true})").status, 200U);
  EXPECT_THAT(bridge_.cleared, ElementsAre("Work:42", "INBOX:42", "Work:42"));
}

TEST_F(StatusServiceTest, OtherMethodsAndPathsAreRefused) {
  EXPECT_EQ(ask("POST", "/status.json").status, 405U);
  EXPECT_EQ(header(ask("DELETE", "/"), "Allow"), "GET, HEAD");
  EXPECT_EQ(ask("GET", "/retry", HttpOrigin::local_socket).status, 405U);
  for (const auto* target : {"/nowhere", "", "*", "/status.json/", "//", "/../status.json"})
    EXPECT_EQ(ask("GET", target).status, 404U) << target;
  EXPECT_EQ(ask("HEAD", "/status.json").status, 200U);
}

TEST_F(StatusServiceTest, ANameThatWasMadeToLeadHereGetsNothing) {
  for (const auto* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "mailferry", "", "[::1"})
    EXPECT_EQ(ask("GET", "/status.json", HttpOrigin::network, "", host).status, 421U) << host;
  for (const auto* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "a.localhost"})
    EXPECT_EQ(ask("GET", "/status.json", HttpOrigin::network, "", host).status, 200U) << host;
  EXPECT_EQ(ask("GET", "/status.json", HttpOrigin::local_socket, "", "evil.example").status, 200U);
}

}  // namespace
}  // namespace mailferry::web
