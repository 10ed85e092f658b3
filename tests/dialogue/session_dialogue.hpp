// What a run does with a session, step by step, against a scripted peer; answers come back as lines to compare.
#pragma once

#include "dialogue/imap_dialogue.hpp"
#include "stores/imap/imap_session.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace mailferry::test {

using Lines = std::vector<std::string>;

class SessionDialogue : public ImapDialogue {
 protected:
  struct Scanned final : store::MetaSink {
    store::ScanResult result;
    std::vector<store::MessageMeta> messages;
    void message(store::MessageMeta&& meta) override { messages.push_back(std::move(meta)); }
  };

  SessionDialogue() {
    options_.credentials = {.user = "ann", .secret = Secret("pw")};
    options_.allow_plaintext = true;
    options_.endpoint.security = net::Security::plaintext;
    options_.endpoint.compression = net::Compression::never;
  }

  /// A session whose first command is A1.
  void open(const std::string& capabilities) {
    connect(capabilities);
    ASSERT_TRUE(greet());
    begin_session();
  }
  /// A peer that greets with `greeting`; sign_in() is next.
  void greet_with(const std::string& greeting) {
    peer_ = std::make_unique<ScriptedPeer>(context_);
    peer_->send(greeting);
    connection_ = std::make_unique<client::ImapConnection>(peer_->transport(), net::Timeouts{});
  }
  Result<> sign_in() {
    auto signed_in = run(connection_->sign_in(options_));
    if (signed_in) begin_session();
    return signed_in;
  }
  void begin_session() {
    auto names = std::make_shared<stores::imap::MailboxNames>();
    session_ = std::make_unique<stores::imap::ImapSession>(context_, std::move(connection_), names, "ann@host",
                                                           "ann@host:993");
  }

  template <class T>
  Result<T> run(Task<T> task) {
    return run_task(context_, std::move(task));
  }

  Result<Lines> list() {
    auto listed = run(session_->list(false));
    if (!listed) return std::unexpected(listed.error());
    Lines lines;
    for (const auto& mailbox : listed->mailboxes)
      lines.push_back(describe(mailbox));
    return lines;
  }

  Result<Scanned> scan(store::ScanRequest request) {
    Scanned scanned;
    const std::vector<store::ScanRequest> requests{std::move(request)};
    const std::vector<store::MetaSink*> sinks{&scanned};
    auto results = run(session_->scan(requests, sinks));
    if (!results) return std::unexpected(results.error());
    if (!results->front()) return std::unexpected(results->front().error());
    scanned.result = *std::move(results->front());
    return scanned;
  }
  /// Of all messages of INBOX.
  Result<Scanned> scan(store::ScanDetail detail) {
    return scan(store::ScanRequest{.mailbox = inbox(), .detail = detail});
  }

  Result<store::Prepared> prepare(store::CreateRequest request) {
    const std::vector<store::CreateRequest> requests{std::move(request)};
    auto results = run(session_->prepare(requests));
    if (!results) return std::unexpected(results.error());
    return results->front();
  }

  /// Reads from INBOX; a line for each message that came whole, and one for the end of the request.
  Result<Lines> read(std::string_view wanted, UidValidity validity = 77) {
    if (!reader_) reader_ = session_->reader();
    reader_->request({.ticket = 1, .mailbox = inbox(), .uid_validity = validity, .uids = uids(wanted)});
    read_lines_.clear();
    read_error_.reset();
    auto done = run(read_request());
    if (!done) return std::unexpected(done.error());
    return read_lines_;
  }

  /// Appends to INBOX, all before the first answer is waited for; a line for each outcome.
  Result<Lines> append(std::vector<std::string> bodies, Flags flags = {}) {
    if (!appender_) appender_ = session_->appender(1U << 20);
    auto done = run(append_all(std::move(bodies), std::move(flags)));
    Lines lines;
    append_error_.reset();
    for (const auto& outcome : appender_->take_outcomes()) {
      lines.push_back(describe(outcome));
      if (!outcome.result) append_error_ = outcome.result.error();
    }
    if (!done) return std::unexpected(done.error());
    return lines;
  }

  Result<> add_flags(std::string_view wanted, std::string_view flags) {
    const std::vector<store::FlagUpdate> updates{
        {.uids = uids(wanted), .add = Flags::from_string(flags), .remove = {}}};
    return run(session_->change_flags(inbox(), 0, updates));
  }

  /// What read() had when it failed.
  [[nodiscard]] const Lines& read_lines() const { return read_lines_; }
  static MailboxPath inbox() { return MailboxPath::split("INBOX", '/'); }
  [[nodiscard]] bool is_given_up() const { return peer_->is_closed_by_client(); }

  client::ConnectOptions options_;
  std::unique_ptr<stores::imap::ImapSession> session_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<store::Appender> appender_;
  std::optional<Error> read_error_;    // how the last request of read() ended, when not well
  std::optional<Error> append_error_;  // of the last outcome of append() that was a refusal

 private:
  static std::string describe(const store::MailboxInfo& mailbox) {
    std::string line = fmt::format("{}:", mailbox.path.to_string());
    if (!mailbox.selectable) line += " level";
    if (mailbox.foreign) line += " foreign";
    if (const auto use = to_attribute(mailbox.use); !use.empty()) line += fmt::format(" {}", use);
    if (mailbox.subscribed) line += " subscribed";
    if (mailbox.status)
      line += fmt::format(" {} messages, next {}, validity {}", mailbox.status->messages, mailbox.status->uid_next,
                          mailbox.status->uid_validity);
    return line;
  }
  static std::string describe(const store::MessageHead& head, const std::string& body) {
    return fmt::format("{} ({}) {} {}: {}", head.uid, head.flags.to_string(),
                       head.date ? head.date->to_string() : "undated", head.octets, body);
  }
  static std::string describe(const store::ReadDone& done) {
    return fmt::format("{}{}", done.result ? "done" : "failed: " + done.result.error().message,
                       done.missing.empty() ? "" : ", missing " + done.missing.to_string());
  }
  static std::string describe(const store::AppendOutcome& outcome) {
    const auto stored = outcome.uids.empty() ? "stored" : "stored as " + outcome.uids.to_string();
    return fmt::format("{}: {}", fmt::join(outcome.tokens, " "),
                       outcome.result ? stored : "refused: " + outcome.result.error().message);
  }

  Task<> read_request() {
    using Kind = store::ReadStep::Kind;
    std::string body;
    while (true) {
      CO_TRY(const auto step, reader_->poll());
      if (step.kind == Kind::nothing) CO_CHECK(co_await reader_->wait());
      if (step.kind == Kind::message) body.clear();
      if (step.kind == Kind::octets) body.append(step.octets.data(), step.octets.size());
      if (step.kind == Kind::end) read_lines_.push_back(describe(reader_->head(), body));
      if (step.kind != Kind::done) continue;
      const auto done = reader_->take_done();
      if (!done.result) read_error_ = done.result.error();
      read_lines_.push_back(describe(done));
      co_return Result<>{};
    }
  }
  Task<> append_all(std::vector<std::string> bodies, Flags flags) {
    const auto mailbox = inbox();
    for (const auto& body : bodies) {
      const store::MessageHead head{.ticket = 1, .uid = 1, .flags = flags, .date = {}, .octets = body.size()};
      CO_CHECK(co_await appender_->begin(mailbox, head, ++last_token_, false));
      CO_CHECK(co_await appender_->write(body));
      CO_CHECK(appender_->end());
    }
    co_return co_await appender_->drain();
  }

  Lines read_lines_;
  std::uint64_t last_token_ = 0;
};

/// One row of the table of quirks: the name of the test begins with its id, in upper case. The script is played to its
/// end.
class QuirkDialogue : public SessionDialogue {
 protected:
  void TearDown() override {
    if (!peer_) return;
    EXPECT_EQ(peer_->verdict(), "");
  }
};

}  // namespace mailferry::test
