#pragma once

#include "command/app.h"
#include "engine/engine.h"

namespace dlpx {

// What the engine tells of its objects: a table for people, and the same as JSON.
Output listReport(Engine& engine);
Output snapshotsReport(Engine& engine, const std::string& name);
// What the object's hook says its data take, and what of it the object alone owns in its pool.
Output sizeReport(Engine& engine, const std::string& name);
// Of one object, or of all, with whether their servers answer and what they own. Mounts pools that are not
// mounted.
Output statusReport(Engine& engine, const std::optional<std::string>& name);
Output poolReport(Engine& engine, const std::optional<std::string>& name);

// One object or snapshot after a workflow, for its result.
Json describe(Engine& engine, const EngineObject& object);
Json describe(Engine& engine, const SnapshotRecord& snapshot);

}  // namespace dlpx
