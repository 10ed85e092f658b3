// Laws of the response parser: how the octets are cut does not matter, bodies are as long as announced, and no more is
// kept than the limits allow. The first octet chooses the limits, the second how the rest is cut.
#include "fuzz/law.hpp"
#include "fuzz/print_response.hpp"
#include "support/split.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace mailferry::imap {
namespace {

const std::array<ParserLimits, 4> kLimits = {{
    {},
    {.line = 120, .number_list_line = 400, .held_literal = 40, .held_total = 200, .depth = 5},
    {.line = 60, .number_list_line = 90, .held_literal = 500, .held_total = 100, .depth = 2, .streamed_from = 10},
    {.line = 1, .number_list_line = 1, .held_literal = 0, .held_total = 1, .depth = 0},
}};

Pieces cut(std::string_view input, std::uint8_t how) {
  // Uneven pieces that come back after a while: 1 to 32 octets.
  Pieces pieces;
  std::uint32_t state = how;
  while (!input.empty()) {
    state = state * 1103515245U + 12345U;
    const auto octets = std::min<std::size_t>(input.size(), 1 + (state >> 16U) % 32U);
    pieces.push_back(input.substr(0, octets));
    input.remove_prefix(octets);
  }
  return pieces;
}

class BodyLaw {
 public:
  void check(const Event& event) {
    if (const auto* begin = std::get_if<BodyBegin>(&event)) {
      require_law("a body does not begin inside another", !in_body_);
      in_body_ = true;
      left_ = begin->size;
    } else if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
      require_law("chunks belong to a body, have octets and stay within its size",
                  in_body_ && !chunk->data.empty() && chunk->data.size() <= left_);
      left_ -= chunk->data.size();
    } else if (std::holds_alternative<BodyEnd>(event)) {
      require_law("a body ends when it is complete", in_body_ && left_ == 0);
      in_body_ = false;
    } else {
      require_law("nothing else comes inside a body", !in_body_);
    }
  }

 private:
  bool in_body_ = false;
  std::uint64_t left_ = 0;
};

/// Polls until there is nothing, or an error; false then.
bool drain(ResponseParser& parser, BodyLaw& law) {
  while (true) {
    const auto polled = parser.poll();
    if (!polled) {
      require_law("an error stays", parser.poll().error().message == polled.error().message);
      require_law("an error ends the connection",
                  polled.error().kind == ErrorKind::protocol && polled.error().scope == Scope::account);
      return false;
    }
    if (*polled == nullptr) return true;
    law.check(**polled);
  }
}

void check_bounds(const Pieces& pieces, const ParserLimits& limits) {
  ResponseParser parser(limits);
  BodyLaw law;
  for (const auto piece : pieces) {
    parser.feed(piece);
    if (!drain(parser, law)) return;
    constexpr std::size_t kSlack = 64;
    require_law("no more is kept than the limits allow",
                parser.buffered() <=
                    std::max(limits.line + limits.held_total + limits.held_literal, limits.number_list_line) + kSlack);
  }
}

}  // namespace
}  // namespace mailferry::imap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry;
  if (size < 2) return 0;
  const std::string text(data + 2, data + size);
  const auto& limits = imap::kLimits.at(data[0] % imap::kLimits.size());
  const auto whole = imap::print_events(Pieces{text}, limits);
  const auto pieces = imap::cut(text, data[1]);
  require_equal("pieces read like the whole", imap::print_events(pieces, limits), whole);
  require_equal("octets read like the whole", imap::print_events(cut_every(text, 1), limits), whole);
  imap::check_bounds(pieces, limits);
  return 0;
}
