#include "state/schema.hpp"

#include <array>

namespace mailferry::state {
namespace {

// Released migrations are never edited: files out there have had them. Changes are new entries at the end.
constexpr std::array<std::string_view, 2> kMigrations = {R"sql(
CREATE TABLE pair (
  id INTEGER PRIMARY KEY,
  source_account TEXT NOT NULL,
  destination_account TEXT NOT NULL,
  UNIQUE (source_account, destination_account)
) STRICT;
CREATE TABLE route (
  id INTEGER PRIMARY KEY,
  pair INTEGER NOT NULL REFERENCES pair,
  source_mailbox TEXT NOT NULL,
  destination_mailbox TEXT NOT NULL,
  source_validity INTEGER NOT NULL CHECK (source_validity BETWEEN 0 AND 4294967295),
  destination_validity INTEGER NOT NULL CHECK (destination_validity BETWEEN 0 AND 4294967295),
  source_uid_next INTEGER NOT NULL CHECK (source_uid_next BETWEEN 0 AND 4294967295),
  source_modseq INTEGER NOT NULL,
  source_messages INTEGER NOT NULL CHECK (source_messages BETWEEN 0 AND 4294967295),
  UNIQUE (pair, source_mailbox, destination_mailbox, source_validity, destination_validity)
) STRICT;
CREATE TABLE intent (
  route INTEGER PRIMARY KEY REFERENCES route,
  source TEXT NOT NULL,
  destination_from INTEGER NOT NULL CHECK (destination_from BETWEEN 0 AND 4294967295)
) STRICT;
CREATE TABLE settled (
  route INTEGER NOT NULL REFERENCES route,
  first INTEGER NOT NULL CHECK (first > 0),
  last INTEGER NOT NULL CHECK (last BETWEEN first AND 4294967294),
  runs TEXT NOT NULL,
  PRIMARY KEY (route, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE parked (
  route INTEGER NOT NULL REFERENCES route,
  source INTEGER NOT NULL CHECK (source BETWEEN 1 AND 4294967295),
  reason TEXT NOT NULL,
  remedy TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (route, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE note (
  pair INTEGER NOT NULL REFERENCES pair,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (pair, key)
) STRICT, WITHOUT ROWID;
)sql",
                                                         R"sql(
ALTER TABLE parked ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
)sql"};

}  // namespace

const db::Format kStateFormat = {.application_id = 0x4d467374, .name = "mailferry state", .migrations = kMigrations};

}  // namespace mailferry::state
