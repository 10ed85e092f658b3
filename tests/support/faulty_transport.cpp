#include "support/faulty_transport.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace mailferry::test {

namespace {

constexpr std::string_view kGarbage = "\x01\x80(((\"\r\n{99999999999999999999}\r\n* \xff)))\r\n";

class FaultyTransport final : public net::Transport {
 public:
  FaultyTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<FaultPlan> plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) override;
  Result<std::size_t> try_read(std::span<char> buffer) override {
    if (failure_) return std::unexpected<Error>(*failure_);
    return inner_->try_read(buffer);
  }
  Task<> write_all(std::span<const char> octets) override;
  Task<> start_tls(const net::TlsOptions& options, const std::string& host) override {
    return inner_->start_tls(options, host);
  }
  void close() noexcept override { inner_->close(); }
  [[nodiscard]] bool is_open() const noexcept override { return inner_->is_open() && !failure_; }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return inner_->octets_read(); }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return inner_->octets_written(); }

 private:
  /// Counts one I/O; true when it is the one.
  bool is_due() {
    if (plan_->operations++ != plan_->at || plan_->has_fired) return false;
    plan_->has_fired = true;
    return true;
  }
  std::unexpected<Error> break_down();

  std::unique_ptr<net::Transport> inner_;
  std::shared_ptr<FaultPlan> plan_;
  std::optional<Error> failure_;
  bool garbage_is_next_ = false;
};

std::unexpected<Error> FaultyTransport::break_down() {
  const bool late = plan_->fault == Fault::timeout;
  std::string message = plan_->fault == Fault::eof ? "the faulty peer closed the connection"
                        : late                     ? "the faulty peer gave no answer in time"
                                                   : "the faulty peer reset the connection";
  failure_ =
      fail(late ? ErrorKind::timeout : ErrorKind::network, Scope::account, std::move(message), {}, Retry::now).error();
  inner_->close();
  return std::unexpected<Error>(*failure_);
}

Task<std::size_t> FaultyTransport::read_some(std::span<char> buffer, std::chrono::milliseconds patience) {
  if (failure_) co_return std::unexpected<Error>(*failure_);
  const bool due = is_due();
  if (due && plan_->fault != Fault::garbage) co_return break_down();
  if (due || garbage_is_next_) {
    garbage_is_next_ = false;
    const std::size_t count = std::min(buffer.size(), kGarbage.size());
    std::copy_n(kGarbage.begin(), count, buffer.begin());
    co_return count;
  }
  Result<std::size_t> count = co_await inner_->read_some(buffer, patience);
  // A write may have failed meanwhile: then this is why.
  if (failure_) co_return std::unexpected<Error>(*failure_);
  co_return count;
}

Task<> FaultyTransport::write_all(std::span<const char> octets) {
  if (failure_) co_return std::unexpected<Error>(*failure_);
  if (is_due()) {
    garbage_is_next_ = plan_->fault == Fault::garbage;
    if (plan_->fault == Fault::short_write) co_await inner_->write_all(octets.first(octets.size() / 2));
    if (!garbage_is_next_) co_return break_down();
  }
  co_return co_await inner_->write_all(octets);
}

}  // namespace

std::unique_ptr<net::Transport> make_faulty(std::unique_ptr<net::Transport> inner, std::shared_ptr<FaultPlan> plan) {
  return std::make_unique<FaultyTransport>(std::move(inner), std::move(plan));
}

}  // namespace mailferry::test
