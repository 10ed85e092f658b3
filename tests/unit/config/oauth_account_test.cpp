// The oauth keys of an account.
#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::config {
namespace {

using testing::HasSubstr;

Result<Config> read(std::string_view lines) {
  return parse_config("[account.work]\nhost = \"h\"\nuser = \"u\"\n" + std::string(lines) + "\n",
                      "/etc/mf/mailferry.toml");
}

auth::OAuthSettings settings(std::string_view lines) {
  const auto config =
      read("oauth = \"custom\"\noauth_token_file = \"t.json\"\noauth_client_file = \"c.json\"\n" + std::string(lines));
  EXPECT_TRUE(config) << config.error().describe();
  return config && config->accounts.front().oauth ? *config->accounts.front().oauth : auth::OAuthSettings{};
}

std::string problem(std::string_view lines) {
  const auto config = read(lines);
  EXPECT_FALSE(config) << lines;
  return config ? "" : config.error().message;
}

TEST(OAuthKey, EachSetsItsMember) {
  EXPECT_EQ(settings("").provider, auth::OAuthProvider::custom);
  EXPECT_EQ(settings("").token_file, "/etc/mf/t.json");
  EXPECT_EQ(settings("").client_file, "/etc/mf/c.json");
  EXPECT_EQ(settings("oauth_authorize_url = \"https://a/\"").authorize_url, "https://a/");
  EXPECT_EQ(settings("oauth_token_url = \"https://t/\"").token_url, "https://t/");
  EXPECT_EQ(settings("oauth_device_url = \"https://d/\"").device_url, "https://d/");
  EXPECT_EQ(settings("oauth_redirect_url = \"http://127.0.0.1:8765/\"").redirect_url, "http://127.0.0.1:8765/");
  EXPECT_EQ(settings("").client_proof, std::nullopt);
  EXPECT_EQ(settings("oauth_client_proof = \"body\"").client_proof, auth::ClientProof::body);
  EXPECT_EQ(settings("oauth_client_proof = \"header\"").client_proof, auth::ClientProof::header);
  EXPECT_EQ(settings("oauth_ca = \"ca.pem\"").ca_file, "/etc/mf/ca.pem");
  EXPECT_THAT(settings("oauth_scopes = [\"a\", \"b\"]").scopes, testing::ElementsAre("a", "b"));
}

TEST(OAuthKey, ForMicrosoftWithATenantAndAClientOfItsOwn) {
  const auto config = read(
      "oauth = \"microsoft\"\noauth_token_file = \"t\"\noauth_client_id = \"id\"\noauth_client_secret_file = \"s\"\n"
      "oauth_tenant = \"corp.onmicrosoft.com\"");
  ASSERT_TRUE(config) << config.error().describe();
  const auto& oauth = *config->accounts.front().oauth;
  EXPECT_EQ(oauth.provider, auth::OAuthProvider::microsoft);
  EXPECT_EQ(oauth.client_id, "id");
  EXPECT_EQ(oauth.client_secret_file, "/etc/mf/s");
  EXPECT_EQ(oauth.tenant, "corp.onmicrosoft.com");
  EXPECT_TRUE(config->accounts.front().may_need_no_secret());
}

TEST(OAuthKey, NeedsNoClientWithGoogleForTheTokenFileMayHoldIt) {
  EXPECT_TRUE(read("oauth = \"google\"\noauth_token_file = \"t\""));
}

TEST(OAuthProblem, WhatDoesNotFitTogether) {
  constexpr std::string_view kGoogle = "oauth = \"google\"\noauth_token_file = \"t\"\n";
  const auto google = [&](std::string_view line) { return problem(std::string(kGoogle) + std::string(line)); };
  EXPECT_THAT(problem("oauth = \"yahoo\"\noauth_token_file = \"t\""),
              HasSubstr("must be one of google|microsoft|custom"));
  EXPECT_THAT(problem("oauth = \"google\""), HasSubstr("needs oauth_token_file"));
  EXPECT_THAT(problem("oauth_token_file = \"t\""), HasSubstr("oauth_token_file means nothing without oauth"));
  EXPECT_THAT(problem("oauth_scopes = [\"a\"]"), HasSubstr("oauth_scopes means nothing without oauth"));
  EXPECT_THAT(google("password_file = \"p\""), HasSubstr("keep one of them"));
  EXPECT_THAT(google("token_command = \"p\""), HasSubstr("keep one of them"));
  EXPECT_THAT(google("oauth_client_file = \"c\"\noauth_client_id = \"i\""), HasSubstr("keep one of them"));
  EXPECT_THAT(google("oauth_client_secret_file = \"s\""), HasSubstr("belongs to oauth_client_id"));
  EXPECT_THAT(google("oauth_tenant = \"x\""), HasSubstr("oauth_tenant means nothing"));
  EXPECT_THAT(google("oauth_token_url = \"http://h/\""), HasSubstr("must begin with https://"));
  EXPECT_THAT(google("oauth_device_url = \"h\""), HasSubstr("oauth_device_url is no URL"));
  EXPECT_THAT(problem("oauth = \"custom\"\noauth_token_file = \"t\""), HasSubstr("needs oauth_token_url"));
  EXPECT_THAT(problem("oauth = \"microsoft\"\noauth_token_file = \"t\"\noauth_tenant = \"a/../b\""),
              HasSubstr("oauth_tenant must be"));
}

}  // namespace
}  // namespace mailferry::config
