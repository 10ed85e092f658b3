#include "state/run_text.hpp"

#include "state/run_table.hpp"

#include <fmt/format.h>

#include <charconv>

namespace mailferry::state {
namespace {

void put(std::string& text, std::uint64_t number) {
  const fmt::format_int digits(number);
  text.append(digits.data(), digits.size());
}

/// The destination UID that a run begins with unless it tells another one.
std::uint64_t expected_destination(const SettledRun& before) {
  return before.destination == 0 ? 0 : std::uint64_t{before.destination} + before.count;
}

/// `mark` and a number at the front; `number` stays as it is where there is none. False: no number behind the mark.
bool take(std::string_view& text, char mark, std::uint64_t& number) {
  if (mark != '\0') {
    if (!text.starts_with(mark)) return true;
    text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// COUNT[+GAP][@DESTINATION][ FLAGS]
std::optional<SettledRun> parse_run(std::string_view line, std::uint64_t source, std::uint64_t destination) {
  constexpr std::uint64_t kMost = 0xFFFFFFFFULL;
  std::uint64_t count = 0;
  std::uint64_t gap = 0;
  if (!take(line, '\0', count) || !take(line, '+', gap) || !take(line, '@', destination)) return {};
  if (!line.empty() && line.front() != ' ') return {};
  if (count > kMost || gap > kMost || destination > kMost || source + gap > kMost) return {};
  SettledRun run{.source = static_cast<Uid>(source + gap),
                 .count = static_cast<std::uint32_t>(count),
                 .destination = static_cast<Uid>(destination),
                 .flags = Flags::from_string(line.substr(line.empty() ? 0 : 1))};
  if (!is_possible(run)) return {};
  return run;
}

}  // namespace

std::string to_text(std::span<const SettledRun> runs) {
  constexpr std::size_t kUsualRun = 16;
  std::string text;
  text.reserve(runs.size() * kUsualRun);
  const SettledRun* before = nullptr;
  for (const SettledRun& run : runs) {
    if (before != nullptr) text += '\n';
    put(text, run.count);
    if (before != nullptr && run.source != end_of(*before)) put(text += '+', run.source - end_of(*before));
    if (before == nullptr || run.destination != expected_destination(*before)) put(text += '@', run.destination);
    if (!run.flags.empty()) run.flags.append_to(text += ' ');
    before = &run;
  }
  return text;
}

std::optional<std::vector<SettledRun>> parse_runs(Uid first, std::string_view text) {
  std::vector<SettledRun> runs;
  while (true) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::uint64_t source = runs.empty() ? first : end_of(runs.back());
    const auto run = parse_run(text.substr(0, end), source, runs.empty() ? 0 : expected_destination(runs.back()));
    if (!run || (runs.empty() && run->source != first)) return {};
    runs.push_back(*run);
    if (end == text.size()) return runs;
    text.remove_prefix(end + 1);
  }
}

}  // namespace mailferry::state
