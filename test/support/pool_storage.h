#pragma once

#include <memory>
#include <string>

#include "engine/pool.h"
#include "engine/workflows.h"
#include "support/scratch.h"

namespace dlpx::test {

inline constexpr uint64_t kMegabyte = 1 << 20;
// Runs a program that a test's set-up needs; throws when it fails.
void tool(const std::vector<std::string>& argv);

// Storage of 320 MB for one pool of a kind, small enough to be filled: an image for btrfs and ZFS, a btrfs
// for reflink, an ext4 for copy. It can be spoilt and mended, and goes with all its mounts also when a test
// fails.
class PoolStorage {
 public:
  static constexpr uint64_t bytes = 320ULL << 20;

  explicit PoolStorage(const std::string& kind);
  ~PoolStorage();
  PoolStorage(const PoolStorage&) = delete;
  PoolStorage& operator=(const PoolStorage&) = delete;

  // What makes the pool: for a driver and for a workflow.
  const PoolConfig& config() const { return config_; }
  PoolRequest request() const;
  fs::path directory() const { return scratch_.path(); }

  void makeReadOnly() const;
  void makeWritable() const;
  // Nothing is mounted, and nothing can be, until it is given back. The pool is to be mounted again then.
  void takeAway() const;
  void giveBack() const;
  // Leaves less free than any workflow asks for.
  void fill() const;
  void drain() const;

 private:
  fs::path mountPoint() const;
  void mountSmall() const;

  // The file system of ZFS at the pool's root; its name holds the pool's id.
  std::string zfsBase() const;
  bool isZfs() const { return config_.kind == PoolKind::zfs; }

  Scratch scratch_;
  PoolConfig config_;
};

}  // namespace dlpx::test
