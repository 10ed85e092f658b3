// A connection to a scripted peer whose greeting has told the capabilities.
#pragma once

#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"
#include "support/faulty_transport.hpp"
#include "support/run_task.hpp"
#include "support/scripted_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace mailferry::test {

class ImapDialogue : public ::testing::Test {
 protected:
  /// `capabilities` without IMAP4rev1; `plan` breaks the connection somewhere.
  void connect(const std::string& capabilities, std::shared_ptr<FaultPlan> plan = {}) {
    peer_ = std::make_unique<ScriptedPeer>(context_);
    peer_->send("* OK [CAPABILITY IMAP4rev1 " + capabilities + "] ready\r\n");
    auto transport = peer_->transport();
    if (plan) transport = make_faulty(std::move(transport), std::move(plan));
    connection_ = std::make_unique<client::ImapConnection>(std::move(transport), net::Timeouts{});
  }
  /// Takes the greeting.
  Result<> greet() {
    auto greeting = run_task(context_, connection_->next());
    if (!greeting) return std::unexpected(greeting.error());
    return {};
  }

  asio::io_context context_;
  std::unique_ptr<ScriptedPeer> peer_;
  std::unique_ptr<client::ImapConnection> connection_;
  stores::imap::MailboxNames names_;
};

inline UidSet uids(std::string_view text) {
  return UidSet::parse(text).value();
}

}  // namespace mailferry::test
