#include "fuzz/print_response.hpp"

#include <array>
#include <utility>

namespace mailferry::imap {
namespace {

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r' || c == '\n') {
      quoted += c == '\r' ? "\\r" : "\\n";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (octet < 0x20 || octet == 0x7f) {
      quoted += fmt::format("\\x{:02x}", octet);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string print(std::string_view text) {
  return quote(text);
}
std::string print(const std::string& text) {
  return quote(text);
}
template <class Number>
requires std::is_arithmetic_v<Number> std::string print(Number number) {
  return fmt::format("{}", number);
}
std::string print(const UidSet& set) {
  return set.to_string();
}
std::string print(const InternalDate& date) {
  return date.to_string();
}
std::string print(const Flags& flags) {
  return "(" + flags.to_string() + ")";
}
std::string print(const ESearchData::Partial& partial) {
  return fmt::format("{}:{} {}", partial.first, partial.last, quote(partial.uids.to_string()));
}

std::string print(const Value& value) {
  switch (value.kind) {
    case Value::Kind::nil:
      return "NIL";
    case Value::Kind::atom:
      return value.text;
    case Value::Kind::string:
      return quote(value.text);
    case Value::Kind::list:
      break;
  }
  std::string list;
  for (const auto& item : value.items)
    list += (list.empty() ? "" : " ") + print(item);
  return "(" + list + ")";
}

template <class Item>
std::string print(const std::vector<Item>& items) {
  std::string list;
  for (const auto& item : items)
    list += (list.empty() ? "" : " ") + print(item);
  return "(" + list + ")";
}

/// " name=value", or nothing for what is absent.
template <class T>
std::string field(std::string_view name, const std::optional<T>& value) {
  return value ? fmt::format(" {}={}", name, print(*value)) : std::string();
}
template <class T>
std::string field(std::string_view name, const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    if (value == T{}) return {};
  } else {
    if (value.empty()) return {};
  }
  return fmt::format(" {}={}", name, print(value));
}

std::string flag(std::string_view name, bool set) {
  return set ? fmt::format(" {}", name) : std::string();
}

std::string separator(char c) {
  return c == '\0' ? "NIL" : quote(std::string_view(&c, 1));
}

using NamedValues = std::vector<std::pair<std::string, std::optional<std::string>>>;
std::string print_named(const NamedValues& fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    text += fmt::format(" {}={}", name, value ? quote(*value) : "NIL");
  return text;
}

constexpr std::array<std::string_view, 5> kStatusNames = {"ok", "no", "bad", "preauth", "bye"};

struct DataPrinter {
  std::string operator()(const CapabilityData& data) const { return "capability " + print(data.names); }
  std::string operator()(const EnabledData& data) const { return "enabled " + print(data.names); }
  std::string operator()(const FlagsData& data) const { return "flags " + print(data.names); }
  std::string operator()(const ExistsData& data) const { return "exists " + print(data.count); }
  std::string operator()(const RecentData& data) const { return "recent " + print(data.count); }
  std::string operator()(const ExpungeData& data) const { return "expunge " + print(data.number); }
  std::string operator()(const VanishedData& data) const {
    return "vanished" + flag("earlier", data.earlier) + field("uids", data.uids);
  }
  std::string operator()(const ListData& data) const {
    return (data.lsub ? "lsub " : "list ") + quote(data.mailbox) + " separator=" + separator(data.separator) +
           field("attributes", data.attributes) + field("old", data.old_name) + field("children", data.child_info);
  }
  std::string operator()(const StatusData& data) const {
    return "status-of " + quote(data.mailbox) + field("messages", data.messages) + field("recent", data.recent) +
           field("unseen", data.unseen) + field("deleted", data.deleted) + field("uidnext", data.uid_next) +
           field("uidvalidity", data.uid_validity) + field("modseq", data.highest_modseq) + field("size", data.size) +
           field("limit", data.append_limit) + field("deleted-storage", data.deleted_storage) +
           field("id", data.mailbox_id);
  }
  std::string operator()(const SearchData& data) const {
    return (data.sort ? "sort " : "search ") + print(data.numbers) + field("modseq", data.modseq);
  }
  std::string operator()(const ESearchData& data) const {
    return "esearch" + field("tag", data.tag) + flag("uid", data.uid) + field("min", data.min) +
           field("max", data.max) + field("count", data.count) + field("all", data.all) + field("modseq", data.modseq) +
           field("partial", data.partial);
  }
  std::string operator()(const FetchData& data) const {
    auto text = "fetch" + field("sequence", data.sequence) + field("uid", data.uid) + field("flags", data.flags) +
                field("date", data.internal_date) + field("size", data.size) + field("modseq", data.modseq) +
                field("email", data.email_id) + field("thread", data.thread_id) + field("gm-id", data.gm_message_id) +
                field("gm-thread", data.gm_thread_id) + field("labels", data.gm_labels) +
                field("saved", data.save_date) + field("envelope", data.envelope) +
                field("structure", data.body_structure) + field("preview", data.preview);
    for (const auto& section : data.sections) {
      text += fmt::format(" {}{}{}", section.name, section.origin ? fmt::format("<{}>", *section.origin) : "",
                          section.streamed ? " streamed"
                          : section.data   ? "=" + quote(*section.data)
                                           : "=NIL");
    }
    for (const auto& [name, value] : data.others)
      text += fmt::format(" {}={}", name, print(value));
    return text;
  }
  std::string operator()(const NamespaceData& data) const {
    std::string text = "namespace";
    for (const auto* entries : {&data.personal, &data.other_users, &data.shared}) {
      text += " (";
      for (const auto& entry : *entries)
        text += quote(entry.prefix) + separator(entry.separator);
      text += ")";
    }
    return text;
  }
  std::string operator()(const IdData& data) const { return "id" + print_named(data.fields); }
  std::string operator()(const QuotaData& data) const {
    auto text = "quota " + quote(data.root);
    for (const auto& [name, usage, limit] : data.resources)
      text += fmt::format(" {}={}/{}", name, usage, limit);
    return text;
  }
  std::string operator()(const QuotaRootData& data) const {
    return "quota-root " + quote(data.mailbox) + " " + print(data.roots);
  }
  std::string operator()(const AclData& data) const {
    auto text = "acl " + quote(data.mailbox);
    for (const auto& [who, rights] : data.rights)
      text += fmt::format(" {}={}", who, rights);
    return text;
  }
  std::string operator()(const MyRightsData& data) const {
    return "my-rights " + quote(data.mailbox) + " " + data.rights;
  }
  std::string operator()(const ListRightsData& data) const {
    return "list-rights " + quote(data.mailbox) + " " + data.identifier + " " + print(data.rights);
  }
  std::string operator()(const MetadataData& data) const {
    return "metadata " + quote(data.mailbox) + print_named(data.entries);
  }
  std::string operator()(const ThreadData& data) const { return "thread " + print(data.threads); }
  std::string operator()(const OtherData& data) const { return "other " + quote(data.name) + " " + quote(data.raw); }
};

struct EventPrinter {
  std::string operator()(const StatusResponse& response) const {
    const auto& code = response.code;
    auto text = (response.tag.empty() ? "*" : response.tag) + " " +
                std::string(kStatusNames.at(static_cast<std::size_t>(response.status)));
    if (code.code != Code::none) text += fmt::format(" [{}]", code.name);
    if (code.code == Code::other) text += " unknown";
    return text + field("argument", code.argument) + field("number", code.number) +
           field("validity", code.uid_validity) + field("source", code.source) +
           field("destination", code.destination) + field("atoms", code.atoms) + field("text", response.text);
  }
  std::string operator()(const Continuation& continuation) const { return "+ " + quote(continuation.text); }
  std::string operator()(const UntaggedData& data) const { return std::visit(DataPrinter(), data); }
  std::string operator()(const BodyBegin& body) const {
    return fmt::format("begin {} {} after {}", body.section, body.size, DataPrinter()(*body.so_far));
  }
  std::string operator()(const BodyChunk& chunk) const { return print(std::string_view(chunk.data)); }
  std::string operator()(const BodyEnd&) const { return "end"; }
  std::string operator()(const FetchEnd& end) const { return DataPrinter()(*end.data); }
};

/// Collects lines; chunks wait until their body ends.
class Transcript {
 public:
  void add(const Event& event) {
    if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
      body_.append(chunk->data.data(), chunk->data.size());
      in_body_ = true;
      return;
    }
    close_body();
    text_ += print_event(event) + "\n";
  }
  void add_error() {
    close_body();
    text_ += "error\n";
  }
  [[nodiscard]] std::string take() {
    close_body();
    return std::move(text_);
  }

 private:
  void close_body() {
    if (std::exchange(in_body_, false)) text_ += quote(std::exchange(body_, {})) + "\n";
  }
  std::string text_;
  std::string body_;
  bool in_body_ = false;
};

/// False after an error.
bool drain(ResponseParser& parser, Transcript& transcript) {
  while (true) {
    const auto polled = parser.poll();
    if (!polled) {
      transcript.add_error();
      return false;
    }
    if (*polled == nullptr) return true;
    transcript.add(**polled);
  }
}

}  // namespace

std::string print_event(const Event& event) {
  return std::visit(EventPrinter(), event);
}

std::string print_events(std::span<const std::string_view> pieces, const ParserLimits& limits) {
  ResponseParser parser(limits);
  Transcript transcript;
  for (const auto piece : pieces) {
    parser.feed(piece);
    if (!drain(parser, transcript)) break;
  }
  return transcript.take();
}

}  // namespace mailferry::imap
