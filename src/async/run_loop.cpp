#include "async/run_loop.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace mailferry::async {

Result<> run_until_done(asio::io_context& context, Task<> task) {
  Result<> result;
  std::exception_ptr thrown;
  const auto done = [&](std::exception_ptr exception, Result<> value) {
    thrown = std::move(exception);
    result = std::move(value);
    context.stop();
  };
  asio::co_spawn(context, std::move(task), done);
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return result;
}

}  // namespace mailferry::async
