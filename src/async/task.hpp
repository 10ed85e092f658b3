// The coroutine type of everything that waits.
#pragma once

#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

namespace mailferry {

namespace asio = boost::asio;

/// A lazily started coroutine; awaited at once by its caller (then arguments may be references), or handed to a
/// TaskScope (then its arguments are values). Cancelled by closing what it waits for, never by cancellation slots.
template <class T = void>
using Task = asio::awaitable<Result<T>>;

}  // namespace mailferry
