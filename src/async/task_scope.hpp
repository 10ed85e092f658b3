// Structured concurrency: nothing spawned outlives its scope, and each task has a name to be shown when something
// hangs.
#pragma once

#include "async/notifier.hpp"
#include "async/task.hpp"

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::async {

class TaskScope {
 public:
  explicit TaskScope(asio::io_context& context);
  /// Every task must have ended (join() awaited); otherwise the program is aborted.
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// Starts `task` in a later turn of the loop, never inside this call. Its arguments must be values or outlive join().
  /// An error is kept: the first one is what join() returns.
  void spawn(std::string name, Task<> task);
  /// Waits until all tasks ended; the first error since the last join(), if any. May be called again after more spawns.
  Task<> join();
  [[nodiscard]] std::size_t running() const noexcept { return names_.size(); }
  [[nodiscard]] std::vector<std::string> names() const;

  /// Names of the live tasks of all scopes of this thread, for the SIGQUIT dump.
  [[nodiscard]] static std::vector<std::string> all_names();

 private:
  asio::awaitable<void> run(Task<> task, std::list<std::string>::iterator name);
  asio::io_context& context_;
  Notifier ended_;
  std::list<std::string> names_;
  std::optional<Error> first_error_;
};

}  // namespace mailferry::async
