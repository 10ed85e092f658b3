// What a service tells systemd (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. Without that variable
// nothing happens; without libsystemd, as it is one line of text.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::net {

class ServiceManager {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  [[nodiscard]] static ServiceManager from_environment();
  /// `socket` is a path, or '@' and an abstract name; empty: nobody is told.
  explicit ServiceManager(std::string socket, std::optional<std::chrono::microseconds> watchdog = {})
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  void ready(std::string_view status) const;
  /// One line for `systemctl status`.
  void status(std::string_view text) const;
  void reloading() const;
  void stopping() const;
  void alive() const;
  /// How often alive() is due: half of what the manager waits; nothing: it does not watch.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_period() const;
  [[nodiscard]] bool is_present() const noexcept { return !socket_.empty(); }

 private:
  void send(const std::string& text) const;

  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace mailferry::net
