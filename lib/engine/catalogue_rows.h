#pragma once

#include <string>

#include "engine/catalogue.h"
#include "engine/database.h"

namespace dlpx {

// What the catalogue's tables hold of pools, objects and snapshots: a row each.

// Followed by a condition.
inline constexpr const char* kObjectColumns =
    "SELECT id, name, kind, state, pending, pool, parent, origin, port, server_id, settings, source_config, "
    "created"
    " FROM object ";
inline constexpr const char* kSnapshotColumns =
    "SELECT id, object, name, origin, details, created FROM snapshot ";
inline constexpr const char* kPoolColumns = "SELECT name, kind, root, image, identity, dataset FROM pool ";

// Of a row with these columns. Throws Error{storage} for a word that this version does not know.
PoolConfig poolOf(const SqlRow& row);
EngineObject objectOf(const SqlRow& row);
SnapshotRecord snapshotOf(const SqlRow& row);

std::string toText(const ObjectSettings& settings);

template <typename Enum>
SqlValue word(Enum value) {
  return std::string(name(value));
}

}  // namespace dlpx
