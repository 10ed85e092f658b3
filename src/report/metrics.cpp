#include "report/metrics.hpp"

#include "report/verdict.hpp"
#include "report/wall_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace mailferry::report {
namespace {

using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

/// The values of one metric: each with the labels that tell it from the others.
class Values {
 public:
  explicit Values(prometheus::MetricFamily& family) : family_(family) {}

  void add(double value, Labels labels = {}) {
    auto& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
  void add(const std::optional<WallTime>& time, Labels labels) {
    if (time) add(static_cast<double>(to_seconds(*time)), std::move(labels));
  }

 private:
  prometheus::MetricFamily& family_;
};

Labels of(const AccountStatus& account) {
  return {{"account", account.account}, {"role", account.is_destination ? "destination" : "source"}};
}

Labels with(Labels labels, const char* name, const char* value) {
  labels.push_back({name, value});
  return labels;
}

template <auto Member>
void each_account(const BridgeStatus& status, Values& values) {
  for (const auto& account : status.accounts) {
    if constexpr (requires { (account.*Member).has_value(); }) {
      values.add(account.*Member, of(account));
    } else {
      values.add(static_cast<double>(account.*Member), of(account));
    }
  }
}

template <auto Down, auto Up>
void each_direction(const BridgeStatus& status, Values& values) {
  for (const auto& account : status.accounts) {
    values.add(static_cast<double>(account.quota.*Down), with(of(account), "direction", "down"));
    values.add(static_cast<double>(account.quota.*Up), with(of(account), "direction", "up"));
  }
}

void each_health(const BridgeStatus& status, Values& values) {
  for (const auto& account : status.accounts) {
    for (const auto health : kAllHealth)
      values.add(account.health == health ? 1 : 0, with(of(account), "health", to_word(health)));
  }
}

void quota_resumes(const BridgeStatus& status, Values& values) {
  for (const auto& account : status.accounts)
    values.add(account.quota.resumes_at, of(account));
}

void parked(const BridgeStatus& status, Values& values) {
  for (const auto& account : status.accounts) {
    const auto count = std::ranges::count(status.parked, account.account, &ParkedStatus::account);
    if (!account.is_destination) values.add(static_cast<double>(count), of(account));
  }
}

struct Row {
  const char* name;
  MetricType type;
  const char* labels;  // for the manual
  const char* help;
  void (*collect)(const BridgeStatus&, Values&);
};

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr const char* kAccount = "account, role";
constexpr const char* kDirection = "account, role, direction";

using A = AccountStatus;
using Q = QuotaStatus;

// clang-format off
const std::array kRows{
    Row{"mailferry_build_info", kGauge, "version", "Always 1; the version is a label",
        [](const BridgeStatus& s, Values& v) { v.add(1, {{"version", s.version}}); }},
    Row{"mailferry_start_time_seconds", kGauge, "", "When the bridge started, in seconds since 1970",
        [](const BridgeStatus& s, Values& v) { v.add(std::optional(s.started), {}); }},
    Row{"mailferry_healthy", kGauge, "", "1 while mail can be carried; 0 when the destination or every source fails",
        [](const BridgeStatus& s, Values& v) { v.add(judge(s).verdict == Verdict::failing ? 0 : 1); }},
    Row{"mailferry_account_health", kGauge, "account, role, health", "1 for the state that the account is in, 0 for the others", each_health},
    Row{"mailferry_account_last_success_timestamp_seconds", kGauge, kAccount, "The last look at the account that ended well", each_account<&A::last_success>},
    Row{"mailferry_account_last_delivery_timestamp_seconds", kGauge, kAccount, "The last message that was delivered", each_account<&A::last_delivery>},
    Row{"mailferry_account_last_error_timestamp_seconds", kGauge, kAccount, "The last error", each_account<&A::last_error_at>},
    Row{"mailferry_delivered_messages_total", kCounter, kAccount, "Messages delivered since the start", each_account<&A::delivered>},
    Row{"mailferry_delivered_bytes_total", kCounter, kAccount, "Octets of these messages", each_account<&A::delivered_octets>},
    Row{"mailferry_duplicate_messages_total", kCounter, kAccount, "Messages that were on the destination already", each_account<&A::duplicates>},
    Row{"mailferry_queued_messages", kGauge, kAccount, "Messages that are known and not yet delivered", each_account<&A::queued>},
    Row{"mailferry_parked_messages", kGauge, kAccount, "Messages that were given up for now (mailferry failures)", parked},
    Row{"mailferry_reconnects_total", kCounter, kAccount, "Connections that had to be replaced", each_account<&A::reconnects>},
    Row{"mailferry_connections", kGauge, kAccount, "Connections that are open", each_account<&A::connections>},
    Row{"mailferry_quota_used_bytes", kGauge, kDirection, "Octets moved in the last 24 hours", each_direction<&Q::down, &Q::up>},
    Row{"mailferry_quota_limit_bytes", kGauge, kDirection, "What may be moved in 24 hours; 0: no limit", each_direction<&Q::down_limit, &Q::up_limit>},
    Row{"mailferry_quota_resumes_timestamp_seconds", kGauge, kAccount, "Until when the account is held back; absent: it is not", quota_resumes},
    Row{"mailferry_journal_commits_total", kCounter, "", "Commits of the state file since the start",
        [](const BridgeStatus& s, Values& v) { v.add(static_cast<double>(s.journal_commits)); }},
    Row{"mailferry_journal_bytes_total", kCounter, "", "Octets written to the state since the start",
        [](const BridgeStatus& s, Values& v) { v.add(static_cast<double>(s.journal_octets)); }},
};
// clang-format on

}  // namespace

std::string to_metrics(const BridgeStatus& status) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& row : kRows) {
    prometheus::MetricFamily family{.name = row.name, .help = row.help, .type = row.type, .metric = {}};
    Values values(family);
    row.collect(status, values);
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::string metrics_markdown() {
  std::string text = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const auto& row : kRows)
    fmt::format_to(std::back_inserter(text), "| `{}` | {} | {} | {} |\n", row.name,
                   row.type == kCounter ? "counter" : "gauge", row.labels, row.help);
  return text;
}

}  // namespace mailferry::report
