#include "net/service_manager.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mailferry::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The manager refuses longer ones.
constexpr std::size_t kLongestStatus = 200;
/// A manager that wants to be told more often than this is told this often.
constexpr milliseconds kShortestPeriod{10};

std::optional<std::int64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return {};
  std::int64_t number = 0;
  const auto* last = text + std::strlen(text);
  const auto [end, error] = std::from_chars(text, last, number);
  if (error != std::errc{} || end != last || number <= 0) return {};
  return number;
}

/// The watchdog may be meant for another process of the service.
std::optional<microseconds> watchdog_of_this_process() {
  const auto period = number_in("WATCHDOG_USEC");
  const auto pid = number_in("WATCHDOG_PID");
  if (!period || (std::getenv("WATCHDOG_PID") != nullptr && pid != ::getpid())) return {};
  return microseconds(*period);
}

std::int64_t monotonic_microseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  return ServiceManager(socket == nullptr ? "" : socket, watchdog_of_this_process());
}

void ServiceManager::ready(std::string_view text) const {
  send(fmt::format("READY=1\nSTATUS={}", sanitize_for_terminal(text, kLongestStatus)));
}

void ServiceManager::status(std::string_view text) const {
  send(fmt::format("STATUS={}", sanitize_for_terminal(text, kLongestStatus)));
}

void ServiceManager::reloading() const {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void ServiceManager::stopping() const {
  send("STOPPING=1");
}

void ServiceManager::alive() const {
  send("WATCHDOG=1");
}

std::optional<milliseconds> ServiceManager::watchdog_period() const {
  if (!watchdog_ || socket_.empty()) return {};
  return std::max(std::chrono::duration_cast<milliseconds>(*watchdog_ / 2), kShortestPeriod);
}

// A manager that is not there or busy is no reason to wait or to fail.
void ServiceManager::send(const std::string& text) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  if (socket_.front() != '/' && socket_.front() != '@') return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(descriptor, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
}

}  // namespace mailferry::net
