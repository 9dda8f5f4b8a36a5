#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/undo.h"
#include "engine/pool_drivers.h"

namespace dlpx {
namespace {

constexpr const char* kInUse = "stop what still uses it: 'fuser -vm' with its directory lists it";
constexpr const char* kAsk = "mend what ZFS says; 'zpool status' and 'zfs list -t all' show more";

// A record is a page of InnoDB: a page that changes costs its own size, and no read fetches more. What else
// could be tuned stays as it is: the ZFS cache holds what clones share once for all of them.
const std::vector<std::string> kProperties = {"recordsize=16K", "atime=off", "devices=off", "setuid=off"};

std::vector<std::string> withProperties(std::vector<std::string> argv, const std::string& flag) {
  for (const std::string& property : kProperties) argv.insert(argv.end(), {flag, property});
  return argv;
}

struct FileSystem {
  std::string name;  // of ZFS
  bool mounted = false;
  std::string mountpoint;  // "none" when its dataset is gone and only snapshots of it are left
};

struct ZfsSnapshot {
  std::string name;        // of ZFS
  std::string fileSystem;  // that it is of
  std::string label;       // "<dataset>:<id>"; another when somebody else took it
  bool leaving = false;    // goes by itself with its last clone
};

std::string labelOf(const SnapshotRef& snapshot) {
  return snapshot.dataset + ":" + snapshot.id;
}

std::vector<std::vector<std::string>> rowsOf(const Finished& finished) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : split(trim(finished.out), '\n')) {
    if (!line.empty()) rows.push_back(split(line, '\t'));
  }
  return rows;
}

bool exists(const std::string& dataset) {
  try {
    runPoolTool({"zfs", "list", "-H", "-o", "name", dataset}, "cannot look for " + dataset, kAsk);
    return true;
  } catch (const Error& error) {
    const std::string words = error.what();
    if (words.find("does not exist") != std::string::npos || words.find("no such pool") != std::string::npos)
      return false;
    throw;
  }
}

bool tellsUse(const std::string& words) {
  return words.find("is busy") != std::string::npos || words.find("I/O error") != std::string::npos;
}

// zfs-fuse has not quite let go of a file system when its unmount returns, and refuses then.
void runOnUnmounted(const std::vector<std::string>& argv, const std::string& what) {
  std::optional<Error> failure;
  waitUntil(Deadline::in(Seconds(10)), [&] {
    failure.reset();
    try {
      runPoolTool(argv, what, kInUse);
    } catch (const Error& error) {
      failure = error;
    }
    return !failure || !tellsUse(failure->what());
  });
  if (failure) throw Error(*failure);
}

// As ZFS allows it, and never to be taken for an option.
void requireDatasetName(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("/-_.:").find(c) != std::string_view::npos;
  };
  const bool right = !name.empty() && name.front() != '-' && std::all_of(name.begin(), name.end(), allowed);
  if (right) return;
  throw Error(ExitCode::usage, "'" + name + "' is not a ZFS dataset", "name one that 'zfs list' shows");
}

// A file system of ZFS for each dataset, all below one of the pool's own: in the user's dataset, or in a ZFS
// pool on a sparse file. A dataset is the file system that is mounted where the dataset belongs, so that its
// name changes in one step. A snapshot is named after the dataset it was taken of, because file systems
// outlive their dataset: ZFS keeps one until its last snapshot is gone.
class ZfsPool : public Pool {
 public:
  using Pool::Pool;

  void create() override {
    requireNothingThere();
    Undo undo;
    undo.add("destroy what was made", [this] { destroy(); });
    if (config().image.empty()) {
      makeBase();
    } else {
      makeImagePool();
    }
    makeLayout();
    undo.commit();
  }

  void requireNothingThere() const override {
    Pool::requireNothingThere();
    if (!config().image.empty()) return requireNoImage(config());
    requireDatasetName(config().dataset);
    if (exists(config().dataset)) return;
    throw Error(ExitCode::storage, "there is no ZFS dataset '" + config().dataset + "'",
                "make it with 'zfs create', or name another");
  }

  void mount() override {
    if (!config().image.empty() && !exists(base())) importImage();
    for (const FileSystem& fs : fileSystems()) {
      if (!fs.mounted && fs.mountpoint != "none") mountFs(fs);
    }
    check();
  }

  void check() const override {
    Pool::check();
    // Neither access(2) nor the property as 'zfs get' tells it know that on zfs-fuse.
    if (utimensat(AT_FDCWD, config().root.c_str(), nullptr, 0) == 0 || errno != EROFS) return;
    throw Error(ExitCode::storage,
                "pool '" + config().name + "' cannot be written: " + base() + " is read-only",
                "make it writable with 'zfs set readonly=off " + base() + "', then repeat the command");
  }

  void destroy() override {
    requireNoOther();
    if (exists(base())) destroyBase();
    if (!config().image.empty()) removeTree(config().image);
    rmdir(config().root.c_str());  // stays when somebody has put something there
  }

  bool hasDataset(const std::string& dataset) const override { return find(dataset).has_value(); }

  std::vector<std::string> datasets() const override {
    std::vector<std::string> names;
    for (const FileSystem& fs : fileSystems()) {
      const fs::path path = fs.mountpoint;
      if (path.parent_path() == mounts()) names.push_back(path.filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  bool hasSnapshot(const SnapshotRef& snapshot) const override { return find(snapshot).has_value(); }

  std::vector<std::string> snapshots(const std::string& dataset) const override {
    std::vector<std::string> ids;
    for (const ZfsSnapshot& snapshot : zfsSnapshots()) {
      if (!snapshot.leaving && startsWith(snapshot.label, dataset + ":"))
        ids.push_back(snapshot.label.substr(dataset.size() + 1));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  void createDataset(const std::string& dataset) override {
    requireNew(dataset);
    makeFs({"zfs", "create"}, {}, dataset);
  }

  void snapshot(const SnapshotRef& snapshot) override {
    requireThere(snapshot.dataset);
    requireNew(snapshot);
    const std::string name = find(snapshot.dataset)->name + "@" + labelOf(snapshot);
    runPoolTool({"zfs", "snapshot", name}, "cannot take snapshot " + name, kAsk);
  }

  void clone(const SnapshotRef& snapshot, const std::string& dataset) override {
    requireThere(snapshot);
    requireNew(dataset);
    makeFs({"zfs", "clone"}, {find(snapshot)->name}, dataset);
  }

  void renameDataset(const std::string& from, const std::string& to) override {
    requireThere(from);
    requireNew(to);
    setMountpoint(find(from)->name, pathOf(to));
    rmdir(pathOf(from).c_str());
  }

  void removeDataset(const std::string& dataset) override {
    check();
    if (const auto fs = find(dataset)) {
      if (fs->mounted) unmountFs(*fs);
      retireFs(*fs);
    }
    rmdir(pathOf(dataset).c_str());
    removeUnused();
  }

  void mend(const std::string& dataset) override {
    const auto fs = find(dataset);
    if (fs && !fs->mounted) mountFs(*fs);
  }

  // One that has clones is gone for us at once, and for ZFS with the last of them.
  void removeSnapshot(const SnapshotRef& snapshot) override {
    check();
    if (const auto there = find(snapshot))
      runPoolTool({"zfs", "destroy", "-d", there->name}, "cannot remove snapshot " + there->name, kAsk);
    removeUnused();
  }

  PoolUsage usage() const override {
    return withinImage(config(), {number("used", base()), number("available", base())});
  }

  // What was written since the last snapshot; zfs-fuse knows only what was written since it was cloned.
  uint64_t ownBytes(const std::string& dataset) const override {
    requireThere(dataset);
    const std::string name = find(dataset)->name;
    Command written;
    written.argv = {"zfs", "get", "-Hp", "-o", "value", "written", name};
    const Finished told = run(written);
    return told.ok() ? std::stoull(trim(told.out)) : number("usedbydataset", name);
  }

  uint64_t ownBytes(const SnapshotRef& snapshot) const override {
    requireThere(snapshot);
    return number("used", find(snapshot)->name);
  }

 private:
  std::string base() const {
    const std::string own = "dlpx-mysql-" + config().id;
    return config().image.empty() ? config().dataset + "/" + own : own;
  }

  void makeBase() const {
    std::vector<std::string> argv = {"zfs", "create", "-o", "mountpoint=" + config().root.string()};
    argv = withProperties(std::move(argv), "-o");
    argv.push_back(base());
    runPoolTool(argv, "cannot make the ZFS file system " + base(), kAsk);
  }

  // Not in ZFS's cache file: mount() finds it again, and a boot without the image goes well.
  void makeImagePool() const {
    makePoolImage(config());
    std::vector<std::string> argv = {"zpool", "create",         "-o", "ashift=12",  "-o", "cachefile=none",
                                     "-O",    "compression=on", "-m", config().root};
    argv = withProperties(std::move(argv), "-O");
    argv.insert(argv.end(), {base(), config().image});
    runPoolTool(argv, "cannot make a ZFS pool on " + config().image.string(),
                "run as root, with ZFS loaded ('modprobe zfs', or a running zfs-fuse)");
  }

  void importImage() const {
    requireImage(config());
    runPoolTool({"zpool", "import", "-o", "cachefile=none", "-d", config().image.parent_path(), base()},
                "cannot import the ZFS pool on " + config().image.string(), kAsk);
  }

  // All that is mounted in there first: ZFS would stop half way at one that is in use.
  void destroyBase() {
    Undo undo;
    undo.add("mount the pool again", [this] { mount(); });
    for (const FileSystem& fs : fileSystems()) {
      if (fs.mounted && fs.name != base()) unmountFs(fs);
    }
    const std::vector<std::string> how = config().image.empty()
                                             ? std::vector<std::string>{"zfs", "destroy", "-r", base()}
                                             : std::vector<std::string>{"zpool", "destroy", base()};
    runOnUnmounted(how, "cannot destroy " + base());
    undo.commit();
  }

  // The base first.
  std::vector<FileSystem> fileSystems() const {
    std::vector<FileSystem> all;
    for (const auto& row :
         rowsOf(runPoolTool({"zfs", "list", "-H", "-r", "-d", "1", "-t", "filesystem", "-o",
                             "name,mounted,mountpoint", base()},
                            "cannot list the datasets of pool '" + config().name + "'", kAsk)))
      all.push_back({row.at(0), row.at(1) == "yes", row.at(2)});
    return all;
  }

  // Those of one file system from the oldest to the newest.
  std::vector<ZfsSnapshot> zfsSnapshots() const {
    std::vector<ZfsSnapshot> all;
    for (const auto& row :
         rowsOf(runPoolTool({"zfs", "list", "-H", "-r", "-t", "snapshot", "-o", "name,defer_destroy", base()},
                            "cannot list the snapshots of pool '" + config().name + "'", kAsk))) {
      const size_t at = row.at(0).find('@');
      all.push_back({row[0], row[0].substr(0, at), row[0].substr(at + 1), row.at(1) == "on"});
    }
    return all;
  }

  std::optional<FileSystem> find(const std::string& dataset) const {
    for (const FileSystem& fs : fileSystems()) {
      if (fs.mountpoint == pathOf(dataset)) return fs;
    }
    return std::nullopt;
  }

  std::optional<ZfsSnapshot> find(const SnapshotRef& wanted) const {
    for (const ZfsSnapshot& snapshot : zfsSnapshots()) {
      if (!snapshot.leaving && snapshot.label == labelOf(wanted)) return snapshot;
    }
    return std::nullopt;
  }

  std::optional<std::string> newestSnapshotOf(const FileSystem& fs) const {
    std::optional<std::string> newest;
    for (const ZfsSnapshot& snapshot : zfsSnapshots()) {
      if (snapshot.fileSystem == fs.name) newest = snapshot.name;
    }
    return newest;
  }

  uint64_t number(const std::string& property, const std::string& of) const {
    const Finished told = runPoolTool({"zfs", "get", "-Hp", "-o", "value", property, of},
                                      "cannot read property " + property + " of " + of, kAsk);
    return std::stoull(trim(told.out));
  }

  void makeFs(std::vector<std::string> argv, const std::vector<std::string>& from,
              const std::string& dataset) {
    const std::string name = base() + "/fs-" + randomHex(8);
    argv.insert(argv.end(), {"-o", "mountpoint=" + pathOf(dataset).string()});
    argv.insert(argv.end(), from.begin(), from.end());
    argv.push_back(name);
    Undo undo;  // ZFS says so when it could make, but not mount it
    undo.add("destroy " + name, [&] { destroyFs(name); });
    runPoolTool(argv, "cannot make dataset '" + dataset + "'", kAsk);
    undo.commit();
  }

  // Another may do the same at this moment.
  void destroyFs(const std::string& name) const {
    try {
      runOnUnmounted({"zfs", "destroy", name}, "cannot remove the ZFS file system " + name);
    } catch (const Error&) {
      if (exists(name)) throw;
    }
  }

  void mountFs(const FileSystem& fs) const {
    runPoolTool({"zfs", "mount", fs.name}, "cannot mount " + fs.name + " at " + fs.mountpoint, kAsk);
  }

  void unmountFs(const FileSystem& fs) const {
    runPoolTool({"zfs", "unmount", fs.name}, "cannot unmount " + fs.mountpoint, kInUse);
  }

  void setMountpoint(const std::string& name, const std::string& mountpoint) const {
    runPoolTool({"zfs", "set", "mountpoint=" + mountpoint, name},
                "cannot mount " + name + " at " + mountpoint, kInUse);
  }

  // What was written since its last snapshot goes, and the rest with the snapshots.
  void retireFs(const FileSystem& fs) const {
    const auto newest = newestSnapshotOf(fs);
    if (!newest) return destroyFs(fs.name);
    runOnUnmounted({"zfs", "rollback", *newest}, "cannot go back to " + *newest);
    setMountpoint(fs.name, "none");
  }

  // A file system that went was perhaps the last clone of a snapshot, which went with it.
  void removeUnused() const {
    for (bool removed = true; removed;) {
      removed = false;
      for (const FileSystem& fs : fileSystems()) {
        const bool isOurs = startsWith(fs.name, base() + "/fs-");
        if (!isOurs || fs.mountpoint != "none" || newestSnapshotOf(fs)) continue;
        destroyFs(fs.name);
        removed = true;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Pool> makeZfsPool(const PoolConfig& config) {
  return std::make_unique<ZfsPool>(config);
}

}  // namespace dlpx
