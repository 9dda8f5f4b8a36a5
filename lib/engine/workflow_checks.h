#pragma once

#include <optional>

#include "base/error.h"
#include "engine/operation.h"

namespace dlpx {

// Room for metadata and a server's first writes: less than this, and the work would only fail later.
constexpr uint64_t kLeastFreeBytes = 48ULL << 20;

Error nameTaken(const EngineObject& object);
// Throws Error{usage} for an object of the other kind, and for one whose making or deleting was not finished.
void requireReady(const EngineObject& object, std::optional<ObjectKind> kind = std::nullopt);

// Undoes the making of an object.
void dismantle(Operation& operation);

// For commands that make an object: a half-made one of that name goes. True, and loaded, when a whole one is
// there.
bool clearUnfinished(Operation& operation);
// A dataset and snapshots of that name which no record knows go.
void clearStorage(Operation& operation);

}  // namespace dlpx
