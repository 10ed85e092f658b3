// The text of a ledger: a line "quota 1", then lines of a word and numbers; times are milliseconds since 1970.
//   moved DOWN UP           when something was last moved; 0: never
//   hold SINCE LENGTH TIMES the server's last pause
//   ahead SINCE             buckets in the future were first seen then
//   hour HOUR DOWN UP       octets of one hour since 1970; ascending
#include "plan/quota_ledger.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace mailferry::plan {

namespace {

constexpr std::string_view kHeading = "quota 1";
constexpr std::uint64_t kLatest = 100'000'000'000'000;  // in the year 5138
constexpr std::uint64_t kMillisecondsOfAnHour = 3'600'000;
constexpr std::uint64_t kMostInARow = 100;

std::uint64_t to_number(QuotaTime time) {
  const auto count = time.time_since_epoch().count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

QuotaTime to_time(std::uint64_t number) {
  return QuotaTime(std::chrono::milliseconds(static_cast<std::int64_t>(number)));
}

/// Each of `limits` bounds one number; nothing: not exactly so many numbers within their bounds, as write() writes
/// them.
template <std::size_t Count>
std::optional<std::array<std::uint64_t, Count>> numbers_of(std::string_view text,
                                                           const std::array<std::uint64_t, Count>& limits) {
  std::array<std::uint64_t, Count> numbers{};
  for (std::size_t i = 0; i < Count; ++i) {
    if (!text.starts_with(' ')) return {};
    text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || numbers[i] > limits[i] || (digits > 1 && text.front() == '0')) return {};
    text.remove_prefix(digits);
  }
  if (!text.empty()) return {};
  return numbers;
}

}  // namespace

/// Reads the lines into a ledger; each line stands at most once, hours excepted.
class QuotaText {
 public:
  explicit QuotaText(QuotaLimits limits) : ledger_(limits) {}

  bool read_line(std::string_view line) {
    for (const auto& row : kRows) {
      if (line.starts_with(row.word) && line.substr(row.word.size()).starts_with(' '))
        return (this->*row.read)(line.substr(row.word.size()));
    }
    return false;
  }

  QuotaLedger take() {
    ledger_.window_ = QuotaWindow(std::move(buckets_), ahead_);
    return std::move(ledger_);
  }

  static std::string write(const QuotaLedger& ledger) {
    auto text = std::string(kHeading) + "\n";
    auto out = std::back_inserter(text);
    const auto moved = [&](std::size_t i) { return ledger.last_moved_[i] ? to_number(*ledger.last_moved_[i]) : 0; };
    if (moved(0) + moved(1) != 0) fmt::format_to(out, "moved {} {}\n", moved(0), moved(1));
    if (const auto& hold = ledger.hold_)
      fmt::format_to(out, "hold {} {} {}\n", to_number(hold->since), hold->length.count(), hold->in_a_row);
    if (const auto ahead = ledger.window_.ahead_since()) fmt::format_to(out, "ahead {}\n", to_number(*ahead));
    for (const auto& bucket : ledger.window_.buckets())
      fmt::format_to(out, "hour {} {} {}\n", bucket.hour, bucket.octets[0], bucket.octets[1]);
    return text;
  }

 private:
  bool read_moved(std::string_view text) {
    const auto numbers = numbers_of<2>(text, {kLatest, kLatest});
    if (!numbers || ledger_.last_moved_[0] || ledger_.last_moved_[1]) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      if ((*numbers)[i] != 0) ledger_.last_moved_[i] = to_time((*numbers)[i]);
    }
    return true;
  }

  bool read_hold(std::string_view text) {
    constexpr std::uint64_t kLongest = std::chrono::milliseconds(kLongestPause).count();
    const auto numbers = numbers_of<3>(text, {kLatest, kLongest, kMostInARow});
    if (!numbers || ledger_.hold_) return false;
    ledger_.hold_ = QuotaLedger::Hold{.since = to_time((*numbers)[0]),
                                      .length = std::chrono::milliseconds(static_cast<std::int64_t>((*numbers)[1])),
                                      .in_a_row = static_cast<int>((*numbers)[2])};
    return true;
  }

  bool read_ahead(std::string_view text) {
    const auto numbers = numbers_of<1>(text, {kLatest});
    if (!numbers || ahead_) return false;
    ahead_ = to_time((*numbers)[0]);
    return true;
  }

  bool read_hour(std::string_view text) {
    const auto numbers =
        numbers_of<3>(text, {kLatest / kMillisecondsOfAnHour, QuotaWindow::kMostOctets, QuotaWindow::kMostOctets});
    if (!numbers || buckets_.size() == QuotaWindow::kMostBuckets) return false;
    const auto hour = static_cast<std::int64_t>((*numbers)[0]);
    if (!buckets_.empty() && buckets_.back().hour >= hour) return false;
    buckets_.push_back({.hour = hour, .octets = {(*numbers)[1], (*numbers)[2]}});
    return true;
  }

  struct Row {
    std::string_view word;
    bool (QuotaText::*read)(std::string_view);
  };
  static const std::array<Row, 4> kRows;

  QuotaLedger ledger_;
  std::vector<QuotaWindow::Bucket> buckets_;
  std::optional<QuotaTime> ahead_;
};

constexpr std::array<QuotaText::Row, 4> QuotaText::kRows{
    Row{"moved", &QuotaText::read_moved},
    Row{"hold", &QuotaText::read_hold},
    Row{"ahead", &QuotaText::read_ahead},
    Row{"hour", &QuotaText::read_hour},
};

std::string QuotaLedger::to_text() const {
  return QuotaText::write(*this);
}

Result<QuotaLedger> QuotaLedger::parse(std::string_view text, QuotaLimits limits) {
  const auto damaged = [] {
    return fail(ErrorKind::state_corrupt, Scope::run, "the ledger of what was moved today cannot be read",
                "it begins anew; the provider's limit may be met once");
  };
  const auto heading = std::string(kHeading) + "\n";
  if (text.size() > kMostText || !text.starts_with(heading) || !text.ends_with('\n')) return damaged();
  text.remove_prefix(heading.size());
  QuotaText reader(limits);
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (!reader.read_line(text.substr(0, end))) return damaged();
    text.remove_prefix(end + 1);
  }
  return reader.take();
}

}  // namespace mailferry::plan
