// The client's half of the protocol without I/O: commands become octets to send, received octets become events.
// Tags, literals that wait for "+", and what the server says it can do are kept here.
#pragma once

#include "imap/capabilities.hpp"
#include "imap/command/commands.hpp"
#include "imap/response/response_parser.hpp"

#include <deque>
#include <span>
#include <string>
#include <string_view>

namespace mailferry::imap {

class ClientEngine {
 public:
  explicit ClientEngine(ParserLimits limits = {});

  /// Queues a command behind those before it and returns its tag. Commands may be in flight together as far as RFC 9051
  /// §5.5 lets the caller pipeline them; a literal that must wait for "+" holds back everything behind it.
  std::string submit(const Command& command);

  /// The line that ends IDLE (RFC 2177), or an answer to a SASL challenge, base64 already.
  void submit_line(std::string_view line);

  /// A tag for an APPEND that is written piece by piece with the four calls below (RFC 3502 MULTIAPPEND for several).
  [[nodiscard]] std::string next_tag();
  /// Begins it; the name must be one that can be sent.
  void begin_append(std::string_view tag, std::string_view mailbox) {
    output_ += append_begin(tag, mailbox, literal_mode());
  }
  /// Writes the head of a message. True: wait for a Continuation before append_octets().
  bool append_message(const Flags& flags, const std::optional<InternalDate>& date, std::uint64_t size) {
    return append_head(output_, flags, date, size, literal_mode());
  }
  void append_octets(std::span<const char> octets) { output_.append(octets.data(), octets.size()); }
  void close_append() {
    output_ += "\r\n";
    ++commands_;
  }

  /// Octets to send now; the view is valid until the next call of a non-const member.
  [[nodiscard]] std::span<const char> output() const noexcept;
  void sent(std::size_t octets);
  [[nodiscard]] std::size_t output_size() const noexcept { return output_.size() - output_sent_; }

  [[nodiscard]] std::span<char> prepare(std::size_t hint) { return parser_.prepare(hint); }
  void received(std::size_t octets) { parser_.commit(octets); }
  /// The next event; null: more octets are needed (or output is to be sent first). Valid until the next poll(); may be
  /// moved from.
  [[nodiscard]] Result<Event*> poll();

  [[nodiscard]] const Capabilities& capabilities() const noexcept { return capabilities_; }
  /// Forgets the capabilities, as after STARTTLS and sign-in (RFC 9051 §6.2.1, §7.2.2).
  void forget_capabilities() { capabilities_.clear(); }
  void disable(Capability capability) {
    disabled_.push_back(capability);
    capabilities_.remove(capability);
  }
  /// RFC 3501 §6.2.1: what was received before TLS is not to be trusted.
  void discard_received() noexcept { parser_.discard_buffered(); }
  /// Takes them out, because they are compressed (RFC 4978 §3).
  [[nodiscard]] std::string take_received() { return parser_.take_buffered(); }
  [[nodiscard]] std::size_t buffered() const noexcept { return parser_.buffered(); }
  /// Gives back memory that nothing is kept in.
  void make_small() {
    if (output_size() == 0) output_ = {};
    if (output_.empty()) output_sent_ = 0;
    parser_.make_small();
  }
  /// Commands submitted so far.
  [[nodiscard]] std::uint64_t commands() const noexcept { return commands_; }
  /// next_tag() gave this one.
  [[nodiscard]] bool is_own(std::string_view tag) const noexcept;
  [[nodiscard]] LiteralMode literal_mode() const noexcept;

 private:
  /// A part of a command that waits for the "+" of the part before it, or for its turn behind such a part.
  struct Held {
    std::string tag;
    std::string octets;
    bool waits = false;
  };

  void learn(const std::vector<std::string>& names);
  void note(const Event& event);
  bool release_after_continuation();
  void drop_held(std::string_view tag);
  void flush_held();

  ResponseParser parser_;
  Capabilities capabilities_;
  std::vector<Capability> disabled_;
  std::string output_;
  std::size_t output_sent_ = 0;
  std::deque<Held> held_;
  std::uint64_t last_tag_ = 0;
  std::uint64_t commands_ = 0;
};

}  // namespace mailferry::imap
