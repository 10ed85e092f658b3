#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace mailferry {

void Secret::wipe() noexcept {
  OPENSSL_cleanse(value_.data(), value_.size());
}

}  // namespace mailferry
