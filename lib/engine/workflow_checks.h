#pragma once

#include <optional>

#include "base/error.h"
#include "engine/operation.h"
#include "engine/workflows.h"

namespace dlpx {

// Room for metadata and a server's first writes: less than this, and the work would only fail later.
constexpr uint64_t kLeastFreeBytes = 48ULL << 20;

Error nameTaken(const EngineObject& object);
// Throws Error{usage} for an object of the other kind, and for one whose making or deleting was not finished.
void requireReady(const EngineObject& object, std::optional<ObjectKind> kind = std::nullopt);

// As requireReady for a VDB, and it is not disabled.
void requireEnabled(const EngineObject& object);

// --- what workflows decide before their first effect

PoolConfig poolConfigOf(const Engine& engine, const PoolRequest& request);
// Throw Error{usage} where what has the name already was made otherwise.
void requireSamePool(const PoolConfig& there, const PoolConfig& wanted);
void requireSameLink(const EngineObject& there, const LinkRequest& request);
void requireSameEmptyVdb(const EngineObject& there, const EmptyVdbRequest& request);
// What a pool is locked and journaled as.
std::string poolKey(const std::string& name);
// What is forgotten with a pool that is lost. Throws Error{storage} while a process uses what is left of it.
std::vector<std::string> lostWith(Engine& engine, const PoolConfig& config);
// Throws Error{storage} while a dSource or VDB lives in the pool.
void requireEmptyPool(Engine& engine, const std::string& name);
// Mounts it where it is not. Throws Error{storage} when its storage is not there, unless a `pool destroy`
// that was killed may have removed it.
void requireReachable(const Engine& engine, const PoolConfig& config);

// The pool that was named, or the only one.
std::string choosePool(Engine& engine, const std::string& named);

// What every new object takes from its request.
template <typename Request>
EngineObject newObject(ObjectKind kind, const Request& request, const std::string& pool) {
  EngineObject object;
  object.name = request.name;
  object.kind = kind;
  object.pool = pool;
  object.port = request.port;
  object.serverId = request.serverId;
  object.settings = request.settings;
  return object;
}

// Of an object that is there: whether the request asks for no other port and server id.
template <typename Request>
bool hasNumbersOf(const EngineObject& there, const Request& request) {
  return (request.port == 0 || request.port == there.port) &&
         (request.serverId == 0 || request.serverId == there.serverId);
}

EngineObject newDsource(const LinkRequest& request, const std::string& pool);
EngineObject newEmptyVdb(const EmptyVdbRequest& request, const std::string& pool);

struct Origin {
  EngineObject parent;
  SnapshotRecord snapshot;
};
// "shop" or "shop@20260131T134500Z".
Origin findOrigin(Catalogue& catalogue, const std::string& from);
EngineObject newVdb(const ProvisionRequest& request, const Origin& origin);
// The request for the replica, as a VDB of the same snapshot.
ProvisionRequest replicaRequest(const ProvisionRequest& request);
std::string replicaName(const std::string& primary);
// Throws Error{usage} for a replica: what is to be done is done to both, by the name of its primary.
void requireNoReplica(const EngineObject& object, const std::string& command);
void requireSameVdb(const EngineObject& there, const ProvisionRequest& request, const Origin& origin);
EngineObject parentOf(Catalogue& catalogue, const EngineObject& vdb);

// What retention would remove now.
RetentionResult chooseForRemoval(Engine& engine, const std::optional<std::string>& name,
                                 const RetentionPolicy& policy);
// Enabled and whole: `up` starts it.
bool isToRun(const EngineObject& object);

// --- for commands that make an object

// Undoes the making of an object.
void dismantle(Operation& operation);

// A half-made one of that name goes. True, and loaded, when a whole one is
// there.
bool clearUnfinished(Operation& operation);
// A dataset and snapshots of that name which no record knows go.
void clearStorage(Operation& operation);

}  // namespace dlpx
