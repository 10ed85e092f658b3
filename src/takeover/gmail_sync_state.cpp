// sync_state.json: {"synced_message_ids": {ID: date or null} or [ID], "last_source_uid": N, "last_sync": date}.
#include "base/files.hpp"
#include "takeover/json_reader.hpp"
#include "takeover/moments.hpp"
#include "takeover/old_state.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace mailferry::takeover {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFileOctets = std::size_t{64} << 20;
constexpr const char* kDestination = "INBOX";

std::unexpected<Error> damaged(const std::string& file, std::string_view reason) {
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} is not a whole state of imap-to-gmail-sync: {}", file, reason));
}

/// Why they cannot be read; empty: they were.
std::string add_ids(const json::value& ids, TakenOver& state) {
  if (ids.is_object()) {
    for (const auto& member : ids.get_object())
      state.delivered.push_back({std::string(std::string_view(member.key())), kDestination});
    return {};
  }
  if (!ids.is_array()) return "synced_message_ids is neither a list nor an object";
  const auto& list = ids.get_array();
  for (std::size_t index = 0; index < list.size(); ++index) {
    if (!list[index].is_string()) return fmt::format("synced_message_ids[{}] is no text", index);
    state.delivered.push_back({std::string(std::string_view(list[index].get_string())), kDestination});
  }
  return {};
}

}  // namespace

Result<TakenOver> read_gmail_sync_state(const std::string& file) {
  TRY(const auto text, read_file(file, kMaxFileOctets));
  const auto object = parse_object(text, file);
  if (!object) return damaged(file, object.error().message);
  TakenOver state{.tool = ConfigForm::gmail_sync};
  const auto* ids = object->if_contains("synced_message_ids");
  if (ids == nullptr) return damaged(file, "it has no list synced_message_ids");
  if (const auto reason = add_ids(*ids, state); !reason.empty()) return damaged(file, reason);
  std::erase_if(state.delivered, [](const auto& each) { return each.message_id.empty(); });
  const auto* last = object->if_contains("last_sync");
  if (last == nullptr || last->is_null()) return state;
  if (last->is_string()) state.last_sync = parse_moment(std::string_view(last->get_string()));
  if (!state.last_sync) return damaged(file, "last_sync is no date");
  return state;
}

}  // namespace mailferry::takeover
