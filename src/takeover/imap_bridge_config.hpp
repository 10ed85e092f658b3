// config.json of imap-bridge.
#pragma once

#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace mailferry::takeover {

/// `file` is where it was read from: relative file names in it are below its directory. Error{usage} with all that the
/// tool would have refused, in its words, and what contradicts itself.
[[nodiscard]] Result<config::Config> read_imap_bridge_config(const boost::json::object& object,
                                                             const std::string& file);

}  // namespace mailferry::takeover
