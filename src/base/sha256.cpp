#include "base/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace mailferry {
namespace {

void require(int outcome) {
  // Only exhausted memory or a broken OpenSSL gets here.
  if (outcome != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

const EVP_MD* algorithm() {
  // Fetched once: an implicit fetch for each input costs more than the digest of a header.
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched != nullptr ? fetched : EVP_sha256();
}

}  // namespace

struct Sha256::Context {
  Context() : evp(EVP_MD_CTX_new()) { require(evp != nullptr && EVP_DigestInit_ex2(evp, algorithm(), nullptr)); }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view data) {
  require(EVP_DigestUpdate(context_->evp, data.data(), data.size()));
}

Sha256Sum Sha256::finish() {
  Sha256Sum sum;
  require(EVP_DigestFinal_ex(context_->evp, sum.data(), nullptr));
  require(EVP_DigestInit_ex2(context_->evp, nullptr, nullptr));
  return sum;
}

}  // namespace mailferry
