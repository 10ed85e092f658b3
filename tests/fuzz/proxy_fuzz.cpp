// Laws of the conversation with a proxy: it ends whatever the proxy answers, is agreed on exactly when the answer says
// so, and not one octet of what the server says behind it is read.
// The first octet chooses the proxy, the second how the rest, its answer, is cut into pieces.
#include "fuzz/law.hpp"
#include "net/proxy.hpp"
#include "support/run_task.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace mailferry::net {
namespace {

constexpr std::string_view kPassword = "Zq7xKw9v";
constexpr std::chrono::milliseconds kPatience{30'000};
constexpr std::size_t kLongestHttp = 16 * 1024;

enum class End { closed, silent };

/// Answers with what it was given, piece by piece.
class AnswerTransport final : public Transport {
 public:
  AnswerTransport(std::string_view answer, End end, unsigned seed) : answer_(answer), end_(end), random_(seed) {}

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) override {
    require_law("somebody wants octets, and waits no longer than allowed",
                !buffer.empty() && patience.count() >= 0 && patience <= kPatience);
    require_law("who was told of the end does not ask again", is_open_);
    if (read_ == answer_.size()) co_return at_end();
    const auto most = random_() % 4 == 0 ? 1 : 1 + random_() % 300;
    const auto count = std::min({buffer.size(), answer_.size() - read_, static_cast<std::size_t>(most)});
    std::ranges::copy(answer_.substr(read_, count), buffer.begin());
    read_ += count;
    co_return count;
  }
  Result<std::size_t> try_read(std::span<char>) override {
    require_law("nobody reads ahead", false);
    return std::size_t{0};
  }
  Task<> write_all(std::span<const char> octets) override {
    written_.append(octets.begin(), octets.end());
    co_return Result<>{};
  }
  Task<> start_tls(const TlsOptions&, const std::string&) override {
    require_law("nobody wants TLS from a proxy", false);
    co_return Result<>{};
  }
  void close() noexcept override { is_open_ = false; }
  [[nodiscard]] bool is_open() const noexcept override { return is_open_; }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return read_; }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return written_.size(); }

  [[nodiscard]] const std::string& written() const noexcept { return written_; }

 private:
  std::unexpected<Error> at_end() {
    is_open_ = false;
    const bool silent = end_ == End::silent;
    return fail(silent ? ErrorKind::timeout : ErrorKind::network, Scope::account, "the end", {}, Retry::now);
  }

  std::string_view answer_;
  End end_;
  std::minstd_rand random_;
  std::size_t read_ = 0;
  std::string written_;
  bool is_open_ = true;
};

/// Where the answer ends when it is one that agrees; nothing when it is not.
std::optional<std::size_t> end_of_socks5(std::string_view answer, bool with_user) {
  const auto at = [&](std::size_t place) { return static_cast<unsigned char>(answer[place]); };
  if (answer.size() < 2 || at(0) != 5 || !(at(1) == 0 || (at(1) == 2 && with_user))) return {};
  std::size_t place = 2;
  if (at(1) == 2) {
    if (answer.size() < 4 || at(3) != 0) return {};
    place = 4;
  }
  if (answer.size() < place + 5 || at(place) != 5 || at(place + 1) != 0) return {};
  switch (at(place + 3)) {
    case 1:
      place += 4 + 4 + 2;
      break;
    case 3:
      place += 4 + 1 + at(place + 4) + 2;
      break;
    case 4:
      place += 4 + 16 + 2;
      break;
    default:
      return {};
  }
  return place <= answer.size() ? std::optional(place) : std::nullopt;
}

/// Where the header ends; the rest of its syntax is not told here.
std::optional<std::size_t> end_of_http(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  if (end == std::string_view::npos || end + 4 > kLongestHttp) return {};
  return end + 4;
}

bool agrees(std::string_view header) {
  return (header.starts_with("HTTP/1.1 2") || header.starts_with("HTTP/1.0 2")) && header.size() > 12;
}

/// A status line of 200 to 299 with a plain reason, and nothing else.
bool is_plain_agreement(std::string_view header) {
  if (!agrees(header) || header[12] != ' ' || header.find("\r\n") + 4 != header.size()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return is_digit(header[10]) && is_digit(header[11]) &&
         std::ranges::all_of(header.substr(13, header.size() - 17), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_refusal(const Error& error, const std::string& name) {
  using enum ErrorKind;
  const bool has_kind = error.kind == network || error.kind == permission || error.kind == auth ||
                        error.kind == protocol || error.kind == timeout;
  require_law("a refusal is of one of the kinds that are told", has_kind && error.scope == Scope::account);
  require_law("a refusal names the proxy and what to do",
              error.message.contains(name) && !error.remedy.empty() && error.message.size() < 2 * kLongestHttp);
  require_law("a refusal has no password", !error.describe().contains(kPassword));
  require_law("a refusal is one line", !error.message.contains('\n') && !error.message.contains('\r'));
  require_law("what is forbidden is not tried again", error.kind != permission || error.retry == Retry::never);
}

void check(const Proxy& proxy, std::string_view answer, End end, unsigned seed) {
  static asio::io_context context(1);
  const auto name = proxy_name(proxy);
  AnswerTransport transport(answer, end, seed);
  const auto agreed = test::run_task(context, ask_proxy(transport, proxy, "imap.example.org", 993, kPatience));
  const bool is_socks = proxy.kind == Proxy::Kind::socks5;
  const auto expected = is_socks ? end_of_socks5(answer, !proxy.user.empty()) : end_of_http(answer);
  const auto read = transport.octets_read();
  require_law("a proxy is asked", !transport.written().empty());
  require_law("the server's octets are left to it", !expected || read <= *expected);
  if (!agreed) check_refusal(agreed.error(), name);
  if (is_socks) require_law("SOCKS5 agrees as RFC 1928 says", agreed.has_value() == expected.has_value());
  if (!is_socks && expected && is_plain_agreement(answer.substr(0, *expected)))
    require_law("HTTP agrees by a plain status of 200 to 299", agreed.has_value());
  if (!agreed) return;
  require_law("HTTP agrees by a status of 200 to 299", is_socks || (expected && agrees(answer)));
  require_law("what is behind the answer is the server's", read == expected);
}

}  // namespace
}  // namespace mailferry::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry;
  if (size < 2) return 0;
  const std::string answer(data + 2, data + size);
  const bool has_user = (data[0] & 2U) != 0;
  const net::Proxy proxy{.kind = (data[0] & 1U) != 0 ? net::Proxy::Kind::http : net::Proxy::Kind::socks5,
                         .host = "proxy.example.org",
                         .port = 1080,
                         .user = has_user ? "ann" : "",
                         .password = Secret(has_user ? std::string(net::kPassword) : std::string())};
  net::check(proxy, answer, (data[0] & 4U) != 0 ? net::End::silent : net::End::closed, data[1]);
  return 0;
}
