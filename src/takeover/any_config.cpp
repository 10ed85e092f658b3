#include "takeover/any_config.hpp"

#include "base/ascii.hpp"
#include "takeover/gmail_sync_config.hpp"
#include "takeover/imap_bridge_config.hpp"
#include "takeover/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mailferry::takeover {
namespace {

/// The keys that only one of the forms has at the top.
constexpr std::array<std::pair<std::string_view, ConfigForm>, 7> kMarks{
    {{"destination", ConfigForm::imap_bridge},
     {"sources", ConfigForm::imap_bridge},
     {"source_server", ConfigForm::gmail_sync},
     {"source_user", ConfigForm::gmail_sync},
     {"source_pass", ConfigForm::gmail_sync},
     {"target_user", ConfigForm::gmail_sync},
     {"target_token_file", ConfigForm::gmail_sync}}};

bool is_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

ConfigForm form_of(const boost::json::object& object) {
  for (const auto& [mark, form] : kMarks) {
    const auto is_mark = [&](const auto& member) { return equal_ascii_nocase(std::string_view(member.key()), mark); };
    if (std::ranges::any_of(object, is_mark)) return form;
  }
  return ConfigForm::native;
}

}  // namespace

Result<AnyConfig> parse_any_config(std::string_view text, const std::string& file) {
  AnyConfig any;
  if (!is_json(text)) {
    TRY(any.config, config::parse_config(text, file));
    return any;
  }
  TRY(const auto object, parse_object(text, file));
  any.form = form_of(object);
  if (any.form == ConfigForm::native) {
    return fail(ErrorKind::usage, Scope::run,
                fmt::format("{}:1:1: this JSON is no configuration of imap-bridge (\"destination\", \"sources\") and "
                            "none of imap-to-gmail-sync (\"source_server\" …)",
                            file),
                "check that this is the file you meant");
  }
  auto read = any.form == ConfigForm::imap_bridge ? read_imap_bridge_config : read_gmail_sync_config;
  TRY(any.config, read(object, file));
  return any;
}

Result<AnyConfig> load_any_config(const std::string& file) {
  TRY(const Secret text, config::read_config_text(file));
  return parse_any_config(text.reveal(), file);
}

std::string_view tool_name(ConfigForm form) noexcept {
  switch (form) {
    case ConfigForm::native:
      return "mailferry";
    case ConfigForm::imap_bridge:
      return "imap-bridge";
    case ConfigForm::gmail_sync:
      return "imap-to-gmail-sync";
  }
  return "";
}

}  // namespace mailferry::takeover
