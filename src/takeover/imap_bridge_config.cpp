#include "takeover/imap_bridge_config.hpp"

#include "base/ascii.hpp"
#include "config/user_text.hpp"
#include "takeover/foreign_bridge.hpp"
#include "takeover/json_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace mailferry::takeover {
namespace {

constexpr const char* kStateFile = "data/state.db";
constexpr std::int64_t kMostDays = 36'500;
constexpr std::int64_t kMostSeconds = 86'400;

/// The same for the destination and for each source.
struct AccountText {
  std::string host;
  std::string user;
  Secret password;
  std::string security;
  bool skip_verify = false;
  bool is_gmail = false;
  std::string credentials_file;
  std::string token_file;
};

/// "INBOX" in any case is one mailbox (RFC 3501 §5.1).
std::string folded(const std::string& mailbox) {
  return equal_ascii_nocase(mailbox, "INBOX") ? "INBOX" : mailbox;
}

/// How messages call an account: "destination.host is required", "sources[0] (alice): host is required".
struct Side {
  std::string prefix;
  std::string_view plural;
};

class ImapBridgeConfig {
 public:
  ImapBridgeConfig(const std::string& file, Findings& findings) : file_(file), findings_(findings) {}

  config::Config read(const boost::json::object& object) {
    ObjectReader root(object, "", findings_);
    if (root.flag("debug")) bridge_.log.level = log::Level::debug;
    bridge_.names = config::MailboxNames::server;
    take_over_state(beside(file_, kStateFile), bridge_);
    if (const auto* sync = root.object("sync")) read_sync(*sync);
    // An absent destination has all the problems of an empty one.
    const auto* destination = root.object("destination");
    read_destination(destination != nullptr ? *destination : boost::json::object());
    read_sources(root.list("sources"));
    config_.bridge = std::move(bridge_);
    return std::move(config_);
  }

 private:
  void problem(std::string text) { findings_.problems.push_back(std::move(text)); }
  void warn(std::string text) { findings_.warnings.push_back(std::move(text)); }

  /// At most what is allowed; nothing and numbers below 1 mean the default.
  std::int64_t bounded(ObjectReader& reader, std::string_view key, std::int64_t standard, std::int64_t most) {
    const auto number = reader.number(key).value_or(0);
    if (number <= 0) return standard;
    if (number > most) warn(fmt::format("{} is more than {}, which is used", reader.place_of(key), most));
    return std::min(number, most);
  }

  void read_sync(const boost::json::object& object) {
    constexpr std::int64_t kMostAttempts = 1000;
    constexpr std::int64_t kMostHours = 31 * 24;
    ObjectReader sync(object, "sync", findings_);
    using std::chrono::seconds;
    bridge_.destination_attempts = static_cast<int>(bounded(sync, "max_dest_attempts", 8, kMostAttempts));
    bridge_.message_attempts = static_cast<int>(bounded(sync, "max_msg_attempts", 5, kMostAttempts));
    bridge_.dedup_memory = std::chrono::hours(bounded(sync, "dedup_cache_ttl_hours", 24, kMostHours));
    bridge_.backoff_first = seconds(bounded(sync, "backoff_base_seconds", 1, 3600));
    bridge_.backoff_most =
        std::max(seconds(bounded(sync, "backoff_max_seconds", 60, kMostSeconds)), bridge_.backoff_first);
    bridge_.error_retention_days = static_cast<int>(bounded(sync, "max_error_retention_days", 0, kMostDays));
    read_hour(sync);
  }

  void read_hour(ObjectReader& sync) {
    const auto hour = sync.number("daily_retry_hour").value_or(bridge_.daily_hour);
    if (hour >= 0 && hour <= 23)
      bridge_.daily_hour = static_cast<int>(hour);
    else
      warn(fmt::format("sync.daily_retry_hour is no hour of the day; {} is used", bridge_.daily_hour));
  }

  void read_destination(const boost::json::object& object) {
    ObjectReader reader(object, "destination", findings_);
    const auto text = read_account(reader);
    bridge_.report_mailbox = reader.text("report_label");
    const Side side{.prefix = "destination.", .plural = "destinations"};
    if (text.host.empty()) problem("destination.host is required");
    if (text.user.empty()) problem("destination.user is required");
    bridge_.destination = add(side, text);
  }

  void read_sources(const boost::json::array* list) {
    if (list == nullptr || list->empty()) return problem("at least one source is required");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if ((*list)[i].is_object())
        read_source((*list)[i].get_object(), i);
      else
        problem(fmt::format("sources[{}] must be an object, in braces", i));
    }
  }

  void read_source(const boost::json::object& object, std::size_t index) {
    ObjectReader reader(object, fmt::format("sources[{}]", index), findings_);
    const auto text = read_account(reader);
    const Side side{.prefix = fmt::format("sources[{}] ({}): ", index, config::shown(text.user)), .plural = "sources"};
    if (text.host.empty()) problem(side.prefix + "host is required");
    if (text.user.empty()) problem(fmt::format("sources[{}]: user is required", index));
    config::BridgeSource source;
    source.account = add(side, text);
    read_policy(reader, side, source);
    const auto* mappings = reader.list("mappings");
    const auto before = findings_.problems.size();
    if (mappings != nullptr) read_mappings(*mappings, side, source);
    // One without mappings would end the bridge with a list of mailboxes; this one has some, of which all are known.
    const bool is_twice = mappings != nullptr && !mappings->empty() && source.mappings.empty();
    if (is_twice && findings_.problems.size() == before)
      return warn(side.prefix + "all that it maps is mapped by a source before it, whose settings count");
    bridge_.sources.push_back(std::move(source));
  }

  AccountText read_account(ObjectReader& reader) {
    AccountText text;
    text.host = reader.text("host");
    text.user = reader.text("user");
    text.password = reader.secret("pass");
    text.security = reader.text("security");
    text.skip_verify = reader.flag("skip_verify");
    text.credentials_file = beside(file_, reader.text("credentials_file"));
    text.token_file = beside(file_, reader.text("token_file"));
    const auto provider = reader.text("provider");
    text.is_gmail = provider == "gmail";
    if (!text.is_gmail && !provider.empty())
      warn(fmt::format("{} is not \"gmail\" and means nothing", reader.place_of("provider")));
    return text;
  }

  std::string add(const Side& side, const AccountText& text) {
    config::Account account;
    account.user = text.user;
    check_credentials(side, text);
    if (text.is_gmail)
      account.oauth = google(text.credentials_file, text.token_file);
    else
      account.secret = {.kind = auth::SecretSource::Kind::literal, .literal = text.password};
    protect(side, text, account);
    if (!text.host.empty() && !read_address(text.host, account.endpoint))
      problem(fmt::format("{}host is not HOST:PORT", side.prefix));
    if (config::has_control(text.user)) problem(side.prefix + "user contains a control character");
    return add_account(std::move(account), config_);
  }

  void check_credentials(const Side& side, const AccountText& text) {
    if (text.is_gmail && text.credentials_file.empty())
      problem(side.prefix + "credentials_file is required when provider=gmail");
    if (text.is_gmail && text.token_file.empty()) problem(side.prefix + "token_file is required when provider=gmail");
    if (!text.is_gmail && text.password.empty())
      problem(fmt::format("{}pass is required for non-Gmail {}", side.prefix, side.plural));
  }

  void protect(const Side& side, const AccountText& text, config::Account& account) {
    auto& endpoint = account.endpoint;
    endpoint.security = text.security == "ssl"   ? net::Security::tls
                        : text.security == "tls" ? net::Security::starttls
                                                 : net::Security::plaintext;
    endpoint.port = endpoint.security == net::Security::tls ? 993 : 143;
    account.allow_plaintext = endpoint.security == net::Security::plaintext;
    if (!text.security.empty() && account.allow_plaintext) {
      account.allow_plaintext = false;
      return problem(fmt::format("{}security \"{}\" is invalid — use ssl, tls, or omit for plain", side.prefix,
                                 config::shown(text.security)));
    }
    if (account.allow_plaintext || !text.skip_verify) return;
    // Nobody who could change what is on the way may be trusted for longer than this once.
    account.trust_first_use = true;
    warn(side.prefix +
         "skip_verify: the first certificate that the server shows is trusted, and no other ever after; for the "
         "authorities remove it, for one certain certificate use tls_fingerprint in mailferry.toml");
  }

  void read_policy(ObjectReader& reader, const Side& side, config::BridgeSource& source) {
    const auto days = std::min(reader.number("retention_days").value_or(0), kMostDays);
    if (days < 0) source.retention.kind = config::Retention::Kind::full_history;
    if (days > 0) source.retention = {.kind = config::Retention::Kind::prune, .days = static_cast<int>(days)};
    source.idle = !reader.flag("disable_idle");
    source.poll_interval = std::chrono::seconds(bounded(reader, "poll_interval", 600, kMostSeconds));
    source.new_only = reader.flag("sync_new_only");
    if (source.new_only && days > 0) {
      source.new_only = false;
      warn(side.prefix + "sync_new_only means nothing with retention_days above 0");
    }
    // This tool knows no other bound.
    if (!source.new_only) source.since_days = 0;
    if (const auto most = reader.number("max_error_retention_days"))
      source.error_retention_days = static_cast<int>(std::clamp<std::int64_t>(*most, 0, kMostDays));
  }

  void read_mappings(const boost::json::array& list, const Side& side, config::BridgeSource& source) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto place = fmt::format("mappings[{}]", i);
      if (list[i].is_object())
        read_mapping(list[i].get_object(), side, place, source);
      else
        problem(fmt::format("{}{} must be an object, in braces", side.prefix, place));
    }
  }

  void read_mapping(const boost::json::object& object, const Side& side, const std::string& place,
                    config::BridgeSource& source) {
    ObjectReader reader(object, side.prefix + place, findings_);
    config::BridgeMapping mapping;
    mapping.from = reader.text("from");
    auto to = reader.texts("to", ObjectReader::Single::allowed);
    std::erase(to, "");
    mapping.labels = reader.texts("labels", ObjectReader::Single::refused);
    std::erase(mapping.labels, "");
    if (mapping.from.empty()) problem(fmt::format("{}{}.from is required", side.prefix, place));
    if (to.empty()) return problem(fmt::format("{}{}.to must have at least one destination", side.prefix, place));
    keep_new(to, side.prefix + place, source.account, mapping);
    if (!mapping.to.empty()) source.mappings.push_back(std::move(mapping));
  }

  /// The same for all names of one account.
  [[nodiscard]] std::string identity_of(const std::string& account) const {
    const auto* own = config_.find(account);
    if (own == nullptr) return account;
    const auto same = [own](const config::Account& other) { return config::is_same_account(other, *own); };
    return std::ranges::find_if(config_.accounts, same)->name;
  }

  /// What is mapped already stays as it was mapped first.
  void keep_new(const std::vector<std::string>& to, const std::string& place, const std::string& account,
                config::BridgeMapping& mapping) {
    for (const auto& mailbox : to) {
      if (routes_.emplace(identity_of(account), folded(mapping.from), folded(mailbox)).second)
        mapping.to.push_back(mailbox);
      else
        warn(fmt::format("{}: '{}' goes to '{}' already; once is enough", place, config::shown(mapping.from),
                         config::shown(mailbox)));
    }
  }

  const std::string& file_;
  Findings& findings_;
  config::Config config_;
  config::Bridge bridge_;
  std::set<std::tuple<std::string, std::string, std::string>> routes_;
};

}  // namespace

Result<config::Config> read_imap_bridge_config(const boost::json::object& object, const std::string& file) {
  Findings findings;
  auto config = ImapBridgeConfig(file, findings).read(object);
  return finish(std::move(config), std::move(findings), file);
}

}  // namespace mailferry::takeover
