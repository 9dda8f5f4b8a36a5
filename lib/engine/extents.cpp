#include "engine/extents.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace dlpx {
namespace {

constexpr uint32_t kExtentsAtOnce = 512;

uint64_t unsharedBytesOfFile(const fs::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return 0;  // a running server removes files while we look
  if (!fd) throw systemError(ExitCode::storage, "cannot open " + path.string(), errno);
  // The kernel's struct ends in a flexible array: room for it stands behind.
  std::vector<uint64_t> room((sizeof(fiemap) + kExtentsAtOnce * sizeof(fiemap_extent)) / sizeof(uint64_t) +
                             1);
  auto* map = reinterpret_cast<fiemap*>(room.data());
  uint64_t bytes = 0;
  for (uint64_t start = 0;;) {
    std::memset(room.data(), 0, room.size() * sizeof(uint64_t));
    map->fm_start = start;
    map->fm_length = FIEMAP_MAX_OFFSET - start;
    map->fm_flags = FIEMAP_FLAG_SYNC;
    map->fm_extent_count = kExtentsAtOnce;
    if (ioctl(fd.get(), FS_IOC_FIEMAP, map) != 0) {
      throw systemError(ExitCode::storage, "cannot list the extents of " + path.string(), errno);
    }
    const auto* extents = reinterpret_cast<const fiemap_extent*>(map + 1);
    for (uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
      if (!(extents[i].fe_flags & FIEMAP_EXTENT_SHARED)) bytes += extents[i].fe_length;
      if (extents[i].fe_flags & FIEMAP_EXTENT_LAST) return bytes;
      start = extents[i].fe_logical + extents[i].fe_length;
    }
    if (map->fm_mapped_extents == 0) return bytes;
  }
}

}  // namespace

uint64_t unsharedBytes(const fs::path& tree) {
  uint64_t bytes = 0;
  walk(tree, [&](const fs::directory_entry& entry) {
    if (!entry.is_symlink() && entry.is_regular_file()) bytes += unsharedBytesOfFile(entry.path());
  });
  return bytes;
}

}  // namespace dlpx
