// The SQLite file of another program, to be read: a copy of it, so that nothing of theirs is ever written.
#pragma once

#include "base/result.hpp"
#include "db/connection.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace mailferry::db {

class ForeignCopy {
 public:
  /// Copies `path` with its write-ahead log and opens the copy, which goes with the object. Errors name `path`:
  /// usage (a program has it open: what it has not written yet would be missing), local_io, state_corrupt.
  [[nodiscard]] static Result<ForeignCopy> make(const std::string& path);

  [[nodiscard]] Connection& connection() noexcept { return *connection_; }
  /// Whether it has this table.
  [[nodiscard]] Result<bool> has_table(std::string_view name);

  /// Lets an error of the copy name the file that it is a copy of.
  [[nodiscard]] Error about_original(Error error) const;

 private:
  /// Removed with all that is in it.
  class Folder {
   public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}
    Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Folder& operator=(Folder&&) = delete;
    ~Folder();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

   private:
    std::filesystem::path path_;
  };

  ForeignCopy(std::string original, Folder folder) : original_(std::move(original)), folder_(std::move(folder)) {}
  [[nodiscard]] static Result<Folder> make_folder();
  [[nodiscard]] Result<> fill();
  [[nodiscard]] std::string copy() const { return (folder_.path() / "copy.db").string(); }

  std::string original_;
  Folder folder_;  // destroyed after the connection to what is in it
  std::unique_ptr<Connection> connection_;
};

}  // namespace mailferry::db
