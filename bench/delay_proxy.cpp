// A TCP proxy that delays what passes through it by a fixed time in each direction, and lets only so much pass: a long
// line for a kernel without netem. Usage: delay_proxy RTT_MS[:MBIT] PORT… prints one listening port for each target
// port on 127.0.0.1 and runs until its standard input ends. Without MBIT the bandwidth is unlimited; with it, all
// connections share that much in each direction.
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <list>
#include <memory>
#include <netinet/tcp.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxQueued = std::size_t{256} << 20;  // a direction; at 40 ms this is 12 GB/s
constexpr std::size_t kReadSize = std::size_t{512} << 10;
constexpr std::size_t kLimitedQueued = std::size_t{256} << 10;  // and with a bandwidth: what a line holds
constexpr std::size_t kLimitedRead = std::size_t{8} << 10;

struct Limits {
  Clock::duration one_way{};
  double octets_per_second = 0;  // 0: unlimited
  std::size_t queued = kMaxQueued;
  std::size_t read = kReadSize;
};

struct Chunk {
  Clock::time_point due;
  std::vector<char> bytes;
  std::size_t sent = 0;
};

// One way through a connection: what was read from `from` and is not yet written to `to`.
struct Direction {
  int from = -1;
  int to = -1;
  std::deque<Chunk> queue;
  std::size_t queued = 0;
  bool ended = false;                      // `from` sent its end
  bool finished = false;                   // and it was passed on
  bool blocked = false;                    // `to` takes no more for now
  Clock::time_point* line_free = nullptr;  // when all that is on the line in this direction has passed
};

struct Link {
  Direction up;
  Direction down;
  std::uint32_t client_events = 0;
  std::uint32_t server_events = 0;
};

struct Listener {
  int socket = -1;
  int target_port = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(2);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

sockaddr* as_sockaddr(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

Listener listen_for(int target_port) {
  Listener listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), target_port};
  auto address = loopback(0);
  socklen_t length = sizeof(address);
  if (bind(listener.socket, as_sockaddr(address), length) != 0 || listen(listener.socket, 64) != 0) fail("listen");
  getsockname(listener.socket, as_sockaddr(address), &length);
  std::printf("%d\n", ntohs(address.sin_port));
  return listener;
}

void make_quick(int socket) {
  const int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

class Proxy {
 public:
  Proxy(const Limits& limits, const std::vector<int>& targets) : limits_(limits), scratch_(limits.read) {
    for (const int target : targets)
      listeners_.push_back(listen_for(target));
    std::fflush(stdout);
    for (auto& listener : listeners_)
      add(listener.socket, EPOLLIN, &listener);
    add(STDIN_FILENO, EPOLLIN, nullptr);
  }

  void run() {
    for (;;) {
      wait();
      if (input_ended_) return;
      for (auto link = links_.begin(); link != links_.end();) {
        const bool alive = work(*link);
        link = alive ? std::next(link) : links_.erase(link);
      }
    }
  }

 private:
  void add(int socket, std::uint32_t events, void* owner) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void wait() {
    epoll_event events[64];
    timespec timeout{};
    const auto due = next_due();
    if (due) {
      const auto left = std::max(Clock::duration::zero(), *due - Clock::now());
      timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      timeout.tv_nsec = (std::chrono::duration_cast<std::chrono::nanoseconds>(left) % std::chrono::seconds(1)).count();
    }
    const int count = epoll_pwait2(epoll_, events, 64, due ? &timeout : nullptr, nullptr);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) input_ended_ = true;
      for (const auto& listener : listeners_) {
        if (events[i].data.ptr == &listener) accept_one(listener);
      }
    }
  }

  std::optional<Clock::time_point> next_due() const {
    std::optional<Clock::time_point> earliest;
    for (const auto& link : links_) {
      for (const auto* way : {&link.up, &link.down}) {
        if (way->queue.empty() || way->blocked) continue;
        earliest = earliest ? std::min(*earliest, way->queue.front().due) : way->queue.front().due;
      }
    }
    return earliest;
  }

  void accept_one(const Listener& listener) {
    const int client = accept4(listener.socket, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(listener.target_port);
    if (client < 0 || connect(server, as_sockaddr(address), sizeof(address)) != 0) {
      close(client);
      close(server);
      return;
    }
    make_quick(client);
    make_quick(server);
    auto& link = links_.emplace_back();
    link.up.from = link.down.to = client;
    link.up.to = link.down.from = server;
    link.up.line_free = &up_free_;
    link.down.line_free = &down_free_;
    add(client, 0, &link);
    add(server, 0, &link);
  }

  // Moves what can be moved; false when the connection is over and closed.
  bool work(Link& link) {
    const bool alive = read(link.up) && read(link.down) && write(link.up) && write(link.down);
    if (!alive || (link.up.finished && link.down.finished)) {
      close(link.up.from);
      close(link.up.to);
      return false;
    }
    watch(link.up.from, link, link.up, link.down, link.client_events);
    watch(link.up.to, link, link.down, link.up, link.server_events);
    return true;
  }

  bool read(Direction& way) {
    while (!way.ended && way.queued < limits_.queued) {
      const auto count = ::read(way.from, scratch_.data(), scratch_.size());
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      Chunk chunk{passes(way, count) + limits_.one_way, {scratch_.begin(), scratch_.begin() + count}};
      way.ended = count == 0;
      way.queued += chunk.bytes.size();
      way.queue.push_back(std::move(chunk));
      if (static_cast<std::size_t>(count) < scratch_.size()) break;
    }
    return true;
  }

  /// When so many octets that come now have left the line.
  Clock::time_point passes(const Direction& way, ssize_t count) const {
    const auto now = Clock::now();
    if (limits_.octets_per_second == 0) return now;
    const std::chrono::duration<double> takes(static_cast<double>(count) / limits_.octets_per_second);
    *way.line_free = std::max(*way.line_free, now) + std::chrono::duration_cast<Clock::duration>(takes);
    return *way.line_free;
  }

  bool write(Direction& way) {
    way.blocked = false;
    while (!way.queue.empty() && way.queue.front().due <= Clock::now()) {
      auto& chunk = way.queue.front();
      while (chunk.sent < chunk.bytes.size()) {
        const auto count =
            send(way.to, chunk.bytes.data() + chunk.sent, chunk.bytes.size() - chunk.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) {
          way.blocked = errno == EAGAIN;
          return way.blocked;
        }
        chunk.sent += static_cast<std::size_t>(count);
      }
      way.queued -= chunk.bytes.size();
      if (chunk.bytes.empty()) {
        shutdown(way.to, SHUT_WR);
        way.finished = true;
      }
      way.queue.pop_front();
    }
    return true;
  }

  // The socket is read for `reads` and written for `writes`.
  void watch(int socket, Link& link, const Direction& reads, const Direction& writes, std::uint32_t& current) const {
    std::uint32_t wanted = 0;
    if (!reads.ended && reads.queued < limits_.queued) wanted |= EPOLLIN;
    if (writes.blocked) wanted |= EPOLLOUT;
    if (wanted == current) return;
    epoll_event event{};
    event.events = current = wanted;
    event.data.ptr = &link;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
  }

  Limits limits_;
  Clock::time_point up_free_{};
  Clock::time_point down_free_{};
  std::vector<char> scratch_;
  std::list<Listener> listeners_;
  std::list<Link> links_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  bool input_ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: delay_proxy RTT_MS[:MBIT] PORT...\n");
    return 2;
  }
  std::vector<int> targets;
  for (int i = 2; i < argc; ++i)
    targets.push_back(std::atoi(argv[i]));
  Limits limits;
  const std::chrono::duration<double, std::milli> one_way(std::atof(argv[1]) / 2);
  limits.one_way = std::chrono::duration_cast<Clock::duration>(one_way);
  if (const char* bandwidth = std::strchr(argv[1], ':'); bandwidth != nullptr) {
    limits.octets_per_second = std::atof(bandwidth + 1) * 1e6 / 8;
    limits.queued = kLimitedQueued;
    limits.read = kLimitedRead;
  }
  Proxy(limits, targets).run();
  return 0;
}
