#include "auth/sasl.hpp"

#include "scram_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mailferry::auth {
namespace {

using test::ScramServer;

Credentials password_of(std::string user, std::string password) {
  return Credentials{
      .user = std::move(user), .authorization_id = {}, .secret = Secret(std::move(password)), .is_token = false};
}

Credentials token_of(std::string user, std::string token) {
  return Credentials{
      .user = std::move(user), .authorization_id = {}, .secret = Secret(std::move(token)), .is_token = true};
}

std::unique_ptr<SaslClient> client_for(const std::string& mechanism, const Credentials& credentials) {
  auto client = choose_mechanism({mechanism}, credentials, {.encrypted = true});
  EXPECT_TRUE(client) << client.error().describe();
  return client ? std::move(*client) : nullptr;
}

std::string step(SaslClient& client, std::string_view challenge) {
  const auto response = client.step(challenge);
  EXPECT_TRUE(response) << response.error().describe();
  return response.value_or("(error)");
}

// --- the choice ---

struct Choice {
  std::string name;
  std::vector<std::string> offered;
  bool is_token;
  bool encrypted;
  bool allow_plaintext;
  std::string chosen;  // empty: nullptr
};

void PrintTo(const Choice& row, std::ostream* out) {
  *out << row.name;
}

class MechanismChoice : public testing::TestWithParam<Choice> {};

TEST_P(MechanismChoice, IsTheStrongestThatTheChannelAllows) {
  const auto& row = GetParam();
  const auto credentials = row.is_token ? token_of("u", "t") : password_of("u", "p");
  const auto client =
      choose_mechanism(row.offered, credentials, {.encrypted = row.encrypted, .allow_plaintext = row.allow_plaintext});
  ASSERT_TRUE(client) << client.error().describe();
  EXPECT_EQ(*client ? std::string((*client)->mechanism()) : "", row.chosen);
}

const std::vector<std::string> kAll{"LOGIN",         "PLAIN",   "CRAM-MD5",   "SCRAM-SHA-1",
                                    "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"};

INSTANTIATE_TEST_SUITE_P(
    Table, MechanismChoice,
    testing::Values(Choice{"all", kAll, false, true, false, "SCRAM-SHA-256"},
                    Choice{"all in the clear", kAll, false, false, false, "SCRAM-SHA-256"},
                    Choice{"no SHA-256", {"PLAIN", "SCRAM-SHA-1", "CRAM-MD5"}, false, true, false, "SCRAM-SHA-1"},
                    Choice{"CRAM before PLAIN", {"PLAIN", "CRAM-MD5"}, false, true, false, "CRAM-MD5"},
                    Choice{"PLAIN before LOGIN", {"LOGIN", "PLAIN"}, false, true, false, "PLAIN"},
                    Choice{"only LOGIN", {"LOGIN"}, false, true, false, "LOGIN"},
                    Choice{"lower case", {"scram-sha-1"}, false, true, false, "SCRAM-SHA-1"},
                    Choice{"PLAIN in the clear, allowed", {"PLAIN"}, false, false, true, "PLAIN"},
                    Choice{"unknown only", {"GSSAPI", "NTLM"}, false, true, false, ""},
                    Choice{"unknown only, in the clear, allowed", {"GSSAPI"}, false, false, true, ""},
                    Choice{"nothing offered", {}, false, true, false, ""},
                    Choice{"token", kAll, true, true, false, "OAUTHBEARER"},
                    Choice{"token, old server", {"PLAIN", "XOAUTH2"}, true, true, false, "XOAUTH2"}));

TEST(MechanismChoice, ThatWouldRevealThePasswordInTheClearIsAnErrorWithRemedy) {
  for (const auto& offered : {std::vector<std::string>{"PLAIN", "LOGIN"}, std::vector<std::string>{}}) {
    const auto client = choose_mechanism(offered, password_of("u", "p"), {});
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().kind, ErrorKind::auth);
    EXPECT_EQ(client.error().scope, Scope::account);
    EXPECT_NE(client.error().remedy.find("imaps://"), std::string::npos);
  }
}

TEST(MechanismChoice, ForATokenIsNeverAPasswordMechanism) {
  EXPECT_FALSE(choose_mechanism({"PLAIN", "LOGIN", "SCRAM-SHA-256"}, token_of("u", "t"), {.encrypted = true}));
  EXPECT_FALSE(choose_mechanism({"XOAUTH2"}, token_of("u", "t"), {}));
}

TEST(MechanismChoice, BindsTheChannelWhereBothCan) {
  const net::ChannelBinding binding{.kind = net::ChannelBinding::Kind::tls_exporter, .octets = "0123"};
  const Channel channel{.encrypted = true, .binding = binding};
  const std::vector<std::string> offered{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"};
  const auto bound = choose_mechanism(offered, password_of("u", "p"), channel);
  EXPECT_EQ((*bound)->mechanism(), "SCRAM-SHA-256-PLUS");
  EXPECT_TRUE(step(**bound, "").starts_with("p=tls-exporter,,n=u,"));
  const auto unbound = choose_mechanism(offered, password_of("u", "p"), {.encrypted = true});
  EXPECT_EQ((*unbound)->mechanism(), "SCRAM-SHA-256");
  EXPECT_TRUE(step(**unbound, "").starts_with("n,,n=u,"));
}

TEST(MechanismChoice, WithoutASecretOnlyACertificateSignsIn) {
  auto credentials = password_of("alice", "");
  EXPECT_FALSE(choose_mechanism({"EXTERNAL", "PLAIN"}, credentials, {.encrypted = true}));
  credentials.has_certificate = true;
  const auto client = choose_mechanism({"PLAIN", "EXTERNAL"}, credentials, {.encrypted = true});
  ASSERT_TRUE(client) << client.error().describe();
  EXPECT_EQ((*client)->mechanism(), "EXTERNAL");
  EXPECT_EQ(step(**client, ""), "alice");
  EXPECT_FALSE(choose_mechanism({"PLAIN", "LOGIN"}, credentials, {.encrypted = true}));
}

TEST(MechanismChoice, WithAPasswordTheCertificateIsOnlyShown) {
  auto credentials = password_of("alice", "secret");
  credentials.has_certificate = true;
  EXPECT_EQ((*choose_mechanism({"EXTERNAL", "PLAIN"}, credentials, {.encrypted = true}))->mechanism(), "PLAIN");
}

TEST(MechanismChoice, ForTheMailOfSomebodyElseIsOneThatCanTellWhose) {
  auto credentials = password_of("admin", "secret");
  credentials.authorization_id = "alice";
  const Channel channel{.encrypted = true};
  EXPECT_EQ((*choose_mechanism({"LOGIN", "CRAM-MD5", "PLAIN"}, credentials, channel))->mechanism(), "PLAIN");
  const auto none = choose_mechanism({"LOGIN", "CRAM-MD5"}, credentials, channel);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no sign-in of admin for the mail of alice"), std::string::npos);
}

TEST(MechanismChoice, GoesOnBehindOneThatFailed) {
  const std::vector<std::string> offered{"SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"};
  const auto next = [&](std::string_view failed) {
    const auto client = choose_mechanism(offered, password_of("u", "p"), {.encrypted = true}, failed);
    return client && *client ? std::string((*client)->mechanism()) : "";
  };
  EXPECT_EQ(next("SCRAM-SHA-256"), "CRAM-MD5");
  EXPECT_EQ(next("CRAM-MD5"), "PLAIN");
  EXPECT_EQ(next("LOGIN"), "");
}

TEST(MechanismChoice, RefusesSeparatorsInsideCredentials) {
  EXPECT_FALSE(choose_mechanism({"PLAIN"}, password_of(std::string("u\0x", 3), "p"), {.encrypted = true}));
  EXPECT_FALSE(choose_mechanism({"PLAIN"}, password_of("u", std::string("p\0x", 3)), {.encrypted = true}));
  EXPECT_FALSE(choose_mechanism({"XOAUTH2"},
                                token_of("u",
                                         "t\x01"
                                         "auth=x"),
                                {.encrypted = true}));
  EXPECT_FALSE(choose_mechanism({"PLAIN"}, password_of("", "p"), {.encrypted = true}));
}

// --- known answers ---

TEST(Plain, SendsTheThreeFieldsOfRfc4616AtOnce) {
  const auto client = client_for("PLAIN", password_of("tim", "tanstaaftanstaaf"));
  EXPECT_TRUE(client->has_initial_response());
  EXPECT_EQ(step(*client, ""), std::string("\0tim\0tanstaaftanstaaf", 21));
  EXPECT_TRUE(client->is_complete());
}

TEST(Plain, CarriesTheAuthorizationIdentity) {
  auto credentials = password_of("Kurt", "xipj3plmq");
  credentials.authorization_id = "Ursel";
  EXPECT_EQ(step(*client_for("PLAIN", credentials), ""), std::string("Ursel\0Kurt\0xipj3plmq", 20));
}

TEST(Plain, SendsNonAsciiAsItIs) {
  EXPECT_EQ(step(*client_for("PLAIN", password_of("ren\xc3\xa9", "p\xc3\xa4ss w\"\\rd")), ""),
            std::string("\0ren\xc3\xa9\0p\xc3\xa4ss w\"\\rd", 18));
}

TEST(Plain, RefusesASecondChallenge) {
  const auto client = client_for("PLAIN", password_of("u", "p"));
  step(*client, "");
  EXPECT_FALSE(client->step("more"));
}

/// Some servers send one before their verdict; whoever sends more means to go on for ever.
TEST(Plain, AnswersOneEmptyChallengeBehindTheEnd) {
  const auto client = client_for("PLAIN", password_of("u", "p"));
  step(*client, "");
  EXPECT_EQ(step(*client, ""), "");
  EXPECT_TRUE(client->is_complete());
  EXPECT_FALSE(client->step(""));
}

TEST(Login, AnswersTheTwoQuestionsInOrder) {
  const auto client = client_for("LOGIN", password_of("tim", "tanstaaf"));
  EXPECT_FALSE(client->has_initial_response());
  EXPECT_EQ(step(*client, "Username:"), "tim");
  EXPECT_EQ(step(*client, "Password:"), "tanstaaf");
  EXPECT_TRUE(client->is_complete());
  EXPECT_FALSE(client->step("Again:"));
}

TEST(CramMd5, GivesTheAnswerOfRfc2195) {
  const auto client = client_for("CRAM-MD5", password_of("tim", "tanstaaftanstaaf"));
  EXPECT_FALSE(client->has_initial_response());
  EXPECT_EQ(step(*client, "<1896.697170952@postoffice.reston.mci.net>"), "tim b913a602c7eda7a495b4e6e7334d3890");
}

TEST(CramMd5, RefusesAnEmptyChallenge) {
  EXPECT_FALSE(client_for("CRAM-MD5", password_of("u", "p"))->step(""));
}

// RFC 7628 §4.1, without the optional host and port.
TEST(OAuthBearer, GivesTheMessageOfRfc7628) {
  const auto client = client_for("OAUTHBEARER", token_of("user@example.com", "vF9dft4qmT"));
  EXPECT_EQ(step(*client, ""),
            "n,a=user@example.com,\x01"
            "auth=Bearer vF9dft4qmT\x01\x01");
  EXPECT_TRUE(client->is_complete());
}

TEST(OAuthBearer, EncodesCommaAndEqualsSignInTheUser) {
  const auto client = client_for("OAUTHBEARER", token_of("a,b=c", "t"));
  EXPECT_EQ(step(*client, ""),
            "n,a=a=2Cb=3Dc,\x01"
            "auth=Bearer t\x01\x01");
}

TEST(OAuthBearer, AcknowledgesTheServersErrorOnce) {
  const auto client = client_for("OAUTHBEARER", token_of("u", "t"));
  step(*client, "");
  EXPECT_EQ(step(*client, R"({"status":"invalid_token"})"), "\x01");
  EXPECT_FALSE(client->is_complete());
  EXPECT_FALSE(client->step("{}"));
}

TEST(XOAuth2, GivesTheDocumentedMessageAndAcknowledgesAnErrorWithNothing) {
  const auto client =
      client_for("XOAUTH2", token_of("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
  EXPECT_EQ(step(*client, ""),
            "user=someuser@example.com\x01"
            "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01");
  EXPECT_EQ(step(*client, R"({"status":"401"})"), "");
}

// --- SCRAM, against an independent server ---

struct ScramCase {
  std::string mechanism;
  std::string digest;
};

void PrintTo(const ScramCase& row, std::ostream* out) {
  *out << row.mechanism;
}

class Scram : public testing::TestWithParam<ScramCase> {
 protected:
  ScramServer server(const std::string& password = "pencil") const {
    return ScramServer({.digest = GetParam().digest,
                        .password = password,
                        .salt = test::from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="),
                        .iterations = 4096,
                        .nonce_suffix = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"});
  }
  std::unique_ptr<SaslClient> client(const std::string& password = "pencil", const std::string& user = "user") const {
    return client_for(GetParam().mechanism, password_of(user, password));
  }
};

TEST_P(Scram, ProvesThePasswordAndAcceptsTheServersProof) {
  auto peer = server();
  const auto me = client();
  EXPECT_TRUE(me->has_initial_response());
  const auto first = step(*me, "");
  EXPECT_EQ(first.substr(0, 12), "n,,n=user,r=");
  EXPECT_TRUE(peer.verify(step(*me, peer.first(first))));
  EXPECT_FALSE(me->is_complete()) << "the server has not proved anything yet";
  EXPECT_EQ(step(*me, peer.server_final()), "");
  EXPECT_TRUE(me->is_complete());
}

/// Until the server has proved that it knows the password, it may have none for this mechanism.
TEST_P(Scram, MayBeUnusableUntilTheServerHasProvedItself) {
  auto peer = server();
  const auto me = client();
  const auto first = step(*me, "");
  EXPECT_TRUE(me->may_be_unusable());
  EXPECT_TRUE(peer.verify(step(*me, peer.first(first))));
  EXPECT_TRUE(me->may_be_unusable());
  (void)step(*me, peer.server_final());
  EXPECT_FALSE(me->may_be_unusable());
}

TEST_P(Scram, UsesAFreshNonceEachTime) {
  EXPECT_NE(step(*client(), ""), step(*client(), ""));
}

TEST_P(Scram, AWrongPasswordGivesAWrongProof) {
  auto peer = server("other");
  const auto me = client("pencil");
  EXPECT_FALSE(peer.verify(step(*me, peer.first(step(*me, "")))));
}

TEST_P(Scram, AServerThatDoesNotKnowThePasswordIsDetected) {
  auto peer = server("guess");
  const auto me = client("pencil");
  (void)peer.verify(step(*me, peer.first(step(*me, ""))));
  const auto verdict = me->step(peer.server_final());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().kind, ErrorKind::auth);
  EXPECT_EQ(verdict.error().scope, Scope::account);
  EXPECT_FALSE(me->is_complete());
  EXPECT_EQ((verdict.error().describe() + verdict.error().remedy).find("pencil"), std::string::npos);
}

TEST_P(Scram, AServerThatSkipsItsProofIsDetected) {
  auto peer = server();
  const auto me = client();
  (void)step(*me, peer.first(step(*me, "")));
  EXPECT_FALSE(me->step(""));
  EXPECT_FALSE(me->is_complete());
}

TEST_P(Scram, AServersErrorMessageIsAnError) {
  auto peer = server();
  const auto me = client();
  (void)step(*me, peer.first(step(*me, "")));
  EXPECT_FALSE(me->step("e=invalid-proof"));
  EXPECT_FALSE(me->is_complete());
}

TEST_P(Scram, ANonceThatDoesNotBeginWithOursIsRefused) {
  const auto me = client();
  (void)step(*me, "");
  EXPECT_FALSE(me->step("r=somebodyelse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
}

TEST_P(Scram, MalformedChallengesAreRefused) {
  for (const auto* challenge :
       {"x", "r=", "r=abc,s=,i=", "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=abc,s=!,i=4096", ","}) {
    const auto me = client();
    (void)step(*me, "");
    EXPECT_FALSE(me->step(challenge)) << challenge;
    EXPECT_FALSE(me->step(challenge)) << "a failed exchange does not come back to life";
  }
}

TEST_P(Scram, EscapesCommaAndEqualsSignInTheUser) {
  EXPECT_EQ(step(*client("p", "a,b=c"), "").substr(0, 17), "n,,n=a=2Cb=3Dc,r=");
}

INSTANTIATE_TEST_SUITE_P(Digests, Scram,
                         testing::Values(ScramCase{"SCRAM-SHA-1", "SHA1"}, ScramCase{"SCRAM-SHA-256", "SHA256"}));

}  // namespace
}  // namespace mailferry::auth
