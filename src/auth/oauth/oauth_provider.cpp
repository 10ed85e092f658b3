#include "auth/oauth/oauth_provider.hpp"

#include <algorithm>
#include <array>

namespace mailferry::auth {
namespace {

constexpr std::array kPresets{
    OAuthPreset{.provider = OAuthProvider::google,
                .name = "google",
                .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
                .token_url = "https://oauth2.googleapis.com/token",
                .device_url = "",
                .loopback_host = "127.0.0.1",
                .scope = "https://mail.google.com/",
                // Without these there is a refresh token only at the very first consent.
                .authorize_extra = "access_type=offline&prompt=consent",
                .client_proof = ClientProof::body,
                .no_device = "Google gives no access to mail by device code",
                .dead_token =
                    "while the app is in testing, Google ends its refresh tokens after 7 days: publish it (Google Auth "
                    "Platform, Audience, Publish app) before you sign in again"},
    OAuthPreset{.provider = OAuthProvider::microsoft,
                .name = "microsoft",
                .authorize_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
                .token_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
                .device_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
                .loopback_host = "localhost",
                .scope = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
                .authorize_extra = "",
                .client_proof = ClientProof::body,
                .no_device = "",
                .dead_token = "Microsoft ends refresh tokens after 90 days without use, and when the password or the "
                              "rules of the organisation change"},
    OAuthPreset{.provider = OAuthProvider::custom,
                .name = "custom",
                .authorize_url = "",
                .token_url = "",
                .device_url = "",
                .loopback_host = "127.0.0.1",
                .scope = "",
                .authorize_extra = "",
                .client_proof = ClientProof::header,
                .no_device = "oauth_device_url is not given",
                .dead_token = "the provider says when its refresh tokens end"},
};

}  // namespace

std::span<const OAuthPreset> oauth_presets() noexcept {
  return kPresets;
}

const OAuthPreset& preset_of(OAuthProvider provider) noexcept {
  return *std::ranges::find(kPresets, provider, &OAuthPreset::provider);
}

std::string with_tenant(std::string_view url, std::string_view tenant) {
  constexpr std::string_view kPlace = "{tenant}";
  std::string text(url);
  const auto at = text.find(kPlace);
  if (at != std::string::npos) text.replace(at, kPlace.size(), tenant.empty() ? "common" : tenant);
  return text;
}

}  // namespace mailferry::auth
