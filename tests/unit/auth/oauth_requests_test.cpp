// What is told to providers of OAuth2, what they answer, and when tokens are due.
#include "auth/oauth/flow_code.hpp"
#include "auth/oauth/flow_device.hpp"
#include "auth/oauth/form_text.hpp"
#include "auth/oauth/oauth_provider.hpp"
#include "auth/oauth/pkce.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "net/http_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::auth {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using testing::Not;

constexpr sys_seconds kNow{seconds(1'777'636'800)};

TEST(Pkce, ChallengeOfTheExampleOfTheRfc) {  // RFC 7636 appendix B
  const Secret verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(challenge_of(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Pkce, VerifiersAreLongEnoughAndNeverTheSame) {
  const auto one = make_random_text();
  EXPECT_EQ(one.reveal().size(), 43U);
  EXPECT_EQ(one.reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string_view::npos);
  EXPECT_NE(one.reveal(), make_random_text().reveal());
}

TEST(FormText, EncodesAllButTheUnreserved) {
  FormText form;
  form.add("a b", "x&y=z/+%").add("empty", "").add("c", "-._~").add_encoded("d=1&e=2");
  EXPECT_EQ(form.text(), "a%20b=x%26y%3Dz%2F%2B%25&c=-._~&d=1&e=2");
}

TEST(FormText, IsReadBack) {
  EXPECT_EQ(find_in_form("code=4%2F0A+b&state=s", "code"), "4/0A b");
  EXPECT_EQ(find_in_form("code=1&state=s", "state"), "s");
  EXPECT_EQ(find_in_form("xcode=1", "code"), std::nullopt);
  EXPECT_EQ(find_in_form("code", "code"), std::nullopt);
  EXPECT_EQ(find_in_form("", "code"), std::nullopt);
  for (const auto* wrong : {"%", "%4", "%zz", "a%4"})
    EXPECT_EQ(decode_form(wrong), std::nullopt) << wrong;
}

TEST(FormText, AnyTextSurvivesBothWays) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet)
    all += static_cast<char>(octet);
  EXPECT_EQ(decode_form(encode_form(all)), all);
}

OAuthSetup setup_for(OAuthProvider provider) {
  OAuthSettings settings;
  settings.provider = provider;
  settings.client_id = "client 1";
  settings.token_file = "/t.json";
  const OAuthAccount account{.name = "work", .user = "ann@example.org", .proxy = {}, .timeouts = {}};
  auto setup = make_oauth_setup(settings, account);
  EXPECT_TRUE(setup);
  return *setup;
}

TEST(AuthorizeUrl, HasAllThatTheRfcsAskFor) {
  auto request = make_code_request("http://127.0.0.1:4711");
  request.state = Secret("the-state");
  request.verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(authorize_url(setup_for(OAuthProvider::google), request),
            "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=client%201"
            "&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711&scope=https%3A%2F%2Fmail.google.com%2F&state=the-state"
            "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
            "&login_hint=ann%40example.org&access_type=offline&prompt=consent");
}

TEST(Presets, HavePrivateAddressesAndADirectoryForMicrosoft) {
  for (const auto& preset : oauth_presets()) {
    for (const auto url : {preset.authorize_url, preset.token_url, preset.device_url}) {
      if (url.empty()) continue;
      const auto parsed = net::parse_http_url(with_tenant(url, ""));
      ASSERT_TRUE(parsed) << url;
      EXPECT_TRUE(parsed->is_https) << url;
    }
  }
  EXPECT_EQ(setup_for(OAuthProvider::microsoft).token_url,
            "https://login.microsoftonline.com/common/oauth2/v2.0/token");
  EXPECT_EQ(with_tenant("https://x/{tenant}/y", "corp"), "https://x/corp/y");
}

TEST(Flow, ThatAProviderHasNotIsRefusedWithAnother) {
  const auto google = check_flow(setup_for(OAuthProvider::google), OAuthFlow::device);
  ASSERT_FALSE(google);
  EXPECT_EQ(google.error().kind, ErrorKind::usage);
  EXPECT_THAT(google.error().remedy, HasSubstr("--paste"));
  EXPECT_TRUE(check_flow(setup_for(OAuthProvider::microsoft), OAuthFlow::device));
  EXPECT_FALSE(check_flow(setup_for(OAuthProvider::custom), OAuthFlow::loopback));
  auto elsewhere = setup_for(OAuthProvider::google);
  elsewhere.redirect_url = "https://app.example.org/back";
  EXPECT_FALSE(check_flow(elsewhere, OAuthFlow::loopback));
  EXPECT_TRUE(check_flow(elsewhere, OAuthFlow::paste));
}

std::string pasted(std::string_view text) {
  const auto code = code_in_pasted(text, Secret("s1"));
  return code ? std::string(code->reveal()) : "error: " + code.error().message;
}

TEST(PastedCode, MayBeBareOrTheWholeAddress) {
  EXPECT_EQ(pasted("4/0Ab-c"), "4/0Ab-c");
  EXPECT_EQ(pasted("  4%2F0Ab-c \r"), "4/0Ab-c");
  EXPECT_EQ(pasted("M.C5+x*"), "M.C5+x*");
  EXPECT_EQ(pasted("http://localhost/?state=s1&code=4%2F0Ab&scope=x"), "4/0Ab");
  EXPECT_EQ(pasted("http://localhost?code=4%2F0Ab&state=s1#"), "4/0Ab");
  EXPECT_EQ(pasted("?code=1&state=s1"), "1");
  EXPECT_EQ(pasted("code=1&state=s1"), "1");
}

TEST(PastedCode, OfAnotherAttemptOrOfNoneIsRefused) {
  for (const auto* text : {"http://localhost/?state=s2&code=1", "http://localhost/?code=1"})
    EXPECT_THAT(pasted(text), HasSubstr("another attempt")) << text;
  EXPECT_THAT(pasted("http://localhost/?state=s1&error=access_denied"), HasSubstr("access_denied"));
  EXPECT_THAT(pasted("http://localhost/?state=s1"), HasSubstr("no code"));
  for (const auto* text : {"", "  ", "http://localhost/", "two words"})
    EXPECT_THAT(pasted(text), HasSubstr("error: ")) << text;
}

TEST(RedirectUrl, LeadsHereOnlyWithoutTlsAndByAddress) {
  for (const auto* url : {"", "http://localhost", "http://localhost:8080/x", "http://127.0.0.1:1/"})
    EXPECT_TRUE(leads_here(url)) << url;
  for (const auto* url : {"https://localhost/", "http://app.example.org/", "urn:ietf:wg:oauth:2.0:oob"})
    EXPECT_FALSE(leads_here(url)) << url;
}

TEST(TokenAnswer, GivesTokensWithTheirEnd) {
  const auto answer = parse_token_answer(
      200, R"({"access_token":"a","token_type":"Bearer","expires_in":3599,"refresh_token":"r"})", kNow);
  ASSERT_TRUE(answer);
  const auto& tokens = std::get<OAuthTokens>(*answer);
  EXPECT_EQ(tokens.access.reveal(), "a");
  EXPECT_EQ(tokens.refresh.reveal(), "r");
  EXPECT_EQ(tokens.expires, kNow + seconds(3599));
  EXPECT_EQ(tokens.lifetime, seconds(3599));
}

TEST(TokenAnswer, MayQuoteItsNumberOrLeaveItOut) {
  const auto quoted = parse_token_answer(200, R"({"access_token":"a","expires_in":"60"})", kNow);
  EXPECT_EQ(std::get<OAuthTokens>(*quoted).expires, kNow + seconds(60));
  const auto none = parse_token_answer(200, R"({"access_token":"a"})", kNow);
  EXPECT_FALSE(std::get<OAuthTokens>(*none).expires);
}

TEST(TokenAnswer, OfARefusalIsSafeToShow) {
  const auto answer =
      parse_token_answer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"a\\u001b[31mb\"}", kNow);
  ASSERT_TRUE(answer);
  const auto& refusal = std::get<OAuthRefusal>(*answer);
  EXPECT_EQ(refusal.code, "invalid_grant");
  EXPECT_THAT(refusal.description, Not(HasSubstr("\x1b")));
}

TEST(TokenAnswer, WithoutTokensIsAnErrorThatRepeatsNothing) {
  struct Row {
    unsigned status;
    std::string_view body;
    ErrorKind kind;
  };
  for (const auto& row :
       {Row{200, "hunter2", ErrorKind::protocol}, Row{200, "{}", ErrorKind::protocol},
        Row{200, R"({"access_token":"hunter2\r\n"})", ErrorKind::protocol},
        Row{302, R"({"access_token":"hunter2"})", ErrorKind::protocol}, Row{503, "hunter2", ErrorKind::throttled},
        Row{429, "{}", ErrorKind::throttled}, Row{400, "[]", ErrorKind::protocol}}) {
    const auto answer = parse_token_answer(row.status, row.body, kNow);
    ASSERT_FALSE(answer) << row.body;
    EXPECT_EQ(answer.error().kind, row.kind) << row.status;
    EXPECT_EQ(answer.error().retry, Retry::later);
    EXPECT_THAT(answer.error().describe(), Not(HasSubstr("hunter2")));
  }
}

TEST(DeviceAnswer, IsReadAlsoWithGooglesOlderName) {
  const auto code = parse_device_answer(
      200, R"({"device_code":"d","user_code":"AB-CD","verification_url":"https://x/","expires_in":1800,"interval":7})");
  ASSERT_TRUE(code);
  EXPECT_EQ(code->device_code.reveal(), "d");
  EXPECT_EQ(code->user_code, "AB-CD");
  EXPECT_EQ(code->url, "https://x/");
  EXPECT_EQ(code->interval, seconds(7));
  const auto plain =
      parse_device_answer(200, R"({"device_code":"d","user_code":"A","verification_uri":"https://x/","interval":0})");
  EXPECT_EQ(plain->interval, seconds(1)) << "never a busy loop";
  EXPECT_FALSE(parse_device_answer(200, R"({"user_code":"A"})"));
  EXPECT_FALSE(parse_device_answer(400, R"({"error":"invalid_scope"})"));
}

TEST(DeviceInterval, GrowsWhenTheProviderAsksForIt) {  // RFC 8628 §3.5
  EXPECT_EQ(next_interval(seconds(5), "authorization_pending"), seconds(5));
  EXPECT_EQ(next_interval(seconds(5), "slow_down"), seconds(10));
  EXPECT_EQ(next_interval(seconds(5), "access_denied"), std::nullopt);
}

TEST(Due, FiveMinutesBeforeTheEndOrAQuarterOfAShortLife) {
  EXPECT_EQ(refresh_lead(seconds(3600), 0), seconds(300));
  EXPECT_EQ(refresh_lead(seconds(0), 0), seconds(300));
  EXPECT_EQ(refresh_lead(seconds(400), 0), seconds(100));
  EXPECT_EQ(refresh_lead(seconds(3600), 0.999), seconds(359));
}

TEST(Due, AtTheLeadAndNotBefore) {
  OAuthTokens tokens{.access = Secret("a"), .refresh = {}, .expires = kNow + seconds(301)};
  EXPECT_FALSE(is_due(tokens, kNow, seconds(300)));
  tokens.expires = kNow + seconds(300);
  EXPECT_TRUE(is_due(tokens, kNow, seconds(300)));
  tokens.expires.reset();
  EXPECT_FALSE(is_due(tokens, kNow, seconds(300))) << "nobody knows: until it is refused";
  tokens.access = Secret();
  EXPECT_TRUE(is_due(tokens, kNow, seconds(0)));
}

}  // namespace
}  // namespace mailferry::auth
