#include "engine/pool.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "engine/extents.h"
#include "engine/pool_drivers.h"

namespace dlpx {
namespace {

constexpr const char* kMarker = ".dlpx-mysql-pool.json";

const std::vector<std::pair<PoolKind, std::string_view>> kKinds = {{PoolKind::btrfs, "btrfs"},
                                                                   {PoolKind::copy, "copy"},
                                                                   {PoolKind::reflink, "reflink"},
                                                                   {PoolKind::zfs, "zfs"}};

std::vector<std::string> namesIn(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(directory, failure)) {
    const std::string file = entry.path().filename();
    if (!startsWith(file, ".")) names.push_back(file);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string text(const SnapshotRef& snapshot) {
  return snapshot.dataset + "@" + snapshot.id;
}

}  // namespace

std::string_view name(PoolKind kind) {
  for (const auto& [known, word] : kKinds) {
    if (known == kind) return word;
  }
  return "unknown";
}

PoolKind poolKindOf(std::string_view word) {
  for (const auto& [kind, known] : kKinds) {
    if (known == word) return kind;
  }
  throw Error(ExitCode::usage, "there is no pool kind '" + std::string(word) + "'",
              "use btrfs, zfs, reflink or copy");
}

std::unique_ptr<Pool> openPool(const PoolConfig& config) {
  switch (config.kind) {
    case PoolKind::btrfs:
      return makeBtrfsPool(config);
    case PoolKind::zfs:
      return makeZfsPool(config);
    case PoolKind::copy:
    case PoolKind::reflink:
      return makeDirectoryPool(config);
  }
  throw Error(ExitCode::internal, "pool '" + config.name + "' has no kind");
}

void requireFree(const Pool& pool, uint64_t bytes) {
  const uint64_t free = pool.usage().freeBytes;
  if (free >= bytes) return;
  throw Error(ExitCode::noSpace,
              "pool '" + pool.config().name + "' has " + humanBytes(free) + " free, " + humanBytes(bytes) +
                  " are needed",
              "delete VDBs or snapshots that are no longer needed, or make the pool larger");
}

void Pool::check() const {
  const fs::path marker = config_.root / kMarker;
  std::error_code failure;
  const bool there = fs::exists(marker, failure);
  if (failure) {
    throw Error(ExitCode::storage,
                "pool '" + config_.name + "' cannot be read: " + marker.string() + ": " + failure.message(),
                "bring its storage back ('dmesg' tells what it lacks), then run 'dlpx-mysql-engine up'");
  }
  if (!there) {
    throw Error(ExitCode::storage,
                "pool '" + config_.name + "' is not mounted: " + marker.string() + " is not there",
                "bring its storage back, then run 'dlpx-mysql-engine up', which mounts the pools");
  }
  requireNoOther();
  if (access(config_.root.c_str(), W_OK) != 0) {
    throw systemError(ExitCode::storage, "pool '" + config_.name + "' cannot be written", errno);
  }
}

void Pool::requireNoOther() const {
  const auto content = readFileIfThere(config_.root / kMarker);
  if (!content) return;
  const Json found = Json::parse(*content, nullptr, false);
  if (found.is_object() && found.value("id", "") == config_.id) return;
  throw Error(ExitCode::storage, config_.root.string() + " holds another pool than '" + config_.name + "'",
              "mount the pool's own storage there");
}

void Pool::makeLayout() const {
  makeDirectory(config_.root, {0755, std::nullopt});
  const Json marker = {{"name", config_.name}, {"kind", std::string(name(config_.kind))}, {"id", config_.id}};
  writeFile(config_.root / kMarker, pretty(marker));
  makeDirectory(mounts(), {0755, std::nullopt});
  makeDirectory(snapshotRoot(), {0700, std::nullopt});
}

bool Pool::hasLayout() const {
  return fs::exists(config_.root / kMarker);
}

void Pool::removeLayout() const {
  if (!hasLayout()) return;
  for (const fs::path& path : {snapshotRoot(), mounts(), config_.root / kMarker}) removeTree(path);
}

fs::path Pool::pathOf(const SnapshotRef& snapshot) const {
  return snapshotRoot() / snapshot.dataset / snapshot.id;
}

bool Pool::hasDataset(const std::string& dataset) const {
  return fs::exists(pathOf(dataset));
}

bool Pool::hasSnapshot(const SnapshotRef& snapshot) const {
  return fs::exists(pathOf(snapshot));
}

std::vector<std::string> Pool::datasets() const {
  return namesIn(mounts());
}

std::vector<std::string> Pool::snapshots(const std::string& dataset) const {
  return namesIn(snapshotRoot() / dataset);
}

PoolUsage Pool::usage() const {
  struct statvfs status = {};
  if (statvfs(config_.root.c_str(), &status) != 0) {
    throw systemError(ExitCode::storage, "cannot look at " + config_.root.string(), errno);
  }
  return {(status.f_blocks - status.f_bfree) * status.f_frsize, status.f_bavail * status.f_frsize};
}

uint64_t Pool::ownBytes(const std::string& dataset) const {
  requireThere(dataset);
  return thinClones() ? unsharedBytes(pathOf(dataset)) : allocatedBytes(pathOf(dataset));
}

uint64_t Pool::ownBytes(const SnapshotRef& snapshot) const {
  requireThere(snapshot);
  return thinClones() ? unsharedBytes(pathOf(snapshot)) : allocatedBytes(pathOf(snapshot));
}

uint64_t Pool::bytesToCopy(const std::string& dataset) const {
  return thinClones() ? 0 : allocatedBytes(pathOf(dataset));
}

uint64_t Pool::bytesToCopy(const SnapshotRef& snapshot) const {
  return thinClones() ? 0 : allocatedBytes(pathOf(snapshot));
}

void Pool::requireNew(const std::string& dataset) const {
  check();
  if (!hasDataset(dataset)) return;
  throw Error(ExitCode::storage, "dataset '" + dataset + "' exists already in pool '" + config_.name + "'",
              "choose another name, or delete that one");
}

void Pool::requireNew(const SnapshotRef& snapshot) const {
  check();
  if (!hasSnapshot(snapshot)) return;
  throw Error(ExitCode::storage,
              "snapshot '" + text(snapshot) + "' exists already in pool '" + config_.name + "'",
              "take it under another name");
}

void Pool::requireThere(const std::string& dataset) const {
  check();
  if (hasDataset(dataset)) return;
  throw Error(ExitCode::storage, "pool '" + config_.name + "' has no dataset '" + dataset + "'",
              "see what there is with 'dlpx-mysql-engine list'");
}

void Pool::requireThere(const SnapshotRef& snapshot) const {
  check();
  if (hasSnapshot(snapshot)) return;
  throw Error(ExitCode::storage, "pool '" + config_.name + "' has no snapshot '" + text(snapshot) + "'",
              "see what there is with 'dlpx-mysql-engine snapshots " + snapshot.dataset + "'");
}

void Pool::move(const fs::path& from, const fs::path& to) const {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) {
    throw systemError(ExitCode::storage, "cannot rename " + from.string() + " to " + to.string(),
                      failure.value());
  }
}

void Pool::requireNothingThere() const {
  if (!fs::exists(config_.root) || isEmptyDirectory(config_.root)) return;
  throw Error(ExitCode::storage, config_.root.string() + " is not empty", "choose an empty directory");
}

}  // namespace dlpx
