#include "report/digest_log.hpp"

#include "base/utf8.hpp"
#include "report/event_key.hpp"
#include "report/wall_text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace mailferry::report {
namespace {

namespace json = boost::json;

constexpr int kFormat = 1;

std::string key_of(DigestLevel level, std::string_view account, std::string_view text) {
  std::string key(level == DigestLevel::error ? "e" : "w");
  key += account;
  key += '\n';
  return key + event_key(text);
}

std::uint64_t minus(std::uint64_t left, std::uint64_t right) {
  return left > right ? left - right : 0;
}

json::object to_object(const DigestEvent& event) {
  return {{"level", event.level == DigestLevel::error ? "error" : "warning"},
          {"account", event.account},
          {"text", event.text},
          {"count", event.count},
          {"first", to_utc_text(event.first)},
          {"last", to_utc_text(event.last)}};
}

// Reading throws what boost::json throws for a member that is missing or of another kind; parse() catches it.

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
  return object.at(name).to_number<std::uint64_t>();
}

WallTime time_of(const json::object& object, std::string_view name) {
  return parse_utc_text(text_of(object, name)).value();
}

DigestEvent event_of(const json::object& object) {
  return {.level = text_of(object, "level") == "error" ? DigestLevel::error : DigestLevel::warning,
          .account = text_of(object, "account"),
          .text = text_of(object, "text"),
          .count = number_of(object, "count"),
          .first = time_of(object, "first"),
          .last = time_of(object, "last")};
}

}  // namespace

void DigestLog::add(DigestLevel level, std::string_view account, std::string_view text, WallTime now) {
  ++revision_;
  const auto name = sanitize_for_terminal(account);
  const auto shown = sanitize_for_terminal(text, kLongestText);
  const auto key = key_of(level, name, shown);
  auto place = events_.find(key);
  if (place == events_.end()) {
    if (events_.size() == kMostEvents) {
      ++others_;
      return;
    }
    place = events_.emplace(key, DigestEvent{.level = level, .account = name, .first = now}).first;
  }
  auto& event = place->second;
  event.text = shown;
  event.last = now;
  ++event.count;
}

DigestCounts* DigestLog::counts_for(std::string_view account) {
  const auto name = sanitize_for_terminal(account);
  auto place = counts_.find(name);
  if (place == counts_.end()) {
    if (counts_.size() == kMostAccounts) return nullptr;
    place = counts_.emplace(name, DigestCounts{}).first;
  }
  ++revision_;
  return &place->second;
}

void DigestLog::count_delivered(std::string_view account, std::uint64_t messages, std::uint64_t octets) {
  auto* counts = counts_for(account);
  if (counts == nullptr) return;
  counts->delivered += messages;
  counts->octets += octets;
}

void DigestLog::count_duplicates(std::string_view account, std::uint64_t messages) {
  if (auto* counts = counts_for(account)) counts->duplicates += messages;
}

void DigestLog::forget(const DigestLog& told, WallTime now) {
  ++revision_;
  for (const auto& [key, event] : told.events_) {
    const auto place = events_.find(key);
    if (place == events_.end()) continue;
    place->second.count = minus(place->second.count, event.count);
    place->second.first = std::max(place->second.first, event.last);
    if (place->second.count == 0) events_.erase(place);
  }
  for (const auto& [account, counts] : told.counts_) {
    const auto place = counts_.find(account);
    if (place == counts_.end()) continue;
    auto& left = place->second;
    left = {.delivered = minus(left.delivered, counts.delivered),
            .octets = minus(left.octets, counts.octets),
            .duplicates = minus(left.duplicates, counts.duplicates)};
    if (left.delivered + left.octets + left.duplicates == 0) counts_.erase(place);
  }
  others_ = minus(others_, told.others_);
  since_ = now;
}

std::vector<DigestEvent> DigestLog::events() const {
  std::vector<DigestEvent> all;
  for (const auto& [key, event] : events_)
    all.push_back(event);
  std::ranges::stable_sort(all, [](const DigestEvent& left, const DigestEvent& right) {
    return left.level != right.level ? left.level < right.level : left.count > right.count;
  });
  return all;
}

DigestCounts DigestLog::counts_of(const std::string& account) const {
  const auto place = counts_.find(account);
  return place == counts_.end() ? DigestCounts{} : place->second;
}

std::string DigestLog::to_text() const {
  json::array events;
  for (const auto& [key, event] : events_)
    events.push_back(to_object(event));
  json::object counts;
  for (const auto& [account, count] : counts_)
    counts[account] = json::array{count.delivered, count.octets, count.duplicates};
  return json::serialize(json::object{{"format", kFormat},
                                      {"since", to_utc_text(since_)},
                                      {"others", others_},
                                      {"events", std::move(events)},
                                      {"counts", std::move(counts)}});
}

Result<DigestLog> DigestLog::parse(std::string_view text) {
  const auto damaged = [] {
    return fail(ErrorKind::state_corrupt, Scope::run, "what was kept for the daily report cannot be read",
                "the next report tells only what happens from now on");
  };
  if (text.size() > kLongestSaved) return damaged();
  try {
    const auto value = json::parse(json::string_view(text.data(), text.size()));
    const auto& object = value.as_object();
    if (number_of(object, "format") != kFormat) return damaged();
    DigestLog log(time_of(object, "since"));
    log.others_ = number_of(object, "others");
    for (const auto& element : object.at("events").as_array()) {
      auto event = event_of(element.as_object());
      if (log.events_.size() == kMostEvents || event.text.size() > 4 * kLongestText) return damaged();
      const auto key = key_of(event.level, event.account, event.text);
      log.events_.insert_or_assign(key, std::move(event));
    }
    for (const auto& [account, numbers] : object.at("counts").as_object()) {
      const auto& array = numbers.as_array();
      if (log.counts_.size() == kMostAccounts || array.size() != 3) return damaged();
      log.counts_[std::string(account)] = {.delivered = array[0].to_number<std::uint64_t>(),
                                           .octets = array[1].to_number<std::uint64_t>(),
                                           .duplicates = array[2].to_number<std::uint64_t>()};
    }
    return log;
  } catch (const std::exception&) {
    return damaged();
  }
}

}  // namespace mailferry::report
