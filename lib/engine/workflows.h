#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace dlpx {

// The workflows of the local engine: what an engine calls, in the order of its contract. Each takes the lock
// of what it works on, journals its steps, repairs what a killed predecessor has left, and either ends done
// or leaves things as they were. All throw Error with the code of the hook or storage that failed.

// --- pools

struct PoolRequest {
  std::string name;
  PoolKind kind = PoolKind::btrfs;
  std::optional<fs::path> directory;  // btrfs: on a btrfs file system; others: anywhere
  std::optional<fs::path> image;      // btrfs without a directory, ZFS without a dataset; default:
                                      // <home>/pools/<name>.img
  std::string dataset;                // ZFS: the dataset that the pool is made in
  uint64_t imageBytes = 0;
};

// A pool of that name that is there already is mounted and reported.
PoolConfig createPool(Engine& engine, const PoolRequest& request);
// Refused while a dSource or VDB lives in it. No such pool is fine.
void destroyPool(Engine& engine, const std::string& name);

struct ForgottenPool {
  std::vector<std::string> objects;  // that were in it
  std::vector<fs::path> keyrings;    // directories outside of it that may still hold keyrings of theirs
};
// Forgets a pool that cannot be mounted any more, and all that was in it. What there is of its storage is not
// touched. Nothing for a pool whose storage is there. Throws Error{storage} while a process uses what is
// left.
std::optional<ForgottenPool> forgetLostPool(Engine& engine, const std::string& name);
// Mounts what is not mounted. Returns why a pool could not be, by its name: one that is gone does not keep
// the others away.
std::map<std::string, Error> mountPools(Engine& engine);

// --- dSources

struct LinkRequest {
  std::string name;
  std::string pool;  // empty: the only one there is
  ObjectSettings settings;
  uint16_t port = 0;      // 0: a free one
  uint32_t serverId = 0;  // 0: a random one
};

// Makes the dSource and syncs it with resync. Returns the first snapshot. One that is linked already with the
// same settings is fine.
SnapshotRecord link(Engine& engine, const LinkRequest& request);
SnapshotRecord sync(Engine& engine, const std::string& name, bool resync);

// --- VDBs

struct ProvisionRequest {
  std::string name;
  std::string from;  // "dsource" or "dsource@snapshot"; also a VDB
  ObjectSettings settings;
  uint16_t port = 0;
  uint32_t serverId = 0;
  bool withReplica = false;  // also NAME-replica, from the same snapshot, which follows the VDB
};

struct EmptyVdbRequest {
  std::string name;
  std::string pool;  // empty: the only one there is
  ObjectSettings settings;
  uint16_t port = 0;
  uint32_t serverId = 0;
};

// A VDB without a parent and without data. One that is there already, made the same, and runs is fine.
EngineObject createEmpty(Engine& engine, const EmptyVdbRequest& request);

// A VDB and its replica are one unit: what is done to the VDB is done to both, in the order that lets the
// replica follow, or to none. The replica alone can be started, stopped, enabled and disabled, no more.
EngineObject provision(Engine& engine, const ProvisionRequest& request);
SnapshotRecord takeVdbSnapshot(Engine& engine, const std::string& name);
// To a snapshot of the parent; the newest when none is named. What the VDB held is gone, but for its
// snapshots.
EngineObject refresh(Engine& engine, const std::string& name, const std::optional<std::string>& to);
// To a snapshot of its own; the newest when none is named.
EngineObject rewind(Engine& engine, const std::string& name, const std::optional<std::string>& to);
void start(Engine& engine, const std::string& name);
void stop(Engine& engine, const std::string& name);

// --- both

void enable(Engine& engine, const std::string& name);
void disable(Engine& engine, const std::string& name);
// A dSource or VDB, with its snapshots, or one snapshot: "name@snapshot". Refused while others depend on it.
// What is not there is fine. Returns the directory in which the keyring of a dSource stays, because no hook
// removes it; empty: there is none.
fs::path remove(Engine& engine, const std::string& name);

struct RetentionPolicy {
  int64_t keepLast = 0;    // the newest; 0: the rule is not given
  int64_t keepHourly = 0;  // the newest of each of as many hours that have one
  int64_t keepDaily = 0;   // of days (UTC)
  int64_t keepWeekly = 0;
  std::optional<Seconds> keepFor;  // all that are younger
};
struct RetentionResult {
  std::vector<std::string> removed;  // "name@snapshot"
  std::vector<std::string> inUse;    // would go, but has dependents
};
// A snapshot goes when no rule keeps it; the newest of each object always stays. Throws Error{usage} when no
// rule is given.
RetentionResult applyRetention(Engine& engine, const std::optional<std::string>& name,
                               const RetentionPolicy& policy);

struct UpResult {
  std::string name;
  std::string problem;  // empty: it runs
};
// After a reboot: pools are mounted, what is enabled runs again. One that fails does not keep the others
// down.
std::vector<UpResult> up(Engine& engine);

}  // namespace dlpx
