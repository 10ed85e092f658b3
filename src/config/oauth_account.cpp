#include "config/oauth_account.hpp"

#include "net/http_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mailferry::config {
namespace {

using auth::OAuthProvider;
using auth::OAuthSettings;

struct TextKey {
  std::string_view name;
  std::string OAuthSettings::*member;
  bool is_url = false;
};

constexpr std::array kTexts{
    TextKey{"oauth_token_file", &OAuthSettings::token_file},
    TextKey{"oauth_client_file", &OAuthSettings::client_file},
    TextKey{"oauth_client_id", &OAuthSettings::client_id},
    TextKey{"oauth_client_secret_file", &OAuthSettings::client_secret_file},
    TextKey{"oauth_tenant", &OAuthSettings::tenant},
    TextKey{"oauth_authorize_url", &OAuthSettings::authorize_url, true},
    TextKey{"oauth_token_url", &OAuthSettings::token_url, true},
    TextKey{"oauth_device_url", &OAuthSettings::device_url, true},
    TextKey{"oauth_redirect_url", &OAuthSettings::redirect_url, true},
    TextKey{"oauth_ca", &OAuthSettings::ca_file},
};

using Problems = std::vector<std::string>;

void check_absence(const OAuthSettings& oauth, Problems& problems) {
  for (const auto& key : kTexts) {
    if (!(oauth.*key.member).empty()) problems.push_back(fmt::format("{} means nothing without oauth", key.name));
  }
  if (oauth.client_proof) problems.emplace_back("oauth_client_proof means nothing without oauth");
  if (!oauth.scopes.empty()) problems.emplace_back("oauth_scopes means nothing without oauth");
}

void check_urls(const OAuthSettings& oauth, Problems& problems) {
  for (const auto& key : kTexts) {
    if (!key.is_url || (oauth.*key.member).empty()) continue;
    const auto url = net::parse_http_url(oauth.*key.member);
    if (!url) {
      problems.push_back(fmt::format("{} is no URL: {}", key.name, url.error().message));
    } else if (!url->is_private()) {
      problems.push_back(fmt::format("{} must begin with https://: secrets go there", key.name));
    }
  }
}

void check_client(const OAuthSettings& oauth, Problems& problems) {
  const bool has_file = !oauth.client_file.empty();
  if (has_file && !oauth.client_id.empty())
    problems.emplace_back("oauth_client_file already says what oauth_client_id says; keep one of them");
  if (!oauth.client_secret_file.empty() && (has_file || oauth.client_id.empty()))
    problems.emplace_back("oauth_client_secret_file belongs to oauth_client_id, and to no oauth_client_file");
  if (oauth.provider == OAuthProvider::custom && !has_file && oauth.token_url.empty())
    problems.emplace_back("oauth = \"custom\" needs oauth_token_url, or an oauth_client_file that names it");
  if (oauth.provider != OAuthProvider::microsoft && !oauth.tenant.empty())
    problems.emplace_back("oauth_tenant means nothing but with oauth = \"microsoft\"");
}

void check_tenant(const OAuthSettings& oauth, Problems& problems) {
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  if (!std::all_of(oauth.tenant.begin(), oauth.tenant.end(), belongs))
    problems.emplace_back("oauth_tenant must be a domain name or an id");
}

}  // namespace

void use_oauth(const AccountSettings& settings, Account& account, Problems& problems) {
  if (!settings.oauth_provider) return check_absence(settings.oauth, problems);
  account.oauth = settings.oauth;
  account.oauth->provider = *settings.oauth_provider;
  if (settings.oauth.token_file.empty())
    problems.emplace_back("oauth needs oauth_token_file, where the tokens are kept");
  if (!settings.secrets.empty())
    problems.emplace_back("the account signs in with oauth and has a password or token_command too; keep one of them");
  check_urls(settings.oauth, problems);
  check_client(*account.oauth, problems);
  check_tenant(settings.oauth, problems);
}

}  // namespace mailferry::config
