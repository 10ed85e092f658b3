#include "auth/oauth/timestamps.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

namespace mailferry::auth {
namespace {

/// Takes from the front of a text; the first thing that does not fit spoils all.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || !is_digit_ascii(rest_[i])) return spoil();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool optional_one_of(std::string_view characters) {
    if (rest_.empty() || !characters.contains(rest_.front())) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void one_of(std::string_view characters) {
    if (!optional_one_of(characters)) spoil();
  }
  void digits() {
    while (optional_one_of("0123456789")) {
    }
  }
  [[nodiscard]] bool is_whole() const { return good_ && rest_.empty(); }
  [[nodiscard]] bool is_good() const { return good_; }

 private:
  int spoil() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

std::chrono::minutes take_zone(Taker& text) {
  if (text.optional_one_of("Zz")) return {};
  const bool east = text.optional_one_of("+");
  if (!east && !text.optional_one_of("-")) return {};
  const std::chrono::hours hours(text.number(2));
  text.one_of(":");
  const auto offset = hours + std::chrono::minutes(text.number(2));
  return east ? offset : -offset;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  Taker taker(text);
  const year y(taker.number(4));
  taker.one_of("-");
  const month m(static_cast<unsigned>(taker.number(2)));
  taker.one_of("-");
  const year_month_day date(y, m, day(static_cast<unsigned>(taker.number(2))));
  taker.one_of("Tt ");
  const hours hour(taker.number(2));
  taker.one_of(":");
  const minutes minute(taker.number(2));
  taker.one_of(":");
  const seconds second(taker.number(2));
  if (taker.optional_one_of(".")) taker.digits();
  const auto offset = take_zone(taker);
  if (!taker.is_whole() || !date.ok() || hour > hours(23) || minute > minutes(59) || second > seconds(60)) return {};
  return sys_days(date) + hour + minute + second - offset;
}

std::string format_timestamp(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace mailferry::auth
