#include "net/certificate_check.hpp"

#include "net/known_servers.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <ctime>
#include <memory>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mailferry::net {

namespace {

namespace asio = boost::asio;

constexpr std::size_t kFingerprintDigits = 64;
constexpr std::size_t kNamesShown = 5;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

std::string date_of(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02}", broken_down.tm_year + 1900, broken_down.tm_mon + 1, broken_down.tm_mday);
}

std::string text_of(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : "(no name)";
}

std::string text_of(const GENERAL_NAME* name) {
  int type = 0;
  void* value = GENERAL_NAME_get0_value(name, &type);
  const auto* string = static_cast<const ASN1_STRING*>(value);
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const unsigned char* data = ASN1_STRING_get0_data(string);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(string));
  if (type == GEN_DNS) return {data, data + size};
  if (size == 4) {
    asio::ip::address_v4::bytes_type bytes;
    std::copy_n(data, size, bytes.begin());
    return asio::ip::address_v4(bytes).to_string();
  }
  if (size != 16) return {};
  asio::ip::address_v6::bytes_type bytes;
  std::copy_n(data, size, bytes.begin());
  return asio::ip::address_v6(bytes).to_string();
}

/// The names that the certificate is for, as a list for people.
std::string names_of(X509* certificate) {
  std::vector<std::string> names;
  const Names list(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string name = text_of(sk_GENERAL_NAME_value(list.get(), i));
    if (!name.empty()) names.push_back(std::move(name));
  }
  if (names.empty()) return text_of(X509_get_subject_name(certificate));
  const std::size_t hidden = names.size() - std::min(names.size(), kNamesShown);
  names.resize(names.size() - hidden);
  return fmt::format("{}{}", fmt::join(names, ", "), hidden == 0 ? "" : fmt::format(" and {} more", hidden));
}

std::string with_colons(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    text += (i == 0 ? "" : ":") + hex.substr(i, 2);
  return text;
}

std::string pin_remedy(X509* leaf) {
  return fmt::format(
      "If you know this server, trust exactly this certificate with --from-tls-fingerprint or --to-tls-fingerprint {}.",
      fingerprint_of(leaf));
}

/// OpenSSL reports a missing file as "system lib".
std::error_code why_unreadable(const std::string& path) {
  const int status = ::access(path.c_str(), R_OK);
  return status == 0 ? std::error_code() : std::error_code(errno, std::generic_category());
}

std::string last_openssl_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown reason";
}

/// What is on record for the server. A first use is recorded; somebody else may be faster, and meet another one.
Result<std::string> known_or_remembered(const std::string& file, const std::string& server, const std::string& actual) {
  TRY(const auto known, known_fingerprint(file, server));
  if (known) return *known;
  return remember_fingerprint(file, server, actual);
}

}  // namespace

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), sum.data(), &size) != 1) return {};
  std::string hex;
  for (unsigned i = 0; i < size; ++i)
    hex += fmt::format("{:02X}", sum[i]);
  return with_colons(hex);
}

Result<std::string> parse_fingerprint(const std::string& text) {
  std::string digits;
  bool is_hex = true;
  for (const char c : text) {
    if (c == ':') continue;
    is_hex = is_hex && std::isxdigit(static_cast<unsigned char>(c)) != 0;
    digits += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (is_hex && digits.size() == kFingerprintDigits) return digits;
  return fail(ErrorKind::usage, Scope::account,
              fmt::format("\"{}\" is not the SHA-256 fingerprint of a certificate", text),
              "Give 64 hexadecimal digits, with or without colons, as `openssl x509 -fingerprint -sha256` shows them.");
}

bool is_address(const std::string& host) {
  boost::system::error_code code;
  asio::ip::make_address(host, code);
  return !code;
}

CertificateCheck::CertificateCheck(const TlsOptions& options, std::string host, std::string peer)
    : options_(options), host_(std::move(host)), peer_(std::move(peer)) {}

Result<CertificateCheck> CertificateCheck::make(const TlsOptions& options, std::string host, std::string peer) {
  CertificateCheck check(options, std::move(host), std::move(peer));
  if (!options.fingerprint.empty()) {
    TRY(check.pin_, parse_fingerprint(options.fingerprint));
  }
  return check;
}

Result<> CertificateCheck::install(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &CertificateCheck::call_back, this);
  if (!checks_chain()) return {};
  ERR_clear_error();
  if (options_.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  const std::error_code unreadable = why_unreadable(options_.ca_file);
  if (!unreadable && SSL_CTX_load_verify_file(context, options_.ca_file.c_str()) == 1) return {};
  return fail(ErrorKind::usage, Scope::account,
              fmt::format("cannot read CA certificates from {}: {}", options_.ca_file,
                          unreadable ? unreadable.message() : last_openssl_error()),
              "Give a readable file in PEM form with --from-tls-ca or --to-tls-ca, or as tls_ca in mailferry.toml.");
}

Result<> CertificateCheck::install(SSL* session) {
  const bool address = is_address(host_);
  // RFC 6066 §3: no literal addresses. (The macro for this has an old-style cast.)
  if (!address) SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
  if (!checks_chain()) return {};
  X509_VERIFY_PARAM* parameters = SSL_get0_param(session);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int done =
      address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host_.c_str()) : SSL_set1_host(session, host_.c_str());
  if (done == 1) return {};
  return fail(ErrorKind::usage, Scope::account, fmt::format("\"{}\" is not a host name", host_));
}

int CertificateCheck::call_back(X509_STORE_CTX* context, void* self) {
  return static_cast<CertificateCheck*>(self)->accepts(context) ? 1 : 0;
}

bool CertificateCheck::accepts(X509_STORE_CTX* context) {
  X509* leaf = X509_STORE_CTX_get0_cert(context);
  if (!pin_.empty()) {
    const bool same = has_pinned_fingerprint(leaf);
    X509_STORE_CTX_set_error(context, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return same;
  }
  if (!options_.known_servers_file.empty()) {
    const bool known = is_known(leaf);
    X509_STORE_CTX_set_error(context, known ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return known;
  }
  if (!options_.verify) {
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return true;
  }
  if (X509_verify_cert(context) == 1) return true;
  X509* culprit = X509_STORE_CTX_get_current_cert(context);
  refusal_ = explain(X509_STORE_CTX_get_error(context), culprit != nullptr ? culprit : leaf,
                     X509_STORE_CTX_get_error_depth(context), leaf);
  return false;
}

bool CertificateCheck::has_pinned_fingerprint(X509* leaf) {
  const std::string actual = fingerprint_of(leaf);
  const std::string wanted = with_colons(pin_);
  if (actual == wanted) return true;
  refusal_ =
      Error{.kind = ErrorKind::tls,
            .scope = Scope::account,
            .retry = Retry::never,
            .retry_after = {},
            .message = fmt::format("the certificate of {} has the fingerprint {}, not {}", peer_, actual, wanted),
            .remedy =
                "If the server has a new certificate and you trust it, change --from-tls-fingerprint or "
                "--to-tls-fingerprint; if not, somebody may be listening in.",
            .trail = {}};
  return false;
}

bool CertificateCheck::is_known(X509* leaf) {
  const auto& file = options_.known_servers_file;
  const auto actual = fingerprint_of(leaf);
  const auto known = known_or_remembered(file, options_.known_as, actual);
  if (!known) {
    refusal_ = known.error();
    return false;
  }
  if (*known == actual) return true;
  refusal_ = Error{.kind = ErrorKind::tls,
                   .scope = Scope::account,
                   .retry = Retry::never,
                   .retry_after = {},
                   .message = fmt::format("the certificate of {} has the fingerprint {}, not {} as on first use", peer_,
                                          actual, *known),
                   .remedy = fmt::format("If the server has a new certificate and you trust it, remove its line from "
                                         "{}; if not, somebody may be listening in.",
                                         file),
                   .trail = {}};
  return false;
}

Error CertificateCheck::explain(int code, X509* culprit, int depth, X509* leaf) const {
  Error error{.kind = ErrorKind::tls,
              .scope = Scope::account,
              .retry = Retry::never,
              .retry_after = {},
              .message = {},
              .remedy = pin_remedy(leaf),
              .trail = {}};
  const std::string whose = depth == 0 ? fmt::format("the certificate of {}", peer_)
                                       : fmt::format("the authority \"{}\" behind the certificate of {}",
                                                     text_of(X509_get_subject_name(culprit)), peer_);
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      error.message = fmt::format("{} expired on {}", whose, date_of(X509_get0_notAfter(culprit)));
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      error.message = fmt::format("{} is valid only from {} on; is this computer's clock right?", whose,
                                  date_of(X509_get0_notBefore(culprit)));
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      error.message = fmt::format("the certificate of {} is for {}, not for {}", peer_, names_of(leaf), host_);
      error.remedy = "Use the name that the certificate is for. " + error.remedy;
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      error.message =
          fmt::format("the certificate of {} is self-signed: {}", peer_, text_of(X509_get_subject_name(leaf)));
      break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      error.message = fmt::format("the certificate of {} was issued by an authority that is not trusted here: {}",
                                  peer_, text_of(X509_get_issuer_name(culprit)));
      error.remedy =
          "If it is your organisation's own authority, give its certificate with --from-tls-ca or --to-tls-ca, or "
          "as tls_ca in mailferry.toml. " +
          error.remedy;
      break;
    default:
      error.message = fmt::format("{} is not accepted: {}", whose, X509_verify_cert_error_string(code));
  }
  return error;
}

}  // namespace mailferry::net
