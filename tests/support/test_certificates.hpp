// Certificates made while the test runs: nothing to expire in the repository.
#pragma once

#include <memory>
#include <string>
#include <vector>

typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

namespace mailferry::test {

struct CertificateRequest {
  std::string common_name = "localhost";
  /// In OpenSSL's form: "DNS:localhost", "IP:127.0.0.1".
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};
  /// Days from today; negative: in the past.
  int valid_from_day = -1;
  int valid_to_day = 30;
};

/// PEM texts, and the SHA-256 fingerprint as "AB:CD:…".
struct TestCertificate {
  std::string certificate;
  std::string key;
  std::string fingerprint;
};

class TestAuthority {
 public:
  explicit TestAuthority(std::string name = "Mailferry test authority", int valid_to_day = 30);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] TestCertificate issue(const CertificateRequest& request) const;
  [[nodiscard]] const std::string& certificate() const noexcept { return pem_; }

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string pem_;
};

TestCertificate make_self_signed(const CertificateRequest& request);

/// A file with this content in the temporary directory; removed with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace mailferry::test
