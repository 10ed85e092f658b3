#include "support/test_certificates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <unistd.h>

namespace mailferry::test {

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;

/// A test cannot go on without its certificates.
void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(fmt::format("cannot make a test certificate: {}", what));
}

Key make_key() {
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_keygen_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
              EVP_PKEY_keygen(context.get(), &key) == 1,
          "key");
  return Key(key);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

void set_name(X509* certificate, const std::string& common_name) {
  std::string text = common_name;
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets, static_cast<int>(text.size()), -1,
                                     0) == 1,
          "name");
}

/// Everything but issuer, extensions and signature.
Certificate make_body(const CertificateRequest& request, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  std::uint32_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial number");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), request.valid_from_day, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), request.valid_to_day, 0, nullptr);
  set_name(certificate.get(), request.common_name);
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signature");
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM of the certificate");
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM of the key");
  return text_of(bio.get());
}

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  require(X509_digest(certificate, EVP_sha256(), sum.data(), &size) == 1, "fingerprint");
  return fmt::format("{:02X}", fmt::join(sum.begin(), sum.begin() + size, ":"));
}

TestCertificate pack(X509* certificate, EVP_PKEY* key) {
  return {.certificate = pem_of(certificate), .key = pem_of(key), .fingerprint = fingerprint_of(certificate)};
}

void add_names(X509* certificate, X509* issuer, const CertificateRequest& request) {
  if (request.names.empty()) return;
  add_extension(certificate, issuer, NID_subject_alt_name, fmt::format("{}", fmt::join(request.names, ",")));
}

}  // namespace

struct TestAuthority::Keys {
  Key key;
  Certificate certificate;
};

TestAuthority::TestAuthority(std::string name, int valid_to_day) : keys_(std::make_unique<Keys>()) {
  keys_->key = make_key();
  const CertificateRequest request{
      .common_name = std::move(name), .names = {}, .valid_from_day = -400, .valid_to_day = valid_to_day};
  keys_->certificate = make_body(request, keys_->key.get());
  X509* self = keys_->certificate.get();
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(self, self, keys_->key.get());
  pem_ = pem_of(self);
}

TestAuthority::~TestAuthority() = default;

TestCertificate TestAuthority::issue(const CertificateRequest& request) const {
  const Key key = make_key();
  const Certificate certificate = make_body(request, key.get());
  add_names(certificate.get(), keys_->certificate.get(), request);
  sign(certificate.get(), keys_->certificate.get(), keys_->key.get());
  return pack(certificate.get(), key.get());
}

TestCertificate make_self_signed(const CertificateRequest& request) {
  const Key key = make_key();
  const Certificate certificate = make_body(request, key.get());
  add_names(certificate.get(), certificate.get(), request);
  sign(certificate.get(), certificate.get(), key.get());
  return pack(certificate.get(), key.get());
}

TemporaryFile::TemporaryFile(const std::string& content)
    : path_((std::filesystem::temp_directory_path() / "mailferry-test-XXXXXX").string()) {
  const int file = ::mkstemp(path_.data());
  const ssize_t written = file < 0 ? -1 : ::write(file, content.data(), content.size());
  if (file >= 0) ::close(file);
  require(written == static_cast<ssize_t>(content.size()), "temporary file");
}

TemporaryFile::~TemporaryFile() {
  ::unlink(path_.c_str());
}

}  // namespace mailferry::test
