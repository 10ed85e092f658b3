// SHA-256 over data that comes in pieces (OpenSSL underneath, hidden here).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace mailferry {

using Sha256Sum = std::array<std::uint8_t, 32>;

/// One object can digest many inputs one after another, which is much cheaper than one object for each.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view data);
  /// The digest of everything since the last finish(); the object is then ready for the next input.
  [[nodiscard]] Sha256Sum finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace mailferry
