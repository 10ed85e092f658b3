#include "async/task_scope.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace mailferry::async {

namespace {

/// The scopes of this thread, for all_names().
std::vector<const TaskScope*>& scopes_of_this_thread() {
  thread_local std::vector<const TaskScope*> scopes;
  return scopes;
}

/// An exception is a programming error (errors are Results): it leaves io_context::run() and ends the program.
void rethrow(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

}  // namespace

TaskScope::TaskScope(asio::io_context& context) : context_(context), ended_(context) {
  scopes_of_this_thread().push_back(this);
}

TaskScope::~TaskScope() {
  std::erase(scopes_of_this_thread(), this);
  if (names_.empty()) return;
  fmt::print(stderr, "mailferry: a task scope ends while its tasks live: {}\n", fmt::join(names_, ", "));
  std::abort();
}

void TaskScope::spawn(std::string name, Task<> task) {
  const auto position = names_.insert(names_.end(), std::move(name));
  asio::co_spawn(context_, run(std::move(task), position), rethrow);
}

asio::awaitable<void> TaskScope::run(Task<> task, std::list<std::string>::iterator name) {
  // Without this, the task would run inside spawn() up to its first wait.
  co_await asio::post(context_, asio::use_awaitable);
  Result<> result = co_await std::move(task);
  if (!result && !first_error_) first_error_ = std::move(result).error();
  names_.erase(name);
  ended_.notify_all();
}

Task<> TaskScope::join() {
  while (!names_.empty())
    co_await ended_.wait();
  if (!first_error_) co_return Result<>{};
  Error error = std::move(*first_error_);
  first_error_.reset();
  co_return std::unexpected<Error>(std::move(error));
}

std::vector<std::string> TaskScope::names() const {
  return {names_.begin(), names_.end()};
}

std::vector<std::string> TaskScope::all_names() {
  std::vector<std::string> all;
  for (const TaskScope* scope : scopes_of_this_thread()) {
    all.insert(all.end(), scope->names_.begin(), scope->names_.end());
  }
  return all;
}

}  // namespace mailferry::async
