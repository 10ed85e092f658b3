#include "net/deflate_transport.hpp"

#include <algorithm>
#include <cstring>
#include <vector>
#include <zlib.h>

namespace mailferry::net {
namespace {

/// RFC 4978 §3: raw deflate, without zlib's header and checksum.
constexpr int kRaw = -15;
constexpr int kMemoryLevel = 8;
/// Mail is mostly base64, of which more effort wins next to nothing (measured: docs/benchmarks.md).
constexpr int kLevel = 1;
constexpr std::size_t kBuffer = 64 * 1024;

Bytef* to_zlib(const char* data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data));
}

class Inflater {
 public:
  Inflater() : input_(kBuffer) { inflateInit2(&stream_, kRaw); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Where compressed octets go; only when inflate() gave 0.
  std::span<char> input_space() noexcept { return input_; }
  void received(std::size_t count) noexcept {
    stream_.next_in = to_zlib(input_.data());
    stream_.avail_in = static_cast<uInt>(count);
  }
  /// 0: more input is needed.
  Result<std::size_t> inflate(std::span<char> plain) {
    stream_.next_out = to_zlib(plain.data());
    stream_.avail_out = static_cast<uInt>(plain.size());
    const int code = ::inflate(&stream_, Z_SYNC_FLUSH);
    const std::size_t count = plain.size() - stream_.avail_out;
    if (count > 0 || code == Z_OK || code == Z_BUF_ERROR) return count;
    return fail(ErrorKind::protocol, Scope::account, "the server's compressed stream is broken",
                "try again; if it stays so, connect without compression (compress = \"never\")", Retry::now);
  }

 private:
  z_stream stream_{};
  std::vector<char> input_;
};

class Deflater {
 public:
  Deflater() : output_(kBuffer) { deflateInit2(&stream_, kLevel, Z_DEFLATED, kRaw, kMemoryLevel, Z_DEFAULT_STRATEGY); }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void begin(std::span<const char> plain) noexcept {
    stream_.next_in = to_zlib(plain.data());
    stream_.avail_in = static_cast<uInt>(plain.size());
  }
  /// The next piece of what begin() was given, up to its end; empty: that was all.
  std::span<const char> piece() {
    stream_.next_out = to_zlib(output_.data());
    stream_.avail_out = static_cast<uInt>(output_.size());
    ::deflate(&stream_, Z_SYNC_FLUSH);
    return std::span<const char>(output_).first(output_.size() - stream_.avail_out);
  }

 private:
  z_stream stream_{};
  std::vector<char> output_;
};

class DeflateTransport final : public Transport {
 public:
  DeflateTransport(std::unique_ptr<Transport> below, std::string_view received)
      : below_(std::move(below)), already_(received) {}

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) override {
    while (true) {
      CO_TRY(const std::size_t count, inflate(buffer));
      if (count > 0) co_return count;
      const std::span<char> space = inflater_.input_space();
      CO_TRY(const std::size_t received, co_await below_->read_some(space, patience));
      inflater_.received(received);
    }
  }

  Result<std::size_t> try_read(std::span<char> buffer) override {
    while (true) {
      TRY(const std::size_t count, inflate(buffer));
      if (count > 0) return count;
      TRY(const std::size_t received, below_->try_read(inflater_.input_space()));
      if (received == 0) return 0;
      inflater_.received(received);
    }
  }

  Task<> write_all(std::span<const char> octets) override {
    deflater_.begin(octets);
    for (auto piece = deflater_.piece(); !piece.empty(); piece = deflater_.piece())
      CO_CHECK(co_await below_->write_all(piece));
    co_return Result<>{};
  }

  Task<> start_tls(const TlsOptions& /*options*/, const std::string& /*host*/) override {
    co_return fail(ErrorKind::protocol, Scope::account, "TLS cannot begin inside a compressed stream");
  }
  [[nodiscard]] ChannelBinding channel_binding() const override { return below_->channel_binding(); }
  [[nodiscard]] bool is_near_and_encrypted() const noexcept override { return below_->is_near_and_encrypted(); }
  void close() noexcept override { below_->close(); }
  [[nodiscard]] bool is_open() const noexcept override { return below_->is_open(); }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override { return below_->octets_read(); }
  [[nodiscard]] std::uint64_t octets_written() const noexcept override { return below_->octets_written(); }

 private:
  Result<std::size_t> inflate(std::span<char> buffer) {
    auto count = inflater_.inflate(buffer);
    if (!count) below_->close();
    while (count && *count == 0 && !already_.empty()) {
      const auto space = inflater_.input_space();
      const auto part = std::min(space.size(), already_.size());
      std::memcpy(space.data(), already_.data(), part);
      already_.erase(0, part);
      inflater_.received(part);
      count = inflater_.inflate(buffer);
    }
    return count;
  }

  std::unique_ptr<Transport> below_;
  std::string already_;
  Inflater inflater_;
  Deflater deflater_;
};

}  // namespace

std::unique_ptr<Transport> make_compressed(std::unique_ptr<Transport> below, std::string_view received) {
  return std::make_unique<DeflateTransport>(std::move(below), received);
}

}  // namespace mailferry::net
