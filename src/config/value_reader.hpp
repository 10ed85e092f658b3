// One TOML value, checked against its row of the table of keys.
#pragma once

#include "base/result.hpp"
#include "config/key_table.hpp"

#include <toml++/toml.h>

#include <string>

namespace mailferry::config {

/// What `node` says for `key`; paths are made absolute from `directory`, the one of the file. Error{usage} with a
/// message that does not name the place.
[[nodiscard]] Result<Value> read_value(const toml::node& node, const Key& key, const std::string& directory);

}  // namespace mailferry::config
