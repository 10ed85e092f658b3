// The table of keys as people read it.
#pragma once

#include <string>

namespace mailferry::config {

/// `mailferry config keys`: section, name, type, default and meaning as plain text.
[[nodiscard]] std::string keys_text();
/// docs/configuration.md, whole.
[[nodiscard]] std::string configuration_markdown();

}  // namespace mailferry::config
