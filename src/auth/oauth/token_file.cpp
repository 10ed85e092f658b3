#include "auth/oauth/token_file.hpp"

#include "auth/oauth/json_members.hpp"
#include "auth/oauth/timestamps.hpp"
#include "base/files.hpp"
#include "base/log.hpp"

#include <boost/json/serialize.hpp>

#include <filesystem>
#include <sys/stat.h>

namespace mailferry::auth {
namespace {

constexpr std::size_t kMostOctets = std::size_t{1} << 20;

std::string_view access_name(TokenFile::Form form) {
  return form == TokenFile::Form::go ? "access_token" : "token";
}

/// Go writes year 1 for "never"; any date before the epoch says as much.
std::optional<std::chrono::sys_seconds> expiry_of(const boost::json::object& members) {
  const auto time = parse_timestamp(text_member(members, "expiry"));
  return time && time->time_since_epoch().count() > 0 ? time : std::nullopt;
}

void warn_of_readers(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
  log::warning("a token file can be read by other users; chmod 600 it", {{"file", path}});
}

std::string followed(const std::string& path) {
  std::error_code code;
  const auto target = std::filesystem::canonical(path, code);
  return code ? path : target.string();
}

}  // namespace

Result<TokenFile> TokenFile::parse(std::string_view text, const std::string& path) {
  auto members = parse_json_object(text, "the token file " + path);
  TokenFile file;
  if (members) file.members_ = *std::move(members);
  const auto has = [&file](std::string_view name) { return file.members_.contains({name.data(), name.size()}); };
  if (!has("access_token") && (has("token") || has("client_id"))) file.form_ = Form::google_auth;
  const auto tokens = file.tokens();
  if (!tokens.access.empty() || !tokens.refresh.empty()) return file;
  return fail(ErrorKind::auth, Scope::account, fmt::format("the token file {} holds no token", path),
              "it must be JSON as the Go or the Python library of Google writes it");
}

Result<TokenFile> TokenFile::load(const std::string& path) {
  TRY(auto text, read_file(path, kMostOctets));
  const Secret kept(std::move(text));
  warn_of_readers(path);
  return parse(kept.reveal(), path);
}

OAuthTokens TokenFile::tokens() const {
  return {.access = Secret(text_member(members_, access_name(form_))),
          .refresh = Secret(text_member(members_, "refresh_token")),
          .expires = expiry_of(members_)};
}

std::string TokenFile::client_id() const {
  return form_ == Form::google_auth ? text_member(members_, "client_id") : std::string();
}

Secret TokenFile::client_secret() const {
  return Secret(form_ == Form::google_auth ? text_member(members_, "client_secret") : std::string());
}

std::string TokenFile::token_url() const {
  return form_ == Form::google_auth ? text_member(members_, "token_uri") : std::string();
}

void TokenFile::update(const OAuthTokens& tokens) {
  const auto set = [this](std::string_view name, std::string_view value) {
    members_[{name.data(), name.size()}] = boost::json::string_view(value.data(), value.size());
  };
  set(access_name(form_), tokens.access.reveal());
  if (form_ == Form::go && text_member(members_, "token_type").empty()) set("token_type", "Bearer");
  if (!tokens.refresh.empty()) set("refresh_token", tokens.refresh.reveal());
  members_.erase("expiry");
  if (tokens.expires) set("expiry", format_timestamp(*tokens.expires));
  if (members_.contains("expires_in")) members_["expires_in"] = tokens.lifetime.count();
}

std::string TokenFile::text() const {
  return boost::json::serialize(members_) + "\n";
}

Result<> TokenFile::save(const std::string& path) const {
  const Secret content(text());
  return write_file_atomically(followed(path), content.reveal());
}

}  // namespace mailferry::auth
