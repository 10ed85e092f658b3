// Laws of manifests: what is read of a line is written back to the same meaning, and a file that is read can be written
// and read again. The input is a file, with or without its first line.
#include "fuzz/law.hpp"
#include "fuzz/scratch_folder.hpp"
#include "services/manifest.hpp"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace mailferry::services {
namespace {

constexpr std::string_view kTitle = "# mailferry manifest 2\n";

bool is_same(const ManifestEntry& one, const ManifestEntry& other) {
  return one.destination == other.destination && one.source == other.source && one.source_uid == other.source_uid &&
         one.identity == other.identity && one.content == other.content && one.seconds == other.seconds &&
         one.flags == other.flags;
}

const std::string& path() {
  static const ScratchFolder folder;
  static const std::string file = folder.file("manifest.txt");
  return file;
}

void check_line(std::string_view line) {
  const auto entry = parse_manifest_line(line);
  if (!entry) {
    require_law("what cannot be read is the user's to mend",
                entry.error().kind == ErrorKind::usage && !entry.error().message.empty());
    return;
  }
  require_law("an entry has a UID", entry->source_uid != 0);
  const auto written = to_line(*entry);
  require_law("an entry is one line, and no comment", !written.contains('\n') && !written.starts_with('#'));
  const auto again = parse_manifest_line(written);
  require_equal("what is written can be read", again ? "" : again.error().message + ": " + written, "");
  require_law("reading what is written gives the same entry", is_same(*entry, *again));
  require_equal("writing is stable", to_line(*again), written);
}

/// Any mailbox and any flags can be told in a line.
void check_entry(std::string_view text) {
  ManifestEntry entry;
  entry.destination = MailboxPath::split(text, '/');
  entry.source = MailboxPath::split(text, '.');
  entry.source_uid = static_cast<Uid>(text.size() + 1);
  entry.flags = Flags::from_string(text);
  const auto line = to_line(entry);
  require_law("an entry is one line, and no comment", !line.contains('\n') && !line.starts_with('#'));
  const auto read = parse_manifest_line(line);
  require_equal("every entry can be read", read ? "" : read.error().message + ": " + line, "");
  require_law("and is the same", is_same(entry, *read));
}

/// All entries, mailbox by mailbox; nothing when there was an error.
std::optional<std::vector<ManifestEntry>> read_file() {
  auto reader = ManifestReader::open(path());
  std::vector<ManifestEntry> all;
  while (reader) {
    auto mailbox = reader->next_mailbox();
    if (!mailbox) {
      require_law("an error names a line and what to do", mailbox.error().kind == ErrorKind::usage &&
                                                              mailbox.error().message.starts_with("line ") &&
                                                              !mailbox.error().remedy.empty());
      (void)reader->next_mailbox();
      return {};
    }
    if (mailbox->empty()) return all;
    for (const auto& entry : *mailbox) {
      require_law("the entries of a mailbox belong together",
                  entry.source == mailbox->front().source && entry.destination == mailbox->front().destination);
      all.push_back(entry);
    }
  }
  require_law("what is no manifest is the user's to mend", reader.error().kind == ErrorKind::usage);
  return {};
}

void check_file(const std::vector<ManifestEntry>& entries) {
  auto writer = ManifestWriter::create(path(), "a to b");
  require_law("a manifest can be made", writer.has_value());
  for (const auto& entry : entries)
    require_law("an entry can be written", writer->add(entry).has_value());
  require_law("a manifest can be completed", writer->commit().has_value());
  const auto again = read_file();
  require_law("a manifest that was written can be read", again.has_value());
  require_law("it has the same entries", std::ranges::equal(entries, *again, is_same));
}

}  // namespace
}  // namespace mailferry::services

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry::services;
  std::string input(data, data + size);
  if (!input.starts_with('#')) input.insert(0, kTitle);
  std::vector<ManifestEntry> entries;
  for (std::string_view rest = input; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    check_line(line);
    if (auto entry = parse_manifest_line(line)) entries.push_back(*std::move(entry));
  }
  check_entry(std::string_view(reinterpret_cast<const char*>(data), size));
  write_whole(path(), input);
  (void)read_file();
  check_file(entries);
  return 0;
}
