// The access token of an account whose user has a command that prints one: asked again when a server refuses it.
#pragma once

#include "async/notifier.hpp"
#include "auth/credential_source.hpp"
#include "auth/secret_source.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace mailferry::auth {

class CommandCredentials final : public CredentialSource {
 public:
  /// `base` has the token that was read at the start. `who` is the account, for messages.
  CommandCredentials(SecretSource source, std::string who, Credentials base)
      : source_(std::move(source)), who_(std::move(who)), current_(std::move(base)) {}

  Task<Credentials> current(asio::io_context& context) override;
  /// Runs the command, once for all who ask meanwhile. False: it prints the same token, or was run a moment ago.
  /// Errors: those of read_secret(), of scope account.
  Task<bool> renew(asio::io_context& context, const Credentials& refused) override;

 private:
  [[nodiscard]] bool is_current(const Credentials& refused) const;
  Task<> read_again(asio::io_context& context);

  SecretSource source_;
  std::string who_;
  Credentials current_;
  std::optional<std::chrono::steady_clock::time_point> read_at_{};  // by renew()
  std::unique_ptr<async::Notifier> reading_;                        // the command runs
};

}  // namespace mailferry::auth
