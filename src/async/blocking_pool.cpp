#include "async/blocking_pool.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>

namespace mailferry::async {

BlockingPool::BlockingPool(asio::io_context& context, std::size_t threads) : context_(context), threads_(threads) {
  starting_.reset();
}

BlockingPool::~BlockingPool() {
  threads_.join();
}

Task<> BlockingPool::run(std::function<Result<>()> work) {
  // The coroutine itself hops: between the two posts its frame belongs to the pool thread.
  auto on_pool = asio::bind_executor(threads_.get_executor(), asio::use_awaitable);
  auto on_network = asio::bind_executor(context_.get_executor(), asio::use_awaitable);
  Result<> result;
  std::exception_ptr exception;
  co_await asio::post(on_pool);
  try {
    result = work();
  } catch (...) {
    exception = std::current_exception();
  }
  co_await asio::post(on_network);
  if (exception) std::rethrow_exception(exception);
  co_return result;
}

}  // namespace mailferry::async
