#include "services/manifest.hpp"

#include "base/encoding.hpp"
#include "mail/internal_date.hpp"
#include "state/mailbox_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace mailferry::services {
namespace {

constexpr std::string_view kAnyTitle = "# mailferry manifest ";
constexpr std::string_view kTitle = "# mailferry manifest 2";
constexpr std::string_view kEnd = "# messages: ";
constexpr std::size_t kFields = 7;
/// More than a server can tell of a message: names and flags of at most 1 MiB each, names with every octet escaped.
constexpr std::size_t kLongestLine = 8U << 20;

struct Escape {
  char octet;
  char letter;
};
/// Inside a mailbox's key '\' stands before '/' and '\' only. A line that begins with '#' would be a comment.
constexpr std::array kEscapes{Escape{'\t', 't'}, Escape{'\n', 'n'}, Escape{'\r', 'r'}, Escape{'#', '#'}};

std::string escape(std::string_view key) {
  std::string field;
  for (const char c : key) {
    const auto found = std::ranges::find(kEscapes, c, &Escape::octet);
    if (found == kEscapes.end()) {
      field += c;
    } else {
      field += '\\';
      field += found->letter;
    }
  }
  return field;
}

std::string unescape(std::string_view field) {
  std::string key;
  for (std::size_t at = 0; at < field.size(); ++at) {
    const bool escaped = field[at] == '\\' && at + 1 < field.size();
    const auto found =
        escaped ? std::ranges::find(kEscapes, field[at + 1], &Escape::letter) : std::ranges::end(kEscapes);
    if (found != kEscapes.end()) {
      key += found->octet;
      ++at;
    } else {
      key += field[at];
      if (escaped) key += field[++at];
    }
  }
  return key;
}

std::optional<std::array<std::string_view, kFields>> split(std::string_view line) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t at = 0; at < kFields; ++at) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (at + 1 == kFields)) return {};
    fields.at(at) = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  return fields;
}

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("{} cannot be read", what));
}

Result<Digest> parse_digest(std::string_view hex, std::string_view what) {
  const auto octets = from_hex(hex);
  Digest digest{};
  if (!octets || octets->size() != digest.size()) return bad(what);
  std::ranges::copy(*octets, digest.begin());
  return digest;
}

/// In UTC, unless the instant has no date there: years have four digits, and zones reach a day further.
InternalDate date_of(std::int64_t seconds) {
  constexpr std::int16_t kFarthest = 23 * 60 + 59;
  for (const std::int16_t zone : {std::int16_t{0}, kFarthest, static_cast<std::int16_t>(-kFarthest)}) {
    const InternalDate date{.seconds = seconds, .zone_minutes = zone};
    if (const auto read = InternalDate::parse(date.to_string()); read && *read == date) return date;
  }
  return {.seconds = seconds};
}

}  // namespace

std::string to_line(const ManifestEntry& entry) {
  return fmt::format("{}\t{}\t{}\t{}{}\t{}\t{}\t{}", escape(state::to_mailbox_key(entry.destination)),
                     escape(state::to_mailbox_key(entry.source)), entry.source_uid,
                     to_hex(std::span<const std::uint8_t>(entry.identity.digest)), entry.identity.weak ? "?" : "",
                     to_hex(std::span<const std::uint8_t>(entry.content)), date_of(entry.seconds).to_string(),
                     entry.flags.to_string());
}

Result<ManifestEntry> parse_manifest_line(std::string_view line) {
  const auto fields = split(line);
  if (!fields) return fail(ErrorKind::usage, Scope::run, fmt::format("there are not {} fields", kFields));
  auto [destination, source, uid, identity, content, date, flags] = *fields;
  ManifestEntry entry;
  const auto destination_path = state::parse_mailbox_key(unescape(destination));
  const auto source_path = state::parse_mailbox_key(unescape(source));
  if (!destination_path || !source_path) return bad("the name of a mailbox");
  entry.destination = *destination_path;
  entry.source = *source_path;
  const auto [end, error] = std::from_chars(uid.data(), uid.data() + uid.size(), entry.source_uid);
  if (error != std::errc{} || end != uid.data() + uid.size() || entry.source_uid == 0) return bad("the UID");
  entry.identity.weak = identity.ends_with('?');
  if (entry.identity.weak) identity.remove_suffix(1);
  TRY(entry.identity.digest, parse_digest(identity, "the identity"));
  TRY(entry.content, parse_digest(content, "the digest of the content"));
  const auto parsed_date = InternalDate::parse(date);
  if (!parsed_date) return bad("the date");
  entry.seconds = parsed_date->seconds;
  if (date_of(entry.seconds).to_string() != date) return bad("the date");
  entry.flags = Flags::from_string(flags);
  return entry;
}

Result<ManifestWriter> ManifestWriter::create(const std::string& path, std::string_view accounts) {
  TRY(auto file, AtomicFile::create(path));
  ManifestWriter writer(std::move(file));
  const auto head = fmt::format(
      "{}\n# {}\n# mailbox there, mailbox here, UID here, identity, content, INTERNALDATE, flags\n", kTitle, accounts);
  CHECK_OK(writer.file_.write(head));
  return writer;
}

Result<> ManifestWriter::add(const ManifestEntry& entry) {
  const auto line = to_line(entry) + "\n";
  if (line.size() > kLongestLine)
    return fail(ErrorKind::protocol, Scope::mailbox,
                fmt::format("UID {} of {} has more flags than a manifest can hold", entry.source_uid,
                            entry.source.to_string()));
  ++entries_;
  return file_.write(line);
}

Result<> ManifestWriter::commit() {
  CHECK_OK(file_.write(fmt::format("{}{}\n", kEnd, entries_)));
  return file_.commit();
}

Result<ManifestReader> ManifestReader::open(const std::string& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    return fail(ErrorKind::usage, Scope::run, fmt::format("{} is a directory and no manifest", path),
                "give the file that `mailferry verify FROM TO --manifest FILE` wrote");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_with_errno(errno, "read", path);
  ManifestReader reader(std::move(file), path);
  std::string title;
  std::getline(reader.file_, title);
  reader.line_number_ = 1;
  if (title.starts_with(kAnyTitle) && title != kTitle)
    return fail(
        ErrorKind::usage, Scope::run,
        fmt::format("{} was written by another version of this program, which digests contents in another way", path),
        "write it again with `mailferry verify FROM TO --manifest FILE`, or read it with that version");
  if (title != kTitle) return reader.refuse("it is not a manifest of this program");
  return reader;
}

std::unexpected<Error> ManifestReader::refuse(std::string_view problem) const {
  return fail(ErrorKind::usage, Scope::run, fmt::format("line {} of {}: {}", line_number_, path_, problem),
              "give the file that `mailferry verify FROM TO --manifest FILE` wrote, whole and as it was");
}

Result<> ManifestReader::check_end(std::string_view line) {
  if (!line.starts_with(kEnd)) return {};
  ended_ = true;
  if (line.substr(kEnd.size()) != std::to_string(entries_))
    return refuse(fmt::format("there are {} messages before it", entries_));
  if (file_.peek() == std::ifstream::traits_type::eof()) return {};
  ++line_number_;
  return refuse("there is more after the end");
}

Result<std::optional<ManifestEntry>> ManifestReader::next() {
  std::string line;
  while (!ended_ && std::getline(file_, line)) {
    ++line_number_;
    if (line.size() > kLongestLine) return refuse("it is too long");
    if (line.starts_with('#')) {
      CHECK_OK(check_end(line));
      continue;
    }
    auto entry = parse_manifest_line(line);
    if (!entry) return refuse(entry.error().message);
    ++entries_;
    return *std::move(entry);
  }
  if (!ended_) return refuse("the end is missing");
  return std::nullopt;
}

Result<std::vector<ManifestEntry>> ManifestReader::next_mailbox() {
  std::vector<ManifestEntry> entries;
  while (true) {
    if (!ahead_) {
      TRY(ahead_, next());
    }
    if (!ahead_) return entries;
    const bool same = entries.empty() ||
                      (ahead_->source == entries.front().source && ahead_->destination == entries.front().destination);
    if (!same) return entries;
    entries.push_back(*std::move(ahead_));
    ahead_.reset();
  }
}

}  // namespace mailferry::services
