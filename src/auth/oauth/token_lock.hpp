// One process at a time refreshes the tokens of a file.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace mailferry::auth {

class TokenLock {
 public:
  /// Locks the side file `path`.lock, which stays; waits up to 90 s for others, in this process or another, without
  /// blocking the loop. Errors: local_io (it cannot be made), timeout.
  static Task<TokenLock> acquire(asio::io_context& context, const std::string& path);

  TokenLock(TokenLock&& other) noexcept;
  TokenLock& operator=(TokenLock&&) = delete;
  ~TokenLock();

 private:
  explicit TokenLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace mailferry::auth
