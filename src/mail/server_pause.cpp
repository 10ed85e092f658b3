#include "mail/server_pause.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace mailferry {
namespace {

using Cause = ServerPause::Cause;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

/// A text longer than this says nothing more about waiting.
constexpr std::size_t kMostRead = 1'000;
/// The number stands this near behind the words that announce it.
constexpr std::size_t kReach = 32;
/// More digits would overflow, and mean "long" anyway.
constexpr std::size_t kMostDigits = 12;

struct Phrase {
  std::string_view words;
  Cause cause;
};
/// The first that occurs decides: Gmail puts [OVERQUOTA] before its texts on bandwidth.
constexpr std::array kPhrases{
    Phrase{"bandwidth", Cause::bandwidth},
    Phrase{"exceeded command", Cause::bandwidth},
    Phrase{"download limit", Cause::bandwidth},
    Phrase{"upload limit", Cause::bandwidth},
    Phrase{"daily limit", Cause::bandwidth},
    Phrase{"[overquota]", Cause::storage},
    Phrase{"over quota", Cause::storage},
    Phrase{"quota exceeded", Cause::storage},
    Phrase{"exceeded quota", Cause::storage},
    Phrase{"mailbox full", Cause::storage},
    Phrase{"mailbox is full", Cause::storage},
    Phrase{"simultaneous connections", Cause::connections},
    Phrase{"too many connections", Cause::connections},
    Phrase{"number of connections", Cause::connections},
    Phrase{"throttl", Cause::throttled},
    Phrase{"rate limit", Cause::throttled},
    Phrase{"too many requests", Cause::throttled},
    Phrase{"too many commands", Cause::throttled},
    Phrase{"too many logins", Cause::throttled},
    Phrase{"server is busy", Cause::throttled},
    Phrase{"server busy", Cause::throttled},
    Phrase{"back off", Cause::throttled},
    Phrase{"[limit]", Cause::throttled},
};

/// What announces a time.
constexpr std::array<std::string_view, 8> kAnnouncements{"backoff",   "back-off",  "back off", "retry-after",
                                                         "try again", "try later", "retry",    "wait"};

struct Unit {
  std::string_view name;
  std::uint64_t milliseconds;
};
constexpr std::uint64_t kSecond = 1'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::array kUnits{
    Unit{"ms", 1},           Unit{"msec", 1},     Unit{"millisecond", 1}, Unit{"s", kSecond},      Unit{"sec", kSecond},
    Unit{"second", kSecond}, Unit{"m", kMinute},  Unit{"min", kMinute},   Unit{"minute", kMinute}, Unit{"h", kHour},
    Unit{"hr", kHour},       Unit{"hour", kHour}, Unit{"d", 24 * kHour},  Unit{"day", 24 * kHour},
};

struct Pauses {
  milliseconds first;
  milliseconds ceiling;
};
Pauses pauses_of(Cause cause) {
  switch (cause) {
    case Cause::bandwidth:
      return {minutes(15), hours(4)};
    case Cause::storage:
      return {hours(1), hours(6)};
    case Cause::connections:
      return {minutes(1), minutes(15)};
    case Cause::throttled:
      return {minutes(1), hours(1)};
  }
  return {minutes(1), hours(1)};
}

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

std::string_view take_while(std::string_view& text, bool (*fits)(char)) {
  const auto end = std::ranges::find_if_not(text, fits);
  const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

const Unit* find_unit(std::string_view word) {
  const auto names = [word](const Unit& unit) {
    return word == unit.name || (word.ends_with('s') && word.substr(0, word.size() - 1) == unit.name);
  };
  const auto* found = std::ranges::find_if(kUnits, names);
  return found == kUnits.end() ? nullptr : found;
}

milliseconds bounded(std::uint64_t number, std::uint64_t unit) {
  const std::uint64_t longest = milliseconds(kLongestPause).count();
  return milliseconds(number > longest / unit ? longest : number * unit);
}

/// A number, a blank perhaps, and its unit; without a unit seconds are meant, unless it is part of a date or time.
std::optional<milliseconds> number_at(std::string_view text) {
  const auto digits = take_while(text, is_digit_ascii);
  std::uint64_t number = 0;
  for (const char digit : digits.substr(0, kMostDigits))
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  if (!text.empty() && (text.front() == ':' || text.front() == '-' || text.front() == '/')) return {};
  if (text.size() > 1 && text.front() == '.' && is_digit_ascii(text[1])) {  // a fraction counts as one more
    text.remove_prefix(1);
    take_while(text, is_digit_ascii);
    ++number;
  }
  take_while(text, [](char c) { return c == ' '; });
  const auto word = take_while(text, is_letter);
  const auto* unit = find_unit(word);
  return bounded(number, unit == nullptr ? kSecond : unit->milliseconds);
}

/// "an hour", "one minute".
std::optional<milliseconds> one_in(std::string_view text) {
  constexpr std::array<std::string_view, 3> kOnes{"a ", "an ", "one "};
  for (const auto one : kOnes) {
    const auto at = text.find(one);
    if (at == std::string_view::npos || (at > 0 && is_letter(text[at - 1]))) continue;
    auto rest = text.substr(at + one.size());
    if (const auto* unit = find_unit(take_while(rest, is_letter)); unit != nullptr)
      return bounded(1, unit->milliseconds);
  }
  return {};
}

std::optional<milliseconds> find_wait(std::string_view text) {
  for (const auto words : kAnnouncements) {
    const auto at = text.find(words);
    if (at == std::string_view::npos) continue;
    const auto rest = text.substr(at + words.size());
    const auto digit = rest.substr(0, kReach).find_first_of("0123456789");
    const auto wait = digit == std::string_view::npos ? one_in(rest.substr(0, kReach)) : number_at(rest.substr(digit));
    if (wait) return wait;
  }
  return {};
}

}  // namespace

std::optional<ServerPause> read_server_pause(std::string_view text) {
  const auto lower = to_lower_ascii(text.substr(0, kMostRead));
  const auto wait = find_wait(lower);
  for (const auto& phrase : kPhrases) {
    if (lower.find(phrase.words) != std::string::npos) return ServerPause{.cause = phrase.cause, .wait = wait};
  }
  if (!wait) return {};
  return ServerPause{.cause = Cause::throttled, .wait = wait};
}

milliseconds length_of(const ServerPause& pause, int in_a_row) {
  if (pause.wait) return *pause.wait;
  const auto [first, ceiling] = pauses_of(pause.cause);
  auto length = first;
  for (int time = 1; time < in_a_row && length < ceiling; ++time)
    length *= 2;
  return std::min(length, ceiling);
}

}  // namespace mailferry
