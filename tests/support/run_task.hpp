// Runs a coroutine to its end on an io_context, from a plain test body.
#pragma once

#include "async/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace mailferry::test {

/// Results need no default value this way, which co_spawn would ask for.
template <class T>
asio::awaitable<void> keep_outcome(Task<T> task, std::optional<Result<T>>* outcome) {
  Result<T> result = co_await std::move(task);
  outcome->emplace(std::move(result));
}

/// Turns the loop until `task` has ended; other coroutines run meanwhile and may be left unfinished.
template <class T>
Result<T> run_task(asio::io_context& context, Task<T> task) {
  std::optional<Result<T>> outcome;
  asio::co_spawn(context, keep_outcome(std::move(task), &outcome), [](std::exception_ptr exception) {
    if (exception) std::rethrow_exception(exception);
  });
  context.restart();
  while (!outcome && context.run_one() != 0) {
  }
  if (!outcome)
    return fail(ErrorKind::protocol, Scope::run, "the task can never end: nothing is left that could wake it");
  return std::move(*outcome);
}

/// Handlers that are ready, and those that they make ready.
inline void drain(asio::io_context& context) {
  context.restart();
  context.poll();
}

}  // namespace mailferry::test
