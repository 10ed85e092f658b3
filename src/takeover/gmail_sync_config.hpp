// The configuration of imap-to-gmail-sync.
#pragma once

#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace mailferry::takeover {

/// The same server for every account of the tool, unless the file has a "target_server".
inline constexpr const char* kGmailHost = "imap.gmail.com";

/// `file` as in read_imap_bridge_config(). Error{usage}, in the tool's words when fields are missing.
[[nodiscard]] Result<config::Config> read_gmail_sync_config(const boost::json::object& object, const std::string& file);

}  // namespace mailferry::takeover
