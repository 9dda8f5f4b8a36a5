#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "base/undo.h"
#include "engine/pool_drivers.h"

namespace dlpx {
namespace {

bool isBtrfs(const fs::path& path) {
  struct statfs status = {};
  if (statfs(path.c_str(), &status) != 0) {
    throw systemError(ExitCode::storage, "cannot look at " + path.string(), errno);
  }
  return static_cast<unsigned long>(status.f_type) == BTRFS_SUPER_MAGIC;
}

bool isMountPoint(const fs::path& path) {
  struct stat here = {};
  struct stat above = {};
  if (stat(path.c_str(), &here) != 0 || stat(path.parent_path().c_str(), &above) != 0) return false;
  return here.st_dev != above.st_dev;
}

// What is mounted there; of several the topmost.
std::string deviceAt(const fs::path& mountPoint) {
  std::string device;
  const auto close = [](FILE* file) { endmntent(file); };
  const std::unique_ptr<FILE, decltype(close)> table(setmntent("/proc/self/mounts", "re"), close);
  while (const mntent* entry = table ? getmntent(table.get()) : nullptr) {
    if (entry->mnt_dir == mountPoint) device = entry->mnt_fsname;
  }
  return device;
}

void setName(char* field, size_t size, const fs::path& path) {
  const std::string last = path.filename();
  if (last.size() >= size)
    throw Error(ExitCode::usage, "the name " + last + " is too long", "use a shorter one");
  std::memcpy(field, last.c_str(), last.size() + 1);
}

// Calls an ioctl of subvolumes on the directory that holds (or will hold) `path`.
template <typename Arguments>
void subvolumeCall(unsigned long request, const fs::path& path, Arguments& arguments,
                   const std::string& what) {
  const UniqueFd parent = openFile(path.parent_path(), O_RDONLY | O_DIRECTORY);
  setName(arguments.name, sizeof(arguments.name), path);
  if (ioctl(parent.get(), request, &arguments) != 0) {
    throw systemError(ExitCode::storage, "cannot " + what + " " + path.string(), errno);
  }
}

void createSubvolume(const fs::path& path) {
  btrfs_ioctl_vol_args_v2 arguments = {};
  subvolumeCall(BTRFS_IOC_SUBVOL_CREATE_V2, path, arguments, "create subvolume");
}

// btrfs writes the source down and commits before this returns: the copy is one moment of all files.
void snapshotSubvolume(const fs::path& from, const fs::path& to, bool readOnly) {
  const UniqueFd source = openFile(from, O_RDONLY | O_DIRECTORY);
  btrfs_ioctl_vol_args_v2 arguments = {};
  arguments.fd = source.get();
  arguments.flags = readOnly ? BTRFS_SUBVOL_RDONLY : 0;
  subvolumeCall(BTRFS_IOC_SNAP_CREATE_V2, to, arguments, "snapshot " + from.string() + " to");
}

void removeSubvolume(const fs::path& path) {
  btrfs_ioctl_vol_args arguments = {};
  subvolumeCall(BTRFS_IOC_SNAP_DESTROY, path, arguments, "remove subvolume");
}

// A directory on btrfs, or a sparse file that is formatted and mounted through a loop device which goes with
// the mount. Every dataset and snapshot is a subvolume. Quotas stay off: they make snapshots slow.
class BtrfsPool : public Pool {
 public:
  using Pool::Pool;

  void create() override {
    requireNothingThere();
    Undo undo;
    if (!config().image.empty()) {
      makeImage(undo);
      mountImage();
    }
    undo.add("remove the pool's layout", [this] { removeLayout(); });
    makeDirectory(config().root, {0755, std::nullopt});  // mysqld must be able to enter
    if (!isBtrfs(config().root)) {
      throw Error(ExitCode::storage, config().root.string() + " does not lie on btrfs",
                  "choose a directory on btrfs, or give --size so that an image file is made");
    }
    makeLayout();
    undo.commit();
  }

  void requireNothingThere() const override {
    Pool::requireNothingThere();
    if (config().image.empty()) return;
    requireNoImage(config());
  }

  void mount() override {
    if (!config().image.empty() && !isMountPoint(config().root)) mountImage();
    check();
  }

  void destroy() override {
    requireNoOther();
    if (config().image.empty()) return removeEverything();
    unmountImage();
    removeTree(config().image);
    rmdir(config().root.c_str());  // stays when somebody has put something there
  }

  void createDataset(const std::string& dataset) override {
    requireNew(dataset);
    createSubvolume(pathOf(dataset));
  }

  void snapshot(const SnapshotRef& snapshot) override {
    requireThere(snapshot.dataset);
    requireNew(snapshot);
    makeDirectory(snapshotRoot() / snapshot.dataset, {0700, std::nullopt});
    snapshotSubvolume(pathOf(snapshot.dataset), pathOf(snapshot), true);
  }

  void clone(const SnapshotRef& snapshot, const std::string& dataset) override {
    requireThere(snapshot);
    requireNew(dataset);
    snapshotSubvolume(pathOf(snapshot), pathOf(dataset), false);
  }

  void renameDataset(const std::string& from, const std::string& to) override {
    requireThere(from);
    requireNew(to);
    move(pathOf(from), pathOf(to));
  }

  void removeDataset(const std::string& dataset) override {
    check();
    if (hasDataset(dataset)) removeSubvolume(pathOf(dataset));
  }

  void removeSnapshot(const SnapshotRef& snapshot) override {
    check();
    if (hasSnapshot(snapshot)) removeSubvolume(pathOf(snapshot));
    rmdir((snapshotRoot() / snapshot.dataset).c_str());  // fails, as it should, while there are others
  }

  PoolUsage usage() const override { return withinImage(config(), Pool::usage()); }

 private:
  void makeImage(Undo& undo) const {
    const fs::path& image = config().image;
    undo.add("remove " + image.string(), [this] {
      unmountImage();
      removeTree(config().image);
    });
    makePoolImage(config());
    // dup: with its small first metadata chunk alone, a pool once full of data stays at "no space" after
    // deletes.
    runPoolTool({"mkfs.btrfs", "--quiet", "--metadata", "dup", "--data", "single", image},
                "cannot format " + image.string(), "install btrfs-progs");
  }

  void mountImage() const {
    requireImage(config());
    makeDirectory(config().root, {0755, std::nullopt});
    // discard: what is deleted in the pool is given back to the file system below.
    runPoolTool({"mount", "-t", "btrfs", "-o", "loop,noatime,discard=async", config().image, config().root},
                "cannot mount " + config().image.string(),
                "run as root, on a kernel with btrfs and loop devices");
  }

  // Mounted at the root, and not what somebody else has mounted there: a pool's root may be a mount point
  // that was empty.
  bool isOurImage() const {
    const std::string device = deviceAt(config().root);
    const auto file =
        readFileIfThere(fs::path("/sys/block") / fs::path(device).filename() / "loop/backing_file");
    return file ? trim(*file) == fs::weakly_canonical(config().image) : isBtrfs(config().root);
  }

  void unmountImage() const {
    if (!isMountPoint(config().root) || !isOurImage()) return;
    runPoolTool({"umount", config().root}, "cannot unmount " + config().root.string(),
                "stop what still uses it: 'fuser -vm " + config().root.string() + "' lists it");
  }

  void removeEverything() {
    if (!hasLayout()) return;
    for (const std::string& dataset : datasets()) removeSubvolume(pathOf(dataset));
    std::error_code notThere;
    for (const auto& directory : fs::directory_iterator(snapshotRoot(), notThere)) {
      for (const auto& snapshot : fs::directory_iterator(directory)) removeSubvolume(snapshot.path());
    }
    removeLayout();
  }
};

}  // namespace

std::unique_ptr<Pool> makeBtrfsPool(const PoolConfig& config) {
  return std::make_unique<BtrfsPool>(config);
}

}  // namespace dlpx
