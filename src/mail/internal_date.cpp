#include "mail/internal_date.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace mailferry {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kSecondsPerDay = 86400;

/// Three letters in one number, case left out: a comparison a month where a date is read for each message.
constexpr std::uint32_t pack_month(std::string_view name) {
  std::uint32_t packed = 0;
  for (const char c : name.substr(0, 3))
    packed = packed << 8U | (static_cast<unsigned char>(c) | 0x20U);
  return packed;
}
constexpr auto kPackedMonths = [] {
  std::array<std::uint32_t, 12> packed{};
  for (std::size_t month = 0; month < packed.size(); ++month)
    packed.at(month) = pack_month(kMonths.at(month));
  return packed;
}();

struct CivilDate {
  std::int64_t year = 0;
  int month = 0;  // 1–12
  int day = 0;    // 1–31
};

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
/// the last day of its year, and in eras of 400 years, which all have 146,097 days.
constexpr std::int64_t days_from_civil(CivilDate date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

/// The inverse for days counted from 0000-03-01, where the eras begin.
constexpr CivilDate civil_from_days(std::uint32_t days) {
  const std::uint32_t era = days / 146097;
  const std::uint32_t day_of_era = days - era * 146097;
  const std::uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr std::int64_t kFirstDay = days_from_civil({0, 3, 1});
constexpr std::int64_t kFirstSecond = days_from_civil({1, 1, 1}) * kSecondsPerDay;
constexpr std::int64_t kLastSecond = days_from_civil({10000, 1, 1}) * kSecondsPerDay - 1;
static_assert(days_from_civil({1970, 1, 1}) == 0 && civil_from_days(-kFirstDay).year == 1970);

constexpr int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays.at(static_cast<std::size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
}

/// Two decimal digits of `number`, which has no more, to `out`; returns where they end.
char* put_two(char* out, unsigned number) {
  out[0] = static_cast<char>('0' + number / 10);
  out[1] = static_cast<char>('0' + number % 10);
  return out + 2;
}

/// Takes the text apart from the front; each step leaves it untouched and says no when something else is there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool literal(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (!is_digit_ascii(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  /// "7", " 7" or "07".
  std::optional<int> day() {
    literal(' ');
    if (const auto two = digits(2)) return two;
    return digits(1);
  }
  std::optional<int> month() {
    if (rest_.size() < 3) return std::nullopt;
    const auto packed = pack_month(rest_);
    const auto found = std::find(kPackedMonths.begin(), kPackedMonths.end(), packed);
    if (found == kPackedMonths.end()) return std::nullopt;
    rest_.remove_prefix(3);
    return static_cast<int>(found - kPackedMonths.begin()) + 1;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<CivilDate> read_date(Reader& reader) {
  const auto day = reader.day();
  if (!day || !reader.literal('-')) return std::nullopt;
  const auto month = reader.month();
  if (!month || !reader.literal('-')) return std::nullopt;
  const auto year = reader.digits(4);
  if (!year || *year < 1 || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  return CivilDate{*year, *month, *day};
}

/// Seconds since midnight; up to 86,400 because of the leap second.
std::optional<int> read_time(Reader& reader) {
  const auto hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.literal(':')) return std::nullopt;
  const auto minute = reader.digits(2);
  if (!minute || *minute > 59 || !reader.literal(':')) return std::nullopt;
  const auto second = reader.digits(2);
  if (!second || *second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

/// "-0700" or only "-07", in minutes east of UTC.
std::optional<int> read_zone(Reader& reader) {
  const bool west = reader.literal('-');
  if (!west && !reader.literal('+')) return std::nullopt;
  const auto hours = reader.digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  const int minutes = reader.digits(2).value_or(0);
  if (minutes > 59) return std::nullopt;
  const int total = *hours * 60 + minutes;
  return west ? -total : total;
}

/// Reads "17-Jul-1996 02:44:25 -0700" by its places, as nearly all dates are written: several times as fast as taking
/// it apart. What does not fit is unusual, not wrong.
class UsualDate {
 public:
  explicit UsualDate(std::string_view text) : text_(text), fits_(text.size() == kUsual.size()) {
    for (const std::size_t at : {2U, 6U, 11U, 14U, 17U, 20U})
      fits_ = fits_ && text_[at] == kUsual[at];
  }

  std::optional<InternalDate> read() {
    if (!fits_) return std::nullopt;
    const CivilDate date = {two(7) * 100 + two(9), month(), text_[0] == ' ' ? digit(1) : two(0)};
    const int hour = two(12), minute = two(15), second = two(18);
    const int zone_hour = two(22), zone_minute = two(24);
    const bool east = text_[21] == '+';
    if (!fits_ || hour > 23 || minute > 59 || second > 60 || zone_hour > 23 || zone_minute > 59 || date.year < 1 ||
        date.day < 1 || date.day > days_in_month(date.year, date.month) || !(east || text_[21] == '-'))
      return std::nullopt;
    const int zone = (zone_hour * 60 + zone_minute) * (east ? 1 : -1);
    return InternalDate{
        .seconds = days_from_civil(date) * kSecondsPerDay + hour * 3600 + minute * 60 + second - zone * 60,
        .zone_minutes = static_cast<std::int16_t>(zone)};
  }

 private:
  static constexpr std::string_view kUsual = "00-Jan-0000 00:00:00 +0000";

  int digit(std::size_t at) {
    const auto value = static_cast<unsigned char>(text_[at] - '0');
    fits_ = fits_ && value <= 9;
    return value;
  }
  int two(std::size_t at) { return digit(at) * 10 + digit(at + 1); }
  int month() {
    const auto found = std::ranges::find(kPackedMonths, pack_month(text_.substr(3, 3)));
    fits_ = fits_ && found != kPackedMonths.end();
    return static_cast<int>(found - kPackedMonths.begin()) + 1;
  }

  std::string_view text_;
  bool fits_;
};

std::optional<InternalDate> read(std::string_view text) {
  if (const auto usual = UsualDate(text).read()) return usual;
  Reader reader(text);
  const auto date = read_date(reader);
  if (!date || !reader.literal(' ')) return std::nullopt;
  const auto time = read_time(reader);
  if (!time || !reader.literal(' ')) return std::nullopt;
  const auto zone = read_zone(reader);
  if (!zone || !reader.at_end()) return std::nullopt;
  return InternalDate{.seconds = days_from_civil(*date) * kSecondsPerDay + *time - *zone * 60,
                      .zone_minutes = static_cast<std::int16_t>(*zone)};
}

}  // namespace

Result<InternalDate> InternalDate::parse(std::string_view text) {
  if (const auto date = read(text)) return *date;
  return fail(ErrorKind::protocol, Scope::message,
              fmt::format("\"{}\" is not an IMAP date and time", text.substr(0, 40)));
}

std::string InternalDate::to_string() const {
  const auto text = characters();
  return {text.data(), text.size()};
}

std::array<char, 26> InternalDate::characters() const noexcept {
  constexpr std::int64_t kFarthestZone = 24 * 60 - 1;
  const std::int64_t zone = std::clamp<std::int64_t>(zone_minutes, -kFarthestZone, kFarthestZone);
  // First clamped, so that the sum below cannot overflow, and again, as IMAP has four digits for a year.
  const std::int64_t near = std::clamp(seconds, kFirstSecond - kSecondsPerDay, kLastSecond + kSecondsPerDay);
  const std::int64_t local = std::clamp(near + zone * 60, kFirstSecond, kLastSecond);
  const auto of_era = static_cast<std::uint64_t>(local - kFirstDay * kSecondsPerDay);
  const auto days = static_cast<std::uint32_t>(of_era / kSecondsPerDay);
  const auto of_day = static_cast<unsigned>(of_era - std::uint64_t{days} * kSecondsPerDay);
  const CivilDate date = civil_from_days(days);
  const auto zone_size = static_cast<unsigned>(zone < 0 ? -zone : zone);
  // Written for each message: by hand, several times as fast as a format.
  std::array<char, 26> text;
  char* out = put_two(text.data(), static_cast<unsigned>(date.day));
  *out++ = '-';
  out = std::ranges::copy(kMonths.at(static_cast<std::size_t>(date.month - 1)), out).out;
  *out++ = '-';
  const auto year = static_cast<unsigned>(date.year);
  out = put_two(put_two(out, year / 100), year % 100);
  *out++ = ' ';
  out = put_two(out, of_day / 3600);
  *out++ = ':';
  out = put_two(out, of_day / 60 % 60);
  *out++ = ':';
  out = put_two(out, of_day % 60);
  *out++ = ' ';
  *out++ = zone < 0 ? '-' : '+';
  put_two(put_two(out, zone_size / 60), zone_size % 60);
  return text;
}

}  // namespace mailferry
