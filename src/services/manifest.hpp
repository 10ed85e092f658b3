// The record of a verification: what the source had and where it went, to be held against a destination long after the
// source is gone. Format: docs/formats/manifest.md.
#pragma once

#include "base/files.hpp"
#include "base/result.hpp"
#include "mail/flags.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/message_identity.hpp"
#include "mail/uid.hpp"

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::services {

struct ManifestEntry {
  MailboxPath destination;
  MailboxPath source;
  Uid source_uid = 0;
  MessageIdentity identity;
  Digest content{};
  std::int64_t seconds = 0;  // INTERNALDATE
  Flags flags;
};

/// The line of an entry, without its line end.
[[nodiscard]] std::string to_line(const ManifestEntry& entry);
/// Error{usage}: what of the line cannot be read.
[[nodiscard]] Result<ManifestEntry> parse_manifest_line(std::string_view line);

class ManifestWriter {
 public:
  /// `accounts` is for people. Nothing is at `path` before commit(). Errors: local_io.
  [[nodiscard]] static Result<ManifestWriter> create(const std::string& path, std::string_view accounts);
  [[nodiscard]] Result<> add(const ManifestEntry& entry);
  [[nodiscard]] Result<> commit();

 private:
  explicit ManifestWriter(AtomicFile file) : file_(std::move(file)) {}
  AtomicFile file_;
  std::uint64_t entries_ = 0;
};

class ManifestReader {
 public:
  [[nodiscard]] static Result<ManifestReader> open(const std::string& path);
  /// The entries of the next mailbox that was verified; empty at the end. Error{usage, run} with the number of the line
  /// that cannot be read, also when the end is missing.
  [[nodiscard]] Result<std::vector<ManifestEntry>> next_mailbox();

 private:
  ManifestReader(std::ifstream file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  [[nodiscard]] Result<std::optional<ManifestEntry>> next();
  [[nodiscard]] Result<> check_end(std::string_view line);
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view problem) const;

  std::ifstream file_;
  std::string path_;
  std::optional<ManifestEntry> ahead_;
  std::uint64_t line_number_ = 0;
  std::uint64_t entries_ = 0;
  bool ended_ = false;
};

}  // namespace mailferry::services
