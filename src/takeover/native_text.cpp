#include "takeover/native_text.hpp"

#include "base/files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

namespace mailferry::takeover {
namespace {

using auth::SecretSource;

/// A TOML basic string.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
  return out + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> each;
  for (const auto& text : texts)
    each.push_back(toml_text(text));
  return texts.size() == 1 ? each.front() : fmt::format("[{}]", fmt::join(each, ", "));
}

/// Lines of "key = value"; a value that is the default is left out.
class Lines {
 public:
  void title(std::string_view text) { fmt::format_to(out(), "{}{}\n", text_.empty() ? "" : "\n", text); }
  void line(std::string_view key, std::string_view value) { fmt::format_to(out(), "{} = {}\n", key, value); }
  void text(std::string_view key, const std::string& value, std::string_view standard = {}) {
    if (value != standard) line(key, toml_text(value));
  }
  void flag(std::string_view key, bool value, bool standard) {
    if (value != standard) line(key, value ? "true" : "false");
  }
  void number(std::string_view key, std::int64_t value, std::int64_t standard) {
    if (value != standard) line(key, fmt::format("{}", value));
  }
  void seconds(std::string_view key, std::chrono::seconds value, std::chrono::seconds standard) {
    if (value != standard) line(key, fmt::format("\"{}s\"", value.count()));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }
  std::string text_;
};

std::string_view security_name(net::Security security) {
  if (security == net::Security::starttls) return "starttls";
  return security == net::Security::plaintext ? "plaintext" : "tls";
}

void write_account(const config::Account& account, Lines& lines) {
  lines.title(fmt::format("[account.{}]", toml_text(account.name)));
  lines.text("host", account.endpoint.host);
  lines.number("port", account.endpoint.port, account.endpoint.security == net::Security::tls ? 993 : 143);
  lines.text("user", account.user);
  lines.text("security", std::string(security_name(account.endpoint.security)), "tls");
  if (account.secret.kind == SecretSource::Kind::file) lines.text("password_file", account.secret.value);
  if (account.trust_first_use) lines.text("tls_trust", "first-use");
  if (!account.oauth) return;
  lines.text("oauth", "google");
  lines.text("oauth_client_file", account.oauth->client_file);
  lines.text("oauth_token_file", account.oauth->token_file);
}

void write_log(const log::Options& log, Lines& lines) {
  const log::Options standard;
  constexpr std::array kLevels{"error", "warning", "info", "debug", "trace"};
  lines.text("log", log::target_text(log), log::target_text(standard));
  if (log.level != standard.level) lines.text("log_level", kLevels.at(static_cast<std::size_t>(log.level)));
  if (log.format == log::Format::json) lines.text("log_format", "json");
  lines.number("log_max_size", static_cast<std::int64_t>(log.most_octets),
               static_cast<std::int64_t>(standard.most_octets));
  lines.number("log_max_files", log.most_files, standard.most_files);
}

void write_bridge(const config::Bridge& bridge, Lines& lines) {
  const config::Bridge standard;
  lines.title("[bridge]");
  lines.text("to", bridge.destination);
  lines.text("state", bridge.state_file);
  lines.text("take_over", bridge.take_over);
  if (bridge.names == config::MailboxNames::server) lines.text("mailbox_names", "server");
  lines.text("report_mailbox", bridge.report_mailbox);
  lines.number("daily_hour", bridge.daily_hour, standard.daily_hour);
  lines.number("destination_attempts", bridge.destination_attempts, standard.destination_attempts);
  lines.number("message_attempts", bridge.message_attempts, standard.message_attempts);
  lines.seconds("backoff_first", bridge.backoff_first, standard.backoff_first);
  lines.seconds("backoff_most", bridge.backoff_most, standard.backoff_most);
  lines.seconds("dedup_memory", bridge.dedup_memory, standard.dedup_memory);
  lines.number("error_retention_days", bridge.error_retention_days, standard.error_retention_days);
  lines.text("listen", bridge.listen);
  if (bridge.listen_reach == net::Reach::everyone) lines.text("listen_reach", "everyone");
  write_log(bridge.log, lines);
}

std::string mapping_text(const config::BridgeMapping& mapping) {
  std::string text = fmt::format("from = {}, to = {}", toml_text(mapping.from), toml_list(mapping.to));
  std::vector<std::string> labels;
  for (const auto& label : mapping.labels)
    labels.push_back(toml_text(label));
  if (!labels.empty()) text += fmt::format(", labels = [{}]", fmt::join(labels, ", "));
  return fmt::format("  {{ {} }},\n", text);
}

void write_source(const config::BridgeSource& source, Lines& lines) {
  const config::BridgeSource standard;
  lines.title("[[bridge.source]]");
  lines.text("account", source.account);
  lines.flag("new_only", source.new_only, standard.new_only);
  if (source.since_days)
    lines.line("since", *source.since_days == 0 ? "\"all\"" : fmt::format("{}", *source.since_days));
  if (source.retention.kind == config::Retention::Kind::full_history) lines.line("retention_days", "-1");
  lines.number("retention_days", source.retention.days, 0);
  lines.flag("idle", source.idle, standard.idle);
  lines.seconds("idle_refresh", source.idle_refresh, standard.idle_refresh);
  lines.seconds("poll_interval", source.poll_interval, standard.poll_interval);
  lines.flag("follow_flags", source.follow_flags, standard.follow_flags);
  if (source.error_retention_days) lines.line("error_retention_days", fmt::format("{}", *source.error_retention_days));
  std::string mappings;
  for (const auto& mapping : source.mappings)
    mappings += mapping_text(mapping);
  lines.line("mappings", mappings.empty() ? "[]" : fmt::format("[\n{}]", mappings));
}

void make_absolute(std::string& path) {
  std::error_code ignored;
  if (!path.empty()) path = std::filesystem::absolute(path, ignored).lexically_normal().string();
}

void make_paths_absolute(config::Config& config) {
  for (auto& account : config.accounts) {
    if (!account.oauth) continue;
    make_absolute(account.oauth->client_file);
    make_absolute(account.oauth->token_file);
  }
  make_absolute(config.bridge->state_file);
  make_absolute(config.bridge->take_over);
  make_absolute(config.bridge->log.file);
}

/// What may stand in the name of a file everywhere.
std::string file_name(std::string_view account) {
  std::string name;
  for (const char c : account) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("@._+-").contains(c);
    name += plain ? c : '_';
  }
  return name.starts_with('.') ? "_" + name : name;
}

struct NewFile {
  std::string path;
  Secret content;
};

Result<> check_new(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return {};
  return fail(ErrorKind::usage, Scope::run, fmt::format("{} exists already, and is not replaced", path),
              "move it away, or name another file with --output");
}

/// The file for a password; two accounts never share one.
std::string password_path(const std::filesystem::path& folder, std::string_view account,
                          const std::vector<NewFile>& files) {
  const auto is_taken = [&](const std::string& path) {
    return std::ranges::any_of(files, [&](const NewFile& file) { return file.path == path; });
  };
  std::string path = (folder / (file_name(account) + ".password")).string();
  for (int i = 2; is_taken(path); ++i)
    path = (folder / fmt::format("{}-{}.password", file_name(account), i)).string();
  return path;
}

Result<std::vector<NewFile>> move_passwords(config::Config& config, const std::filesystem::path& folder) {
  std::vector<NewFile> files;
  for (auto& account : config.accounts) {
    auto& secret = account.secret;
    if (secret.kind != SecretSource::Kind::literal) continue;
    if (secret.literal.reveal().find_first_of("\r\n") != std::string_view::npos) {
      return fail(
          ErrorKind::usage, Scope::run,
          fmt::format("the password of {} has a line end, and a file of a password is one line", account.label()),
          "use password_command for it");
    }
    const auto path = password_path(folder, account.name, files);
    CHECK_OK(check_new(path));
    files.push_back({path, std::move(secret.literal)});
    secret = {.kind = SecretSource::Kind::file, .value = path};
  }
  return files;
}

constexpr std::string_view kHead =
    "# Made by `mailferry config import`. What every key means: `mailferry config keys`.\n\n";

}  // namespace

std::string native_text(const config::Config& config) {
  Lines lines;
  for (const auto& account : config.accounts)
    write_account(account, lines);
  write_bridge(*config.bridge, lines);
  for (const auto& source : config.bridge->sources)
    write_source(source, lines);
  return std::string(kHead) + lines.take();
}

Result<std::vector<std::string>> write_native(config::Config config, const std::string& output) {
  std::string target = output;
  make_absolute(target);
  CHECK_OK(check_new(target));
  make_paths_absolute(config);
  TRY(const auto passwords, move_passwords(config, std::filesystem::path(target).parent_path()));
  const auto text = native_text(config);
  if (const auto read = config::parse_config(text, target); !read) return std::unexpected(read.error());
  std::vector<std::string> written;
  for (const auto& file : passwords) {
    CHECK_OK(write_file_atomically(file.path, std::string(file.content.reveal()) + "\n"));
    written.push_back(file.path);
  }
  CHECK_OK(write_file_atomically(target, text));
  written.push_back(target);
  return written;
}

}  // namespace mailferry::takeover
