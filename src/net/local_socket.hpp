// Unix domain sockets at a path, also at paths that are longer than a socket address can hold.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <sys/types.h>

namespace mailferry::net {

/// A listening socket file, 0600: who may open it is who owns it. Closed and removed with the object.
class LocalListener {
 public:
  /// A file that a daemon left behind is replaced. Error{local_io}: another process listens there, something that is no
  /// socket is in the way, or the system refuses.
  [[nodiscard]] static Result<LocalListener> listen(const std::filesystem::path& path);
  ~LocalListener();
  LocalListener(LocalListener&& other) noexcept;
  LocalListener& operator=(LocalListener&&) = delete;

  /// Gives the descriptor away; the file is still removed with the object.
  [[nodiscard]] int release() noexcept;

 private:
  LocalListener(std::filesystem::path path, int descriptor);

  std::filesystem::path path_;
  int descriptor_ = -1;
  dev_t device_ = 0;  // which file is ours
  ino_t inode_ = 0;
};

/// A connected descriptor. Error{network}: nobody listens there; `patience` bounds the wait for one who is busy.
[[nodiscard]] Result<int> connect_local(const std::filesystem::path& path, std::chrono::milliseconds patience);

}  // namespace mailferry::net
