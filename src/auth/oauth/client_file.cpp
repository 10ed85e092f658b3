#include "auth/oauth/client_file.hpp"

#include "auth/oauth/json_members.hpp"
#include "base/files.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace mailferry::auth {
namespace {

constexpr std::size_t kMostOctets = std::size_t{64} << 10;

std::vector<std::string> texts_of(const boost::json::object& members, std::string_view name) {
  std::vector<std::string> texts;
  const auto* value = members.if_contains({name.data(), name.size()});
  const auto* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return texts;
  for (const auto& item : *array) {
    if (const auto* text = item.if_string()) texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

std::unexpected<Error> refuse(const std::string& path, std::string_view problem) {
  return fail(ErrorKind::usage, Scope::account, fmt::format("the client file {} {}", path, problem),
              "download it again where the OAuth client was made (Google: Clients, a client of type Desktop app)");
}

}  // namespace

Result<OAuthClientFile> parse_client_file(std::string_view text, const std::string& path) {
  const auto outer = parse_json_object(text, path);
  if (!outer) return refuse(path, "is no JSON object");
  OAuthClientFile client;
  client.is_web = outer->contains("web");
  const auto* inner = outer->if_contains(client.is_web ? "web" : "installed");
  const auto* members = inner == nullptr ? nullptr : inner->if_object();
  if (members == nullptr) return refuse(path, "has neither a member \"installed\" nor \"web\"");
  client.id = text_member(*members, "client_id");
  if (client.id.empty()) return refuse(path, "has no client_id");
  client.secret = Secret(text_member(*members, "client_secret"));
  client.authorize_url = text_member(*members, "auth_uri");
  client.token_url = text_member(*members, "token_uri");
  client.redirect_urls = texts_of(*members, "redirect_uris");
  return client;
}

Result<OAuthClientFile> load_client_file(const std::string& path) {
  TRY(auto text, read_file(path, kMostOctets));
  const Secret kept(std::move(text));
  return parse_client_file(kept.reveal(), path);
}

}  // namespace mailferry::auth
