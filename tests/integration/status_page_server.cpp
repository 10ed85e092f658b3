// Serves a made-up status through the real server, for status_page_test.py: status_page_server SOCKET_FILE. Prints the
// port and runs until its standard input ends; each line there changes the status.
#include "async/run_loop.hpp"
#include "async/task_scope.hpp"
#include "net/http_server.hpp"
#include "unit/web/made_up_bridge.hpp"
#include "web/status_service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace mailferry::web {
namespace {

using report::Health;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

report::BridgeStatus many_sources() {
  auto status = sample_status();
  for (int i = 0; i < 200; ++i)
    status.accounts.push_back({.account = fmt::format("user{}@a-rather-long-host-name.example.org:993", i),
                               .health = i % 10 == 0 ? Health::failing : Health::working,
                               .watching = "NOTIFY",
                               .last_error = i % 10 == 0 ? "no route to host" : "",
                               .delivered = static_cast<std::uint64_t>(i)});
  return status;
}

/// What a line of standard input makes of the status.
void change(const std::string& line, report::BridgeStatus& status) {
  if (line == "deliver") status.accounts.at(1).delivered += 1;
  if (line == "heal") {
    status.accounts.at(2).health = Health::waiting;
    status.parked.clear();
  }
  if (line == "break") {
    status.accounts.at(0).health = Health::failing;
    status.accounts.at(0).last_error = "the account is full";
  }
  if (line == "many") status = many_sources();
}

Task<> run_input(asio::io_context* context, MadeUpBridge* bridge, net::HttpServer* server) {
  asio::posix::stream_descriptor input(*context, ::dup(STDIN_FILENO));
  std::string text;
  while (true) {
    const auto [code, size] = co_await asio::async_read_until(input, asio::dynamic_buffer(text), '\n', kAwait);
    if (code) break;
    change(text.substr(0, size - 1), bridge->said);
    text.erase(0, size);
  }
  server->stop();
  co_return Result<>{};
}

Task<> serve(asio::io_context& context, const char* socket) {
  MadeUpBridge bridge;
  StatusService service(bridge);
  net::HttpServer server(context, service);
  CO_CHECK(server.listen_local(socket));
  CO_TRY(const auto port, server.listen_network({.host = "127.0.0.1", .port = 0}));
  std::printf("%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  async::TaskScope tasks(context);
  tasks.spawn("status server", server.serve());
  tasks.spawn("standard input", run_input(&context, &bridge, &server));
  co_return co_await tasks.join();
}

}  // namespace
}  // namespace mailferry::web

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context context;
  const auto done = mailferry::async::run_until_done(context, mailferry::web::serve(context, argv[1]));
  if (!done) std::fprintf(stderr, "%s\n", done.error().describe().c_str());
  return done ? 0 : 1;
}
