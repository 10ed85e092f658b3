#include "imap/client_engine.hpp"

#include <charconv>

namespace mailferry::imap {

ClientEngine::ClientEngine(ParserLimits limits) : parser_(limits) {}

LiteralMode ClientEngine::literal_mode() const noexcept {
  if (capabilities_.has(Capability::literal_plus)) return LiteralMode::plus;
  if (capabilities_.has(Capability::literal_minus)) return LiteralMode::minus;
  return LiteralMode::synchronizing;
}

std::string ClientEngine::next_tag() {
  return "A" + std::to_string(++last_tag_);
}

bool ClientEngine::is_own(std::string_view tag) const noexcept {
  if (!tag.starts_with('A')) return false;
  std::uint64_t number = 0;
  const auto* const last = tag.data() + tag.size();
  const auto [end, error] = std::from_chars(tag.data() + 1, last, number);
  return error == std::errc{} && end == last && number > 0 && number <= last_tag_;
}

std::string ClientEngine::submit(const Command& command) {
  auto tag = next_tag();
  CommandWriter writer(tag, literal_mode());
  command.write(writer);
  auto wire = writer.take();
  ++commands_;
  for (std::size_t part = 0; part < wire.parts.size(); ++part) {
    if (part == 0 && held_.empty()) {
      output_ += wire.parts.front();
    } else {
      held_.push_back({tag, std::move(wire.parts[part]), part > 0});
    }
  }
  return tag;
}

void ClientEngine::submit_line(std::string_view line) {
  output_ += line;
  output_ += "\r\n";
}

std::span<const char> ClientEngine::output() const noexcept {
  return std::span<const char>(output_).subspan(output_sent_);
}

void ClientEngine::sent(std::size_t octets) {
  output_sent_ += octets;
  if (output_sent_ < output_.size()) return;
  output_.clear();
  output_sent_ = 0;
}

Result<Event*> ClientEngine::poll() {
  while (true) {
    TRY(Event* const event, parser_.poll());
    if (event == nullptr) return event;
    if (std::holds_alternative<Continuation>(*event) && release_after_continuation()) continue;
    note(*event);
    return event;
  }
}

bool ClientEngine::release_after_continuation() {
  if (held_.empty() || !held_.front().waits) return false;
  output_ += held_.front().octets;
  held_.pop_front();
  flush_held();
  return true;
}

void ClientEngine::flush_held() {
  while (!held_.empty() && !held_.front().waits) {
    output_ += held_.front().octets;
    held_.pop_front();
  }
}

void ClientEngine::drop_held(std::string_view tag) {
  std::erase_if(held_, [tag](const Held& held) { return held.tag == tag; });
  flush_held();
}

void ClientEngine::note(const Event& event) {
  if (const auto* status = std::get_if<StatusResponse>(&event)) {
    if (status->code.code == Code::capability) learn(status->code.atoms);
    if (!status->tag.empty()) drop_held(status->tag);
  } else if (const auto* data = std::get_if<UntaggedData>(&event)) {
    if (const auto* capability = std::get_if<CapabilityData>(data)) learn(capability->names);
  }
}

void ClientEngine::learn(const std::vector<std::string>& names) {
  capabilities_.clear();
  for (const auto& name : names)
    capabilities_.add(name);
  for (const auto capability : disabled_)
    capabilities_.remove(capability);
}

}  // namespace mailferry::imap
