// One question over the socket file of a daemon, for programs that do nothing else meanwhile.
#pragma once

#include "net/http_message.hpp"

#include <chrono>
#include <filesystem>

namespace mailferry::net {

/// Blocks until the answer is whole. Errors: network (nobody listens, the peer went away), timeout, local_io (the file
/// may not be opened), protocol. Any status is an answer.
[[nodiscard]] Result<HttpReply> ask_local(const std::filesystem::path& socket, const HttpRequest& request,
                                          std::chrono::milliseconds patience);

}  // namespace mailferry::net
