#include "base/error.h"
#include "base/undo.h"
#include "engine/pool_drivers.h"
#include "process/command.h"

namespace dlpx {
namespace {

// Plain directories. With reflinks the copies share their data until it changes (XFS, btrfs); without, every
// snapshot and clone is a full copy: right anywhere, and slow. A copy of a running server's files is not one
// moment, so its snapshots are not atomic.
class DirectoryPool : public Pool {
 public:
  using Pool::Pool;

  bool atomicSnapshots() const override { return false; }
  bool thinClones() const override { return config().kind == PoolKind::reflink; }

  void create() override {
    requireNothingThere();
    Undo undo;
    undo.add("remove the pool's layout", [this] { removeLayout(); });
    makeLayout();
    if (thinClones()) proveReflinks();
    undo.commit();
  }

  void mount() override { check(); }

  void destroy() override {
    requireNoOther();
    removeLayout();
  }

  void createDataset(const std::string& dataset) override {
    requireNew(dataset);
    makeDirectory(pathOf(dataset), {0755, std::nullopt});
  }

  void snapshot(const SnapshotRef& snapshot) override {
    requireThere(snapshot.dataset);
    requireNew(snapshot);
    requireFree(*this, bytesToCopy(snapshot.dataset));
    makeDirectory(snapshotRoot() / snapshot.dataset, {0700, std::nullopt});
    copyTree(pathOf(snapshot.dataset), pathOf(snapshot));
  }

  void clone(const SnapshotRef& snapshot, const std::string& dataset) override {
    requireThere(snapshot);
    requireNew(dataset);
    requireFree(*this, bytesToCopy(snapshot));
    copyTree(pathOf(snapshot), pathOf(dataset));
  }

  void renameDataset(const std::string& from, const std::string& to) override {
    requireThere(from);
    requireNew(to);
    move(pathOf(from), pathOf(to));
  }

  void removeDataset(const std::string& dataset) override {
    check();
    removeTree(partial(pathOf(dataset)));
    removeTree(pathOf(dataset));
  }

  void removeSnapshot(const SnapshotRef& snapshot) override {
    check();
    removeTree(partial(pathOf(snapshot)));
    removeTree(pathOf(snapshot));
    std::error_code notEmpty;
    fs::remove(snapshotRoot() / snapshot.dataset, notEmpty);
  }

 private:
  static fs::path partial(const fs::path& path) {
    return path.parent_path() / ("." + path.filename().string() + ".partial");
  }

  // Whole or not there at all: copied beside, written down, renamed.
  void copyTree(const fs::path& from, const fs::path& to) const {
    const fs::path beside = partial(to);
    removeTree(beside);
    Undo undo;
    undo.add("remove " + beside.string(), [&] { removeTree(beside); });
    Command copy;
    copy.argv = {"cp", "--archive", thinClones() ? "--reflink=always" : "--reflink=never",
                 "--", from,        beside};
    copy.environment = {{"LC_ALL", "C"}};
    runChecked(copy, ExitCode::storage, "cannot copy " + from.string());
    syncFileSystem(beside);
    move(beside, to);
    syncPath(to.parent_path());
    undo.commit();
  }

  void proveReflinks() const {
    const fs::path probe = config().root / ".probe";
    writeFile(probe, "reflink?");
    Undo undo;
    undo.add("remove the probe", [&] {
      removeTree(probe);
      removeTree(probe.string() + "2");
    });
    Command copy;
    copy.argv = {"cp", "--reflink=always", "--", probe, probe.string() + "2"};
    copy.environment = {{"LC_ALL", "C"}};
    runChecked(copy, ExitCode::storage, config().root.string() + " cannot share data between files",
               "choose a directory on XFS (made with reflink=1) or btrfs, or the pool kind 'copy'");
  }
};

}  // namespace

std::unique_ptr<Pool> makeDirectoryPool(const PoolConfig& config) {
  return std::make_unique<DirectoryPool>(config);
}

}  // namespace dlpx
