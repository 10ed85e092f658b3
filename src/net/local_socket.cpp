#include "net/local_socket.hpp"

#include "base/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mailferry::net {
namespace {

constexpr int kBacklog = 16;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// A path as a socket address. One that is too long goes through the descriptor of its folder, which stays open as long
/// as the address is used.
class Address {
 public:
  static Result<Address> of(const std::filesystem::path& path) {
    Address address;
    if (address.set(path.string())) return address;
    const auto folder = path.parent_path();
    address.folder_ = std::make_unique<Descriptor>(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (address.folder_->get() < 0) return fail_with_errno(errno, "open", folder);
    if (address.set(fmt::format("/proc/self/fd/{}/{}", address.folder_->get(), path.filename().string())))
      return address;
    return fail_with_errno(ENAMETOOLONG, "make a socket at", path);
  }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] socklen_t size() const noexcept { return sizeof address_; }

 private:
  bool set(const std::string& path) {
    if (path.size() >= sizeof address_.sun_path) return false;
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
    return true;
  }
  sockaddr_un address_{};
  std::unique_ptr<Descriptor> folder_;
};

Descriptor make_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void bound_waits(int descriptor, std::chrono::milliseconds patience) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(patience);
  const timeval time{.tv_sec = whole.count(), .tv_usec = std::chrono::microseconds(patience - whole).count()};
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

/// A socket file that nobody listens to is removed; anything else that is in the way stays and is an error.
Result<> clear_way(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_with_errno(errno, "look at", path);
  }
  if (!S_ISSOCK(status.st_mode))
    return fail(ErrorKind::local_io, Scope::run, fmt::format("{} is in the way: it is no socket", path.string()),
                "remove it, or use another state file");
  auto listener = connect_local(path, std::chrono::seconds(1));
  if (listener) {
    ::close(*listener);
    return fail(ErrorKind::local_io, Scope::run, fmt::format("another process listens at {}", path.string()),
                "only one bridge can run with a state file");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_with_errno(errno, "remove", path);
  return {};
}

}  // namespace

LocalListener::LocalListener(std::filesystem::path path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

LocalListener::LocalListener(LocalListener&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      device_(other.device_),
      inode_(other.inode_) {}

LocalListener::~LocalListener() {
  if (descriptor_ >= 0) ::close(descriptor_);
  struct stat status {};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

int LocalListener::release() noexcept {
  return std::exchange(descriptor_, -1);
}

Result<LocalListener> LocalListener::listen(const std::filesystem::path& path) {
  CHECK_OK(clear_way(path));
  TRY(const auto address, Address::of(path));
  auto socket = make_socket();
  if (socket.get() < 0) return fail_with_errno(errno, "make a socket at", path);
  // The file has the mode of the socket that it is made from: there is no moment in which others may open it.
  ::fchmod(socket.get(), S_IRUSR | S_IWUSR);
  if (::bind(socket.get(), address.get(), address.size()) != 0) return fail_with_errno(errno, "make a socket at", path);
  LocalListener listener(path, socket.release());
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(listener.descriptor_, kBacklog) != 0)
    return fail_with_errno(errno, "listen at", path);
  return listener;
}

Result<int> connect_local(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  TRY(const auto address, Address::of(path));
  auto socket = make_socket();
  if (socket.get() < 0) return fail_with_errno(errno, "make a socket for", path);
  bound_waits(socket.get(), patience);
  if (::connect(socket.get(), address.get(), address.size()) == 0) return socket.release();
  const int error = errno;
  if (error == EACCES || error == EPERM) return fail_with_errno(error, "open", path);
  if (error == ENOENT || error == ECONNREFUSED)
    return fail(ErrorKind::network, Scope::run, fmt::format("nobody listens at {}", path.string()));
  return fail(ErrorKind::network, Scope::run,
              fmt::format("cannot connect to {}: {}", path.string(), std::generic_category().message(error)));
}

}  // namespace mailferry::net
