// A configuration in whichever of the forms that `mailferry bridge` takes.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>

namespace mailferry::takeover {

enum class ConfigForm { native, imap_bridge, gmail_sync };

/// mailferry.toml, or JSON: config.json of imap-bridge ("destination", "sources") or of imap-to-gmail-sync
/// ("source_server" …).
struct AnyConfig {
  ConfigForm form = ConfigForm::native;
  config::Config config;
};

/// What is not TOML begins with a brace. Errors (usage): as load_config(), and as the readers of the other forms.
[[nodiscard]] Result<AnyConfig> load_any_config(const std::string& file);
/// `text` as if it stood in `file`.
[[nodiscard]] Result<AnyConfig> parse_any_config(std::string_view text, const std::string& file);

/// The name of the tool that wrote it; "mailferry" for its own.
[[nodiscard]] std::string_view tool_name(ConfigForm form) noexcept;

}  // namespace mailferry::takeover
