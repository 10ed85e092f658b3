#include "report/status_json.hpp"

#include "base/utf8.hpp"
#include "report/verdict.hpp"
#include "report/wall_text.hpp"

#include <boost/json.hpp>

#include <array>

namespace mailferry::report {
namespace {

namespace json = boost::json;

/// What is remembered of a server's answer may be no UTF-8; JSON must be.
json::string clean(const std::string& text) {
  return json::string(is_valid_utf8(text) ? text : sanitize_for_terminal(text));
}

void put(json::object& object, std::string_view name, const std::optional<WallTime>& time) {
  object[name] = time ? json::value(to_utc_text(*time)) : json::value(nullptr);
}

json::object to_object(const QuotaStatus& quota) {
  json::object object{
      {"down", quota.down}, {"up", quota.up}, {"down_limit", quota.down_limit}, {"up_limit", quota.up_limit}};
  put(object, "resumes_at", quota.resumes_at);
  put(object, "done_at", quota.done_at);
  return object;
}

json::object to_object(const AccountStatus& account) {
  json::object object{{"account", clean(account.account)},
                      {"is_destination", account.is_destination},
                      {"health", to_word(account.health)},
                      {"watching", clean(account.watching)},
                      {"last_error", clean(account.last_error)},
                      {"delivered", account.delivered},
                      {"delivered_octets", account.delivered_octets},
                      {"duplicates", account.duplicates},
                      {"queued", account.queued},
                      {"reconnects", account.reconnects},
                      {"connections", account.connections},
                      {"quota", to_object(account.quota)}};
  put(object, "last_error_at", account.last_error_at);
  put(object, "last_success", account.last_success);
  put(object, "last_delivery", account.last_delivery);
  return object;
}

json::object to_object(const ParkedStatus& parked) {
  json::object object{{"account", clean(parked.account)},
                      {"mailbox", clean(parked.mailbox)},
                      {"destination", clean(parked.destination)},
                      {"uid", parked.uid},
                      {"reason", clean(parked.reason)},
                      {"remedy", clean(parked.remedy)},
                      {"attempts", parked.attempts}};
  put(object, "since", parked.since);
  return object;
}

template <class Item>
json::array to_array(const std::vector<Item>& items) {
  json::array array;
  for (const auto& item : items)
    array.push_back(to_object(item));
  return array;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts)
    array.push_back(clean(text));
  return array;
}

// Reading. Each take() leaves the value as it is where the member is missing or of another kind.

void take(const json::object& object, std::string_view name, std::string& value) {
  const auto* member = object.if_contains(name);
  if (member != nullptr && member->is_string()) value = std::string(member->get_string());
}

void take(const json::object& object, std::string_view name, bool& value) {
  const auto* member = object.if_contains(name);
  if (member != nullptr && member->is_bool()) value = member->get_bool();
}

template <class Number>
requires(std::is_integral_v<Number>) void take(const json::object& object, std::string_view name, Number& value) {
  const auto* member = object.if_contains(name);
  if (member == nullptr) return;
  boost::system::error_code failure;
  const auto number = member->to_number<Number>(failure);
  if (!failure) value = number;
}

void take(const json::object& object, std::string_view name, std::optional<WallTime>& value) {
  std::string text;
  take(object, name, text);
  value = parse_utc_text(text);
}

void take(const json::object& object, std::string_view name, Health& value) {
  std::string word;
  take(object, name, word);
  for (const auto health : kAllHealth) {
    if (word == to_word(health)) value = health;
  }
}

void read(const json::object& object, QuotaStatus& quota) {
  take(object, "down", quota.down);
  take(object, "up", quota.up);
  take(object, "down_limit", quota.down_limit);
  take(object, "up_limit", quota.up_limit);
  take(object, "resumes_at", quota.resumes_at);
  take(object, "done_at", quota.done_at);
}

void read(const json::object& object, AccountStatus& account) {
  take(object, "account", account.account);
  take(object, "is_destination", account.is_destination);
  take(object, "health", account.health);
  take(object, "watching", account.watching);
  take(object, "last_error", account.last_error);
  take(object, "last_error_at", account.last_error_at);
  take(object, "last_success", account.last_success);
  take(object, "last_delivery", account.last_delivery);
  take(object, "delivered", account.delivered);
  take(object, "delivered_octets", account.delivered_octets);
  take(object, "duplicates", account.duplicates);
  take(object, "queued", account.queued);
  take(object, "reconnects", account.reconnects);
  take(object, "connections", account.connections);
  const auto* quota = object.if_contains("quota");
  if (quota != nullptr && quota->is_object()) read(quota->get_object(), account.quota);
}

void read(const json::object& object, ParkedStatus& parked) {
  take(object, "account", parked.account);
  take(object, "mailbox", parked.mailbox);
  take(object, "destination", parked.destination);
  take(object, "uid", parked.uid);
  take(object, "reason", parked.reason);
  take(object, "remedy", parked.remedy);
  take(object, "attempts", parked.attempts);
  take(object, "since", parked.since);
}

template <class Item>
void read_all(const json::object& object, std::string_view name, std::vector<Item>& items) {
  const auto* member = object.if_contains(name);
  if (member == nullptr || !member->is_array()) return;
  for (const auto& element : member->get_array()) {
    if (element.is_object()) read(element.get_object(), items.emplace_back());
  }
}

}  // namespace

std::string to_json(const BridgeStatus& status, WallTime now) {
  const auto judgement = judge(status);
  json::object object{{"version", clean(status.version)},       {"now", to_utc_text(now)},
                      {"started", to_utc_text(status.started)}, {"verdict", to_word(judgement.verdict)},
                      {"reasons", to_array(judgement.reasons)}, {"accounts", to_array(status.accounts)},
                      {"parked", to_array(status.parked)},      {"journal_commits", status.journal_commits},
                      {"journal_octets", status.journal_octets}};
  put(object, "next_report", status.next_report);
  return json::serialize(object);
}

std::string to_json(const ParkedStatus& parked) {
  auto object = to_object(parked);
  object["event"] = "failure";
  return json::serialize(object);
}

Result<BridgeStatus> parse_status(std::string_view text) {
  boost::system::error_code failure;
  const auto value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure || !value.is_object() || !value.get_object().contains("accounts"))
    return fail(ErrorKind::protocol, Scope::run, "the status of the bridge cannot be read",
                "do the bridge and this program have the same version?");
  const auto& object = value.get_object();
  BridgeStatus status;
  std::optional<WallTime> started;
  take(object, "version", status.version);
  take(object, "started", started);
  status.started = started.value_or(WallTime{});
  read_all(object, "accounts", status.accounts);
  read_all(object, "parked", status.parked);
  take(object, "journal_commits", status.journal_commits);
  take(object, "journal_octets", status.journal_octets);
  take(object, "next_report", status.next_report);
  return status;
}

}  // namespace mailferry::report
