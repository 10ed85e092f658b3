// The status page: one file without anything from elsewhere. It asks for /status.json and shows it.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::web {

struct StatusPage {
  std::string html;
  /// Allows exactly the script and the style of this page, by their digests, and requests to where it came from.
  std::string content_security_policy;
};

/// Made once.
[[nodiscard]] const StatusPage& status_page();

/// The parts, each in a file of its own.
[[nodiscard]] std::string_view page_style() noexcept;
[[nodiscard]] std::string_view page_script() noexcept;

}  // namespace mailferry::web
