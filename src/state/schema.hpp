// The tables of the state file, version by version; their meaning: docs/formats/state.md.
#pragma once

#include "db/connection.hpp"

namespace mailferry::state {

/// "MFst" and every migration there has been.
extern const db::Format kStateFormat;

}  // namespace mailferry::state
