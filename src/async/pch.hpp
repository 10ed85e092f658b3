// Precompiled header of the asynchronous rooms: Asio's coroutine support on top of base/pch.hpp.
#pragma once

#include "base/pch.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
