#include "net/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <algorithm>
#include <array>
#include <cstring>

namespace mailferry::net {

namespace {

/// More does not save CPU (measured from 32 to 256 KB), and there is one for each connection.
constexpr std::size_t kInputSize = 64 * 1024;
/// Records begin with a content type from 20 (change_cipher_spec) to 23 (application_data): RFC 8446 §5.1.
constexpr char kFirstContentType = 20;
constexpr char kLastContentType = 23;

bool has_aes_instructions() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") != 0;
#elif defined(__aarch64__)
  constexpr unsigned long kHwcapAes = 1UL << 3;
  return (getauxval(AT_HWCAP) & kHwcapAes) != 0;
#else
  return false;
#endif
}

/// All are of equal rank for mail in transit, so the cheapest goes first.
const char* cipher_suites() {
  return has_aes_instructions() ? "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
                                : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

std::string reason_of_last_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "unknown reason";
}

constexpr const char* kPortRemedy =
    "Port 993 (imaps://) is TLS from the first octet on, port 143 (imap://) begins in plain text.";

bool is_version_refusal(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
         reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_VERSION_TOO_LOW;
}

}  // namespace

/// OpenSSL's view of our two buffers.
struct TlsSession::Hooks {
  static int read(BIO* bio, char* data, std::size_t size, std::size_t* count) {
    auto* self = static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *count = std::min(size, self->input_end_ - self->input_begin_);
    if (*count == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(data, self->input_.get() + self->input_begin_, *count);
    self->input_begin_ += *count;
    return 1;
  }
  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
    auto* self = static_cast<TlsSession*>(BIO_get_data(bio));
    self->output_.insert(self->output_.end(), data, data + size);
    *count = size;
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mailferry buffers");
      BIO_meth_set_read_ex(made, &Hooks::read);
      BIO_meth_set_write_ex(made, &Hooks::write);
      BIO_meth_set_ctrl(made, &Hooks::control);
      return made;
    }();
    return kMethod;
  }
};

TlsSession::TlsSession(CertificateCheck check, std::string peer)
    : check_(std::move(check)), peer_(std::move(peer)), input_(std::make_unique_for_overwrite<char[]>(kInputSize)) {}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsOptions& options, const std::string& host,
                                                     const std::string& peer) {
  TRY(CertificateCheck check, CertificateCheck::make(options, host, peer));
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(check), peer));
  CHECK_OK(session->set_up(options));
  return session;
}

Result<> TlsSession::use_certificate(const TlsOptions& options) {
  if (options.certificate_file.empty()) return {};
  const auto& key = options.key_file.empty() ? options.certificate_file : options.key_file;
  ERR_clear_error();
  const bool has_certificate = SSL_CTX_use_certificate_chain_file(context_, options.certificate_file.c_str()) == 1;
  if (has_certificate && SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1) return {};
  return fail(ErrorKind::usage, Scope::account,
              fmt::format("cannot use the client {} in {}: {}", has_certificate ? "key" : "certificate",
                          has_certificate ? key : options.certificate_file, reason_of_last_error()),
              "give readable files in PEM form, the key without a passphrase and made for this certificate");
}

Result<> TlsSession::set_up(const TlsOptions& options) {
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr) return fail(ErrorKind::tls, Scope::run, "cannot start OpenSSL: " + reason_of_last_error());
  is_1_3_only_ = options.least_version == TlsOptions::Version::v1_3;
  SSL_CTX_set_min_proto_version(context_, is_1_3_only_ ? TLS1_3_VERSION : TLS1_2_VERSION);
  CHECK_OK(use_certificate(options));
  SSL_CTX_set_ciphersuites(context_, cipher_suites());
  // Renegotiation would make writes wait for reads; TLS 1.3 has none, and nobody needs it here.
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context_, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  CHECK_OK(check_.install(context_));
  ssl_ = SSL_new(context_);
  BIO* bio = ssl_ != nullptr ? BIO_new(Hooks::method()) : nullptr;
  if (bio == nullptr) return fail(ErrorKind::tls, Scope::run, "cannot start OpenSSL: " + reason_of_last_error());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_connect_state(ssl_);
  return check_.install(ssl_);
}

Result<bool> TlsSession::shake_hands() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) return true;
  const int reason = SSL_get_error(ssl_, done);
  if (reason == SSL_ERROR_WANT_READ && !is_plain_text_) return false;
  return handshake_failed(reason);
}

ChannelBinding TlsSession::channel_binding() const {
  if (SSL_is_init_finished(ssl_) == 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
  if (SSL_version(ssl_) >= TLS1_3_VERSION) {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    constexpr std::size_t kSize = 32;
    const int done =
        SSL_export_keying_material(ssl_, octets.data(), kSize, kLabel.data(), kLabel.size(), nullptr, 0, 1);
    if (done != 1) return {};
    return {.kind = ChannelBinding::Kind::tls_exporter, .octets = {octets.begin(), octets.begin() + kSize}};
  }
  // Without the extended master secret two sessions can be given the same (RFC 7627 §1).
  if (SSL_get_extms_support(ssl_) != 1) return {};
  const std::size_t size = SSL_get_finished(ssl_, octets.data(), octets.size());
  return {.kind = ChannelBinding::Kind::tls_unique,
          .octets = {octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size)}};
}

std::span<char> TlsSession::input_space() noexcept {
  return {input_.get(), kInputSize};
}

void TlsSession::received(std::size_t count) noexcept {
  if (!has_input_ && count > 0) {
    has_input_ = true;
    is_plain_text_ = input_[0] < kFirstContentType || input_[0] > kLastContentType;
  }
  input_begin_ = 0;
  input_end_ = count;
}

Result<std::size_t> TlsSession::decrypt(std::span<char> plain) {
  std::size_t total = 0;
  while (total < plain.size()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_read_ex(ssl_, plain.data() + total, plain.size() - total, &count);
    if (done != 1) {
      const int reason = SSL_get_error(ssl_, done);
      // With octets in hand, an error can wait: the next call meets it again.
      if (reason == SSL_ERROR_WANT_READ || total > 0) break;
      return stream_failed(reason);
    }
    total += count;
  }
  return total;
}

Result<> TlsSession::encrypt(std::span<const char> plain) {
  ERR_clear_error();
  std::size_t count = 0;
  const int done = SSL_write_ex(ssl_, plain.data(), plain.size(), &count);
  if (done != 1) return stream_failed(SSL_get_error(ssl_, done));
  return {};
}

void TlsSession::say_goodbye() noexcept {
  if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::unexpected<Error> TlsSession::handshake_failed(int) const {
  if (check_.refusal()) return std::unexpected<Error>(*check_.refusal());
  if (is_plain_text_) {
    return fail(ErrorKind::tls, Scope::account,
                fmt::format("{} answers in plain text where TLS was expected: is this the STARTTLS port?", peer_),
                kPortRemedy);
  }
  if (is_version_refusal(ERR_peek_last_error())) {
    return fail(ErrorKind::tls, Scope::account,
                fmt::format("{} offers no TLS of version {} or newer", peer_, is_1_3_only_ ? "1.3" : "1.2"),
                "Ask the server's operator to switch on TLS 1.3.");
  }
  return fail(ErrorKind::tls, Scope::account,
              fmt::format("the TLS handshake with {} failed: {}", peer_, reason_of_last_error()));
}

std::unexpected<Error> TlsSession::stream_failed(int ssl_error) const {
  if (ssl_error == SSL_ERROR_ZERO_RETURN) {
    return fail(ErrorKind::network, Scope::account, fmt::format("{} closed the connection", peer_), {}, Retry::now);
  }
  return fail(ErrorKind::tls, Scope::account,
              fmt::format("the TLS stream from {} is broken: {}", peer_, reason_of_last_error()), {}, Retry::now);
}

}  // namespace mailferry::net
