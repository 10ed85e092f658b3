#include "scram_server.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <vector>

namespace mailferry::auth::test {
namespace {

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

const EVP_MD* digest_named(const std::string& name) {
  return EVP_get_digestbyname(name.c_str());
}

std::string hmac(const std::string& digest, const std::string& key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  HMAC(digest_named(digest), key.data(), static_cast<int>(key.size()), octets_of(text), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &length);
  out.resize(length);
  return out;
}

std::string hash(const std::string& digest, const std::string& text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), &length, digest_named(digest),
             nullptr);
  out.resize(length);
  return out;
}

std::string salted_password(const std::string& digest, const std::string& password, const std::string& salt,
                            unsigned rounds) {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(digest_named(digest))), '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets_of(salt), static_cast<int>(salt.size()),
                    static_cast<int>(rounds), digest_named(digest), static_cast<int>(out.size()),
                    reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string exclusive_or(std::string left, const std::string& right) {
  for (std::size_t i = 0; i < left.size(); ++i)
    left[i] = static_cast<char>(left[i] ^ right[i]);
  return left;
}

}  // namespace

std::string from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets_of(text), static_cast<int>(text.size()));
  std::size_t padding = 0;
  while (padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

std::string to_base64(std::string_view octets) {
  std::string out((octets.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets_of(octets), static_cast<int>(octets.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string client_proof(const std::string& digest, const std::string& password, const std::string& salt,
                         unsigned iterations, const std::string& auth_message) {
  const auto client_key = hmac(digest, salted_password(digest, password, salt, iterations), "Client Key");
  return to_base64(exclusive_or(client_key, hmac(digest, hash(digest, client_key), auth_message)));
}

std::string server_signature(const std::string& digest, const std::string& password, const std::string& salt,
                             unsigned iterations, const std::string& auth_message) {
  const auto server_key = hmac(digest, salted_password(digest, password, salt, iterations), "Server Key");
  return to_base64(hmac(digest, server_key, auth_message));
}

std::string ScramServer::first(std::string_view client_first) {
  client_first_bare_ = client_first.substr(client_first.find("n="));
  const auto nonce = client_first_bare_.substr(client_first_bare_.find(",r=") + 3);
  server_first_ = "r=" + nonce + account_.nonce_suffix + ",s=" + to_base64(account_.salt) +
                  ",i=" + std::to_string(account_.iterations);
  return server_first_;
}

bool ScramServer::verify(std::string_view client_final) {
  const auto proof_at = client_final.find(",p=");
  if (proof_at == std::string_view::npos) return false;
  auth_message_ = client_first_bare_ + "," + server_first_ + "," + std::string(client_final.substr(0, proof_at));
  return client_final.substr(proof_at + 3) ==
         client_proof(account_.digest, account_.password, account_.salt, account_.iterations, auth_message_);
}

std::string ScramServer::server_final() const {
  return "v=" + server_signature(account_.digest, account_.password, account_.salt, account_.iterations, auth_message_);
}

namespace {

TEST(ScramServer, ReproducesTheExampleOfRfc5802) {
  const std::string auth_message =
      "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
  const auto salt = from_base64("QSXCR+Q6sek8bf92");
  EXPECT_EQ(client_proof("SHA1", "pencil", salt, 4096, auth_message), "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  EXPECT_EQ(server_signature("SHA1", "pencil", salt, 4096, auth_message), "rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

TEST(ScramServer, ReproducesTheExampleOfRfc7677) {
  const std::string auth_message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const auto salt = from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
  EXPECT_EQ(client_proof("SHA256", "pencil", salt, 4096, auth_message), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_EQ(server_signature("SHA256", "pencil", salt, 4096, auth_message),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

}  // namespace
}  // namespace mailferry::auth::test
