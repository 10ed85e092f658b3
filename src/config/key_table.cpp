#include "config/key_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <type_traits>
#include <utility>

namespace mailferry::config {
namespace {

using auth::SecretSource;
using enum KeyType;

constexpr std::int64_t kMaxConnections = 64;
constexpr std::int64_t kMaxWindow = std::int64_t{1} << 32;
constexpr std::int64_t kMaxWait = 3'600'000;
constexpr std::int64_t kMaxAttempts = 1000;
constexpr std::int64_t kMaxDays = 36'500;
constexpr std::int64_t kMaxOctets = std::int64_t{1} << 50;
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::string_view kSecurities = "tls|starttls|plaintext";
constexpr std::string_view kVersions = "1.2|1.3";
constexpr std::string_view kTrusts = "authorities|first-use";
constexpr std::string_view kProofs = "header|body";
constexpr std::string_view kProviders = "google|microsoft|custom";
constexpr std::string_view kCompressions = "auto|always|never";
constexpr std::string_view kNames = "paths|server";
constexpr std::string_view kReaches = "loopback|everyone";
constexpr std::string_view kLevels = "error|warning|info|debug|trace";
constexpr std::string_view kFormats = "text|json";

using net::Compression;

Compression to_compression(std::string_view choice) {
  if (choice == "always") return Compression::always;
  return choice == "never" ? Compression::never : Compression::automatic;
}

net::Security to_security(std::string_view choice) {
  if (choice == "starttls") return net::Security::starttls;
  return choice == "plaintext" ? net::Security::plaintext : net::Security::tls;
}

template <SecretSource::Kind kind, bool is_token>
void add_secret(const Target& to, Value value) {
  to.account->secrets.push_back(SecretSource{.kind = kind, .value = std::move(value.text), .is_token = is_token});
}

auth::OAuthProvider to_provider(std::string_view choice) {
  if (choice == "google") return auth::OAuthProvider::google;
  return choice == "microsoft" ? auth::OAuthProvider::microsoft : auth::OAuthProvider::custom;
}

template <auto member>
void set_oauth(const Target& to, Value value) {
  to.account->oauth.*member = std::move(value.text);
}

template <auto member>
void set_timeout(const Target& to, Value value) {
  to.account->timeouts.*member = std::chrono::milliseconds(value.number);
}

constexpr Key key(Section section, std::string_view name, KeyType type, std::string_view standard,
                  std::string_view meaning, std::string_view example, void (*apply)(const Target&, Value)) {
  return Key{.section = section,
             .name = name,
             .type = type,
             .standard = standard,
             .meaning = meaning,
             .example = example,
             .apply = apply};
}

using Apply = void (*)(const Target&, Value);

constexpr Key account_key(std::string_view name, KeyType type, std::string_view standard, std::string_view meaning,
                          std::string_view example, Apply apply) {
  return key(Section::account, name, type, standard, meaning, example, apply);
}

constexpr Key copy_key(std::string_view name, KeyType type, std::string_view standard, std::string_view meaning,
                       std::string_view example, Apply apply) {
  return key(Section::copy, name, type, standard, meaning, example, apply);
}

constexpr Key bridge_key(std::string_view name, KeyType type, std::string_view standard, std::string_view meaning,
                         std::string_view example, Apply apply) {
  return key(Section::bridge, name, type, standard, meaning, example, apply);
}

constexpr Key source_key(std::string_view name, KeyType type, std::string_view standard, std::string_view meaning,
                         std::string_view example, Apply apply) {
  return key(Section::source, name, type, standard, meaning, example, apply);
}

constexpr Key mapping_key(std::string_view name, KeyType type, std::string_view meaning, std::string_view example,
                          Apply apply) {
  return key(Section::mapping, name, type, "", meaning, example, apply);
}

template <auto member>
void set_text(const Target& to, Value value) {
  to.bridge->*member = std::move(value.text);
}

template <auto member>
void set_number(const Target& to, Value value) {
  to.bridge->*member = static_cast<int>(value.number);
}

template <auto member>
void set_time(const Target& to, Value value) {
  using Time = std::remove_reference_t<decltype(to.bridge->*member)>;
  to.bridge->*member = std::chrono::duration_cast<Time>(std::chrono::milliseconds(value.number));
}

template <auto member>
void set_source_time(const Target& to, Value value) {
  to.source->*member = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds(value.number));
}

template <auto member>
void set_source_flag(const Target& to, Value value) {
  to.source->*member = value.flag;
}

void set_level(const Target& to, Value value) {
  // The choices of the key are the names of the levels.
  if (!log::parse_level(value.text, to.bridge->log.level)) to.bridge->log.level = log::Level::info;
}

Retention to_retention(std::int64_t number) {
  if (number < 0) return {.kind = Retention::Kind::full_history};
  if (number == 0) return {};
  return {.kind = Retention::Kind::prune, .days = static_cast<int>(number)};
}
constexpr Key within(Key key, std::uint64_t least, std::uint64_t most) {
  key.least = least;
  key.most = most;
  return key;
}

constexpr Key one_of(Key key, std::string_view choices) {
  key.choices = choices;
  return key;
}

// clang-format off
constexpr std::array kKeys{
    account_key("url", text, "", "Where the account is, instead of host, port, user and security", "\"imaps://alice@mail.example.org/\"",
                [](const Target& to, Value value) { to.account->url = std::move(value.text); }),
    account_key("host", text, "", "Name or address of the server", "\"mail.example.org\"",
                [](const Target& to, Value value) { to.account->host = std::move(value.text); }),
    within(account_key("port", count, "993 for tls, else 143", "Port of the server", "993",
                [](const Target& to, Value value) { to.account->port = static_cast<std::uint16_t>(value.number); }), 1, 65535),
    account_key("user", text, "", "Login name", "\"alice\"",
                [](const Target& to, Value value) { to.account->user = std::move(value.text); }),
    one_of(account_key("security", choice, "tls", "How the connection is protected; plaintext sends password and mail readable for everyone on the way", "\"starttls\"",
                [](const Target& to, Value value) { to.account->security = to_security(value.text); }), kSecurities),
    account_key("password_file", path, "", "File whose first line is the password; only its owner may be able to read it", "\"~/.config/mailferry/work.password\"",
                add_secret<SecretSource::Kind::file, false>),
    account_key("password_env", text, "", "Environment variable that holds the password", "\"WORK_PASSWORD\"",
                add_secret<SecretSource::Kind::environment, false>),
    account_key("password_command", text, "", "Shell command that prints the password as its first line", "\"pass show mail/work\"",
                add_secret<SecretSource::Kind::command, false>),
    account_key("token_command", text, "", "Shell command that prints an OAuth2 access token as its first line", "\"oama access alice@example.org\"",
                add_secret<SecretSource::Kind::command, true>),
    one_of(account_key("oauth", choice, "", "Sign in with OAuth2 at this provider instead of with a password; `mailferry auth NAME` fetches the first tokens", "\"google\"",
                [](const Target& to, Value value) { to.account->oauth_provider = to_provider(value.text); }), kProviders),
    account_key("oauth_token_file", path, "", "File that keeps the tokens of this account: read, and replaced at each refresh; its folder must be writable", "\"~/.config/mailferry/work.token.json\"",
                set_oauth<&auth::OAuthSettings::token_file>),
    account_key("oauth_client_file", path, "", "File with the client's id and secret as Google's console gives it (client_secret_….json)", "\"~/.config/mailferry/client_secret.json\"",
                set_oauth<&auth::OAuthSettings::client_file>),
    account_key("oauth_client_id", text, "that of the token file", "Id of the client, when there is no such file", "\"11111111-2222-3333-4444-555555555555\"",
                set_oauth<&auth::OAuthSettings::client_id>),
    account_key("oauth_client_secret_file", path, "", "File whose first line is the client's secret, for clients that have one; only its owner may be able to read it", "\"~/.config/mailferry/client.secret\"",
                set_oauth<&auth::OAuthSettings::client_secret_file>),
    one_of(account_key("oauth_client_proof", choice, "the provider's; header with custom", "Where the client's secret travels: in the Authorization header, or in the body of a request", "\"body\"",
                [](const Target& to, Value value) { to.account->oauth.client_proof = value.text == "body" ? auth::ClientProof::body : auth::ClientProof::header; }), kProofs),
    account_key("oauth_tenant", text, "common", "Microsoft: the directory that the user belongs to (name or id)", "\"example.onmicrosoft.com\"",
                set_oauth<&auth::OAuthSettings::tenant>),
    account_key("oauth_scopes", texts, "what mail needs at this provider", "What access is asked for", "[\"imap\", \"offline_access\"]",
                [](const Target& to, Value value) { to.account->oauth.scopes = std::move(value.texts); }),
    account_key("oauth_authorize_url", text, "the provider's", "Where the user allows the access (authorization endpoint)", "\"https://login.example.org/authorize\"",
                set_oauth<&auth::OAuthSettings::authorize_url>),
    account_key("oauth_token_url", text, "the provider's", "Where tokens are fetched (token endpoint)", "\"https://login.example.org/token\"",
                set_oauth<&auth::OAuthSettings::token_url>),
    account_key("oauth_device_url", text, "the provider's", "Where device codes are fetched (device authorization endpoint)", "\"https://login.example.org/device\"",
                set_oauth<&auth::OAuthSettings::device_url>),
    account_key("oauth_redirect_url", text, "this machine, any port", "Where the browser is sent back to, when the client is registered for one address only", "\"http://127.0.0.1:8765/\"",
                set_oauth<&auth::OAuthSettings::redirect_url>),
    account_key("oauth_ca", path, "the system's", "File with the CA certificates to trust for these addresses, instead of the system's", "\"/etc/ssl/company.pem\"",
                set_oauth<&auth::OAuthSettings::ca_file>),
    account_key("tls_ca", path, "the system's", "File with the CA certificates to trust, instead of the system's", "\"/etc/ssl/company.pem\"",
                [](const Target& to, Value value) { to.account->tls.ca_file = std::move(value.text); }),
    account_key("tls_fingerprint", fingerprint, "", "SHA-256 of the one server certificate to trust; host name and issuer are then not checked", "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
                [](const Target& to, Value value) { to.account->tls.fingerprint = std::move(value.text); }),
    one_of(account_key("tls_min", choice, "1.2", "The oldest version of TLS to accept", "\"1.3\"",
                [](const Target& to, Value value) { to.account->tls.least_version = value.text == "1.3" ? net::TlsOptions::Version::v1_3 : net::TlsOptions::Version::v1_2; }), kVersions),
    one_of(account_key("tls_trust", choice, "authorities", "Which certificates to accept: those of known authorities, or the first one that this server shows and no other ever after (first-use)", "\"first-use\"",
                [](const Target& to, Value value) { to.account->trust_first_use = value.text == "first-use"; }), kTrusts),
    account_key("tls_client_cert", path, "", "File with a client certificate (PEM, with its chain) to show to the server; without a password it signs in (SASL EXTERNAL)", "\"~/.config/mailferry/alice.pem\"",
                [](const Target& to, Value value) { to.account->tls.certificate_file = std::move(value.text); }),
    account_key("tls_client_key", path, "the file of tls_client_cert", "File with the key of the client certificate (PEM, without passphrase)", "\"~/.config/mailferry/alice.key\"",
                [](const Target& to, Value value) { to.account->tls.key_file = std::move(value.text); }),
    account_key("auth_user", text, "the user", "Login name whose password is used, when it is not the owner of the mail: an administrator's", "\"postmaster\"",
                [](const Target& to, Value value) { to.account->auth_user = std::move(value.text); }),
    account_key("proxy", text, "", "Proxy to connect through: socks5://[user@]host[:1080] or http://[user@]host:port", "\"socks5://localhost:9050\"",
                [](const Target& to, Value value) { to.account->proxy = std::move(value.text); }),
    account_key("proxy_password_file", path, "", "File whose first line is the password for the proxy; only its owner may be able to read it", "\"~/.config/mailferry/proxy.password\"",
                [](const Target& to, Value value) { to.account->proxy_password_file = std::move(value.text); }),
    account_key("tunnel", text, "", "Shell command that is the connection: it speaks IMAP on its standard input and output, and may be signed in already", "\"ssh -o BatchMode=yes mail.example.org /usr/lib/dovecot/imap\"",
                [](const Target& to, Value value) { to.account->tunnel = std::move(value.text); }),
    one_of(account_key("compress", choice, "auto", "Compress the connection where the server can (COMPRESS=DEFLATE); auto: when the last copy between the two accounts was slower than 4 MB/s", "\"always\"",
                [](const Target& to, Value value) { to.account->compression = to_compression(value.text); }), kCompressions),
    within(account_key("connections", count, "0 (decided by what is measured)", "The most connections to this server at a time; --connections has precedence", "4",
                [](const Target& to, Value value) { to.account->connections = static_cast<unsigned>(value.number); }), 0, kMaxConnections),
    within(account_key("connect_timeout", duration, "30s", "The longest wait for the name look-up, the connection and the TLS handshake, each", "\"10s\"",
                set_timeout<&net::Timeouts::connect>), 100, kMaxWait),
    within(account_key("response_timeout", duration, "2min", "The longest silence of the server while an answer is due; all answers of a sign-in together may take five times that", "\"5min\"",
                set_timeout<&net::Timeouts::response>), 100, kMaxWait),
    within(account_key("write_timeout", duration, "2min", "The longest time that the server may take nothing of what is sent", "\"5min\"",
                set_timeout<&net::Timeouts::write>), 100, kMaxWait),
    within(account_key("daily_download", octets, "2500MB for Gmail, else 0", "The most that a bridge fetches from this account in 24 hours; it slows down before; 0 is no limit", "\"2GB\"",
                [](const Target& to, Value value) { to.account->daily_download = static_cast<std::uint64_t>(value.number); }), 0, kMaxOctets),
    within(account_key("daily_upload", octets, "500MB for Gmail, else 0", "The most that a bridge brings to this account in 24 hours; it slows down before; 0 is no limit", "\"400MB\"",
                [](const Target& to, Value value) { to.account->daily_upload = static_cast<std::uint64_t>(value.number); }), 0, kMaxOctets),
    copy_key("state", path, "mailferry/state.db below $XDG_STATE_HOME or ~/.local/state", "File that remembers what has been copied (--state)", "\"~/.local/state/mailferry/state.db\"",
                [](const Target& to, Value value) { to.copy->state_file = std::move(value.text); }),
    within(copy_key("connections", count, "0 (decided by what is measured)", "The most connections to each side (--connections)", "4",
                [](const Target& to, Value value) { to.copy->connections = static_cast<unsigned>(value.number); }), 0, kMaxConnections),
    within(copy_key("window", octets, "0 (decided by what is measured)", "The most octets that are sent before the server has confirmed them (--window)", "\"8MiB\"",
                [](const Target& to, Value value) { to.copy->window_octets = static_cast<std::uint64_t>(value.number); }), 0, kMaxWindow),
    copy_key("mailbox", texts, "[] (all)", "Patterns of the mailboxes to copy (--mailbox)", "[\"INBOX\", \"Projects/*\"]",
                [](const Target& to, Value value) { to.copy->mailbox = std::move(value.texts); }),
    copy_key("exclude", texts, "[]", "Patterns of the mailboxes to leave out (--exclude)", "[\"Trash\", \"Junk\"]",
                [](const Target& to, Value value) { to.copy->exclude = std::move(value.texts); }),
    copy_key("map", map_rules, "[]", "Mailboxes that get another name on the destination (--map)", "[\"Sent Items=Sent\"]",
                [](const Target& to, Value value) { to.copy->map = std::move(value.rules); }),
    bridge_key("to", text, "", "Name of the account that all mail is brought to", "\"archive\"",
                set_text<&Bridge::destination>),
    bridge_key("state", path, "mailferry/bridge.db below $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state", "File that remembers what has been delivered", "\"/var/lib/mailferry/bridge.db\"",
                set_text<&Bridge::state_file>),
    bridge_key("take_over", path, "", "State of imap-bridge (state.db) or of imap-to-gmail-sync (sync_state.json), read when the state is new, so that nothing is sent again", "\"/opt/imap-bridge/data/state.db\"",
                set_text<&Bridge::take_over>),
    one_of(bridge_key("mailbox_names", choice, "paths", "How mappings and report_mailbox spell mailboxes: with '/' between levels, '\\\\/' for a '/' of a name and '\\\\\\\\' for a backslash (paths), or as the server does, like INBOX.Work (server)", "\"server\"",
                [](const Target& to, Value value) { to.bridge->names = value.text == "server" ? MailboxNames::server : MailboxNames::paths; }), kNames),
    bridge_key("report_mailbox", text, "none", "Mailbox of the destination for the daily digest, which arrives unread; without it there is no digest", "\"Bridge/Reports\"",
                set_text<&Bridge::report_mailbox>),
    within(bridge_key("daily_hour", count, "7", "Hour of the day, in local time, at which the digest is sent and parked messages are tried again", "6",
                set_number<&Bridge::daily_hour>), 0, 23),
    within(bridge_key("destination_attempts", count, "8", "So many attempts in a row that fail mean that the destination is down: it is reported, and asked every backoff_most from then on; no message is parked for it", "12",
                set_number<&Bridge::destination_attempts>), 1, kMaxAttempts),
    within(bridge_key("message_attempts", count, "5", "How many times in a row a message may be refused before it is parked and others pass it", "3",
                set_number<&Bridge::message_attempts>), 1, kMaxAttempts),
    within(bridge_key("backoff_first", duration, "1s", "The first pause after a failure; each further one is twice as long", "\"2s\"",
                set_time<&Bridge::backoff_first>), kSecond, kHour),
    within(bridge_key("backoff_most", duration, "60s", "The longest such pause", "\"5min\"",
                set_time<&Bridge::backoff_most>), kSecond, kDay),
    within(bridge_key("dedup_memory", duration, "24h", "How long what was delivered is also kept in memory, so that the disk is not asked", "\"48h\"",
                set_time<&Bridge::dedup_memory>), kHour, 31 * kDay),
    within(bridge_key("error_retention_days", count, "0 (never)", "After so many days a parked message is given up and reported no more", "30",
                set_number<&Bridge::error_retention_days>), 0, kMaxDays),
    bridge_key("listen", address, "none", "Address and port of the status page, /healthz, /readyz and /metrics; an address that others than this machine can reach needs listen_reach", "\"127.0.0.1:8080\"",
                set_text<&Bridge::listen>),
    one_of(bridge_key("listen_reach", choice, "loopback", "Who may be able to reach the status page: only this machine (loopback), or everyone; it shows the names of accounts and mailboxes, and asks nobody for a password", "\"everyone\"",
                [](const Target& to, Value value) { to.bridge->listen_reach = value.text == "everyone" ? net::Reach::everyone : net::Reach::loopback; }), kReaches),
    bridge_key("log", log_target, "stderr", "Where the log goes: stderr, stdout, syslog, or a file that is rotated", "\"/var/log/mailferry/bridge.log\"",
                [](const Target& to, Value value) { log::set_target(value.text, to.bridge->log); }),
    one_of(bridge_key("log_level", choice, "info", "The least important lines to log; debug has a line for each message", "\"debug\"",
                set_level), kLevels),
    one_of(bridge_key("log_format", choice, "text", "Lines for people, or one JSON object a line", "\"json\"",
                [](const Target& to, Value value) { to.bridge->log.format = value.text == "json" ? log::Format::json : log::Format::text; }), kFormats),
    within(bridge_key("log_max_size", octets, "10MB", "A log file that would grow beyond this is rotated; 0 is never", "\"100MB\"",
                [](const Target& to, Value value) { to.bridge->log.most_octets = static_cast<std::uint64_t>(value.number); }), 0, kMaxOctets),
    within(bridge_key("log_max_files", count, "5", "How many rotated log files are kept, each compressed with zstd", "10",
                [](const Target& to, Value value) { to.bridge->log.most_files = static_cast<unsigned>(value.number); }), 0, 1000),
    source_key("account", text, "", "Name of the account whose mail is carried", "\"work\"",
                [](const Target& to, Value value) { to.source->account = std::move(value.text); }),
    source_key("mappings", mappings, "[]", "Which mailbox goes where; while a source has none, the bridge only lists the mailboxes of both sides and ends", "[{ from = \"INBOX\", to = \"INBOX\" }]",
                nullptr),
    source_key("new_only", boolean, "false", "The first run leaves alone what is there already and takes only what arrives from then on", "true",
                set_source_flag<&BridgeSource::new_only>),
    within(source_key("since", days, "7d for Gmail destinations, else all", "The first run takes only what arrived in the last so many days, or \"all\"", "\"7d\"",
                [](const Target& to, Value value) { to.source->since_days = static_cast<int>(value.number); }), 1, kMaxDays),
    within(source_key("retention_days", count, "0", "Days after which delivered messages are removed from the source; 0: never; -1: never, and the first run takes the whole history", "30",
                [](const Target& to, Value value) { to.source->retention = to_retention(value.number); }), -1, kMaxDays),
    source_key("idle", boolean, "true", "Let the server tell of new mail (NOTIFY, IDLE); false for servers where that is broken", "false",
                set_source_flag<&BridgeSource::idle>),
    within(source_key("idle_refresh", duration, "14min", "IDLE is begun anew after so long, before anyone on the way forgets the connection", "\"5min\"",
                set_source_time<&BridgeSource::idle_refresh>), 10 * kSecond, 29 * kMinute),
    within(source_key("poll_interval", duration, "10min", "How often the mailboxes are looked at where the server does not tell of new mail", "\"1min\"",
                set_source_time<&BridgeSource::poll_interval>), kSecond, kDay),
    source_key("follow_flags", boolean, "false", "Flags that change on the source after the delivery change on the destination too", "true",
                set_source_flag<&BridgeSource::follow_flags>),
    within(source_key("error_retention_days", count, "that of [bridge]", "After so many days a parked message of this source is given up; 0: never", "30",
                [](const Target& to, Value value) { to.source->error_retention_days = static_cast<int>(value.number); }), 0, kMaxDays),
    mapping_key("from", text, "Mailbox of the source", "\"INBOX\"",
                [](const Target& to, Value value) { to.mapping->from = std::move(value.text); }),
    mapping_key("to", text_or_texts, "Mailbox of the destination, or several; made when missing", "[\"INBOX\", \"Work\"]",
                [](const Target& to, Value value) { to.mapping->to = std::move(value.texts); }),
    mapping_key("labels", texts, "On Gmail labels that each message gets, elsewhere keywords", "[\"bridged\"]",
                [](const Target& to, Value value) { to.mapping->labels = std::move(value.texts); }),
};
// clang-format on

constexpr bool has_duplicates() {
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    for (std::size_t j = i + 1; j < kKeys.size(); ++j) {
      if (kKeys[i].section == kKeys[j].section && kKeys[i].name == kKeys[j].name) return true;
    }
  }
  return false;
}
static_assert(!has_duplicates());

}  // namespace

std::span<const Key> key_table() noexcept {
  return kKeys;
}

const Key* find_key(Section section, std::string_view name) noexcept {
  const auto key =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& k) { return k.section == section && k.name == name; });
  return key == kKeys.end() ? nullptr : &*key;
}

std::vector<std::string_view> key_names(Section section) {
  std::vector<std::string_view> names;
  for (const auto& key : kKeys) {
    if (key.section == section) names.push_back(key.name);
  }
  return names;
}

std::string_view section_title(Section section) noexcept {
  switch (section) {
    case Section::account:
      return "[account.NAME]";
    case Section::copy:
      return "[copy]";
    case Section::bridge:
      return "[bridge]";
    case Section::source:
      return "[[bridge.source]]";
    case Section::mapping:
      return "mappings";
  }
  return "";
}

std::string_view type_description(KeyType type) noexcept {
  switch (type) {
    case text:
      return "text";
    case path:
      return "a file name";
    case choice:
      return "one of";
    case count:
      return "a whole number";
    case octets:
      return "a size such as \"64MiB\"";
    case duration:
      return "a time such as \"30s\"";
    case days:
      return "a number of days such as \"7d\"";
    case boolean:
      return "true or false";
    case fingerprint:
      return "a SHA-256 fingerprint (64 hexadecimal digits)";
    case texts:
      return "a list of texts";
    case map_rules:
      return "a list of \"FROM=TO\"";
    case text_or_texts:
      return "text or a list of texts";
    case log_target:
      return "stderr, stdout, syslog or a file name";
    case address:
      return "an address and a port";
    case mappings:
      return "a list of { from, to, labels }";
  }
  return "";
}

}  // namespace mailferry::config
