// The one place where an io_context is run to the end of a task.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>

namespace mailferry::async {

/// Runs `task` and everything it waits for on this thread and returns its result. An io_context is used for one task.
Result<> run_until_done(asio::io_context& context, Task<> task);

}  // namespace mailferry::async
