#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace dlpx {

enum class PoolKind { btrfs, zfs, reflink, copy };
std::string_view name(PoolKind kind);
// Throws Error{usage} when there is no such kind.
PoolKind poolKindOf(std::string_view name);

// Where a pool lives; what the catalogue keeps of it.
struct PoolConfig {
  std::string name;
  PoolKind kind = PoolKind::btrfs;
  fs::path root;   // the directory under which datasets are mounted
  fs::path image;  // btrfs, ZFS: the sparse file that is mounted at root; empty: root lies on btrfs already
  std::string dataset;      // ZFS without an image: the user's dataset that the pool is made in
  uint64_t imageBytes = 0;  // its size; read only when the pool is made
  std::string id;           // random, also in the pool's marker file: tells this pool from another one there
};

struct PoolUsage {
  uint64_t usedBytes = 0;
  uint64_t freeBytes = 0;
};

struct SnapshotRef {
  std::string dataset;
  std::string id;
};

// Storage that makes snapshots and writable clones of directories. A dataset is a directory that one instance
// lives in; its path never changes while it bears its name. Names consist of letters, digits, '-', '_' and
// '.'.
//
// All functions throw Error{storage} with the tool's own words, or Error{noSpace} where the pool is full, and
// leave nothing half made. Removing what is not there is fine. Callers lock: two calls for one dataset never
// run at the same time; calls for different ones may.
class Pool {
 public:
  explicit Pool(PoolConfig config) : config_(std::move(config)) {}
  virtual ~Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  const PoolConfig& config() const { return config_; }

  // True when a snapshot is one moment of all files of a running server (hot snapshots are right).
  virtual bool atomicSnapshots() const { return true; }
  // True when a clone shares its data with the snapshot.
  virtual bool thinClones() const { return true; }

  // Makes the pool's directories (and its file system). The root must be empty or not there, an image not
  // there.
  virtual void create() = 0;
  virtual void requireNothingThere() const;
  // Makes the pool ready to use, also after a reboot. Nothing when it is.
  virtual void mount() = 0;
  // Throws Error{storage} when the pool's storage is not there (not mounted, another pool in its place) or
  // cannot be written.
  virtual void check() const;
  // Takes the pool's storage away with everything in it, also when it is only half made. Nothing may be
  // running in there. Throws Error{storage} when another pool is in its place.
  virtual void destroy() = 0;

  fs::path pathOf(const std::string& dataset) const { return mounts() / dataset; }
  virtual bool hasDataset(const std::string& dataset) const;
  virtual std::vector<std::string> datasets() const;
  virtual std::vector<std::string> snapshots(const std::string& dataset) const;
  virtual bool hasSnapshot(const SnapshotRef& snapshot) const;

  // An empty dataset; its directory is root's, 0755.
  virtual void createDataset(const std::string& dataset) = 0;
  // Read-only, and complete on disk when this returns.
  virtual void snapshot(const SnapshotRef& snapshot) = 0;
  // A writable dataset with the snapshot's content.
  virtual void clone(const SnapshotRef& snapshot, const std::string& dataset) = 0;
  // The dataset's snapshots keep the old name.
  virtual void renameDataset(const std::string& from, const std::string& to) = 0;
  virtual void removeDataset(const std::string& dataset) = 0;
  // Makes a dataset usable that a killed call has left between two states. Nothing where there is none.
  virtual void mend(const std::string& /*dataset*/) {}
  virtual void removeSnapshot(const SnapshotRef& snapshot) = 0;

  virtual PoolUsage usage() const;
  // Bytes that no other dataset or snapshot shares: what removing it would give back.
  virtual uint64_t ownBytes(const std::string& dataset) const;
  virtual uint64_t ownBytes(const SnapshotRef& snapshot) const;
  // Bytes that a snapshot or clone of this needs at once: 0 where they share their data.
  uint64_t bytesToCopy(const std::string& dataset) const;
  uint64_t bytesToCopy(const SnapshotRef& snapshot) const;

 protected:
  fs::path mounts() const { return config_.root / "mounts"; }
  fs::path snapshotRoot() const { return config_.root / "snapshots"; }
  // Where drivers that keep snapshots as directories keep this one.
  fs::path pathOf(const SnapshotRef& snapshot) const;

  // Refuse what exists already, and what is missing.
  void requireNew(const std::string& dataset) const;
  void requireNew(const SnapshotRef& snapshot) const;
  void requireThere(const std::string& dataset) const;
  void requireThere(const SnapshotRef& snapshot) const;
  void move(const fs::path& from, const fs::path& to) const;
  // Refuses a root that holds another pool.
  void requireNoOther() const;
  // The marker and the two directories of every pool, in a root that is mounted. The marker is made first and
  // goes last: what lies in a root without it is not ours to remove.
  void makeLayout() const;
  bool hasLayout() const;
  void removeLayout() const;

 private:
  PoolConfig config_;
};

// The driver for a pool; touches nothing.
std::unique_ptr<Pool> openPool(const PoolConfig& config);

// Room that a workflow asks for before it begins. Throws Error{noSpace} naming pool, free and needed bytes.
void requireFree(const Pool& pool, uint64_t bytes);

}  // namespace dlpx
