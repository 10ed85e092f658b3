#include "net/service_manager.hpp"

#include "unit/db/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mailferry::net {
namespace {

using std::chrono::milliseconds;
using testing::MatchesRegex;

/// A service manager's socket, at a path or with an abstract name ("@…").
class Listener {
 public:
  explicit Listener(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  ~Listener() { ::close(socket_); }
  /// What was sent first; empty: nothing.
  [[nodiscard]] std::string next() const {
    std::array<char, 1'024> text{};
    const auto count = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return count < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(count));
  }

 private:
  int socket_;
};

class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);
  }
  test::TemporaryDirectory directory_;
  std::string path_ = (directory_.path() / "notify").string();
};

TEST_F(ServiceManagerTest, EachStateHasItsLines) {
  const Listener listener(path_);
  const ServiceManager manager(path_);

  manager.ready("3 accounts");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=3 accounts");
  manager.status("7 messages\nFAKE=1");
  EXPECT_EQ(listener.next(), "STATUS=7 messages FAKE=1");
  manager.alive();
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
  manager.stopping();
  EXPECT_EQ(listener.next(), "STOPPING=1");
  manager.reloading();
  EXPECT_THAT(listener.next(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*"));
}

TEST_F(ServiceManagerTest, AbstractNamesAreToldToo) {
  const auto name = fmt::format("@mailferry-test-{}", ::getpid());
  const Listener listener(name);

  ServiceManager(name).alive();

  EXPECT_EQ(listener.next(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, WithoutAManagerNothingHappens) {
  ServiceManager("").ready("x");
  ServiceManager(path_).ready("nobody listens");
  ServiceManager("relative").ready("x");
  ServiceManager("/" + std::string(300, 'x')).ready("too long");

  EXPECT_FALSE(ServiceManager("").is_present());
  EXPECT_FALSE(ServiceManager::from_environment().is_present());
}

TEST_F(ServiceManagerTest, AManagerThatDoesNotReadIsNotWaitedFor) {
  const Listener listener(path_);
  const ServiceManager manager(path_);

  for (int turn = 0; turn < 5'000; ++turn)
    manager.alive();

  EXPECT_EQ(listener.next(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, TheWatchdogIsFedTwiceAPeriod) {
  ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_period(), milliseconds(15'000));

  ::setenv("WATCHDOG_PID", fmt::format("{}", ::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_period(), milliseconds(15'000));

  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog_period());
}

TEST_F(ServiceManagerTest, AWatchdogThatMakesNoSenseIsNone) {
  ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  for (const auto* period : {"", "x", "0", "-5", "99999999999999999999"}) {
    ::setenv("WATCHDOG_USEC", period, 1);
    EXPECT_FALSE(ServiceManager::from_environment().watchdog_period()) << period;
  }
}

TEST_F(ServiceManagerTest, AShortWatchdogKeepsAPeriodAboveZero) {
  EXPECT_EQ(ServiceManager(path_, std::chrono::microseconds(1)).watchdog_period(), milliseconds(10));
}

}  // namespace
}  // namespace mailferry::net
