#include "command/table_parts.h"

namespace dlpx {
namespace {

using enum ValueType;

constexpr int64_t second = 1000;
constexpr int64_t mebibyte = 1024 * 1024;

}  // namespace

Specs engineParameters() {
  return {
      {.name = "home",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory of the local engine",
       .fallback = "/var/lib/dlpx-mysql"},
      {.name = "name", .placeholder = "NAME", .help = "the name of a dSource or VDB"},
      {.name = "from",
       .placeholder = "DSOURCE[@SNAPSHOT]",
       .help = "what the VDB is made from; the newest snapshot when none is named"},
      {.name = "to",
       .placeholder = "SNAPSHOT",
       .help = "the snapshot to go to; the newest when none is named"},
      {.name = "with-replica",
       .type = flag,
       .help = "make two VDBs of the snapshot, the second a replica of the first, NAME-replica"},
      {.name = "hook",
       .type = assignments,
       .placeholder = "POINT=SCRIPT",
       .help = "a script of yours that runs at a hook point; repeatable"},
      {.name = "hooks-dir",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory of the hooks that the engine calls"},
      {.name = "driver",
       .type = choice,
       .placeholder = "DRIVER",
       .help = "what makes the snapshots of the pool",
       .fallback = "btrfs",
       .choices = {"btrfs", "zfs", "reflink", "copy"}},
      {.name = "size",
       .type = bytes,
       .placeholder = "SIZE",
       .help = "the size of the pool's image file",
       .fallback = "20G",
       .least = 256 * mebibyte},
      {.name = "pool", .placeholder = "POOL", .help = "the name of the pool"},
      {.name = "image", .type = path, .placeholder = "FILE", .help = "the image file of the pool"},
      {.name = "directory", .type = path, .placeholder = "DIR", .help = "the directory of the pool"},
      {.name = "dataset",
       .placeholder = "DATASET",
       .help = "the ZFS dataset that the pool is made in; an image file where none is named"},
      {.name = "keep-last",
       .type = integer,
       .placeholder = "N",
       .help = "how many snapshots to keep of each timeflow",
       .least = 1,
       .most = 100000},
      {.name = "keep-hourly",
       .type = integer,
       .placeholder = "N",
       .help = "of how many hours to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-daily",
       .type = integer,
       .placeholder = "N",
       .help = "of how many days to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-weekly",
       .type = integer,
       .placeholder = "N",
       .help = "of how many weeks to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-for",
       .type = duration,
       .placeholder = "TIME",
       .help = "how long to keep snapshots",
       .least = second},
  };
}

}  // namespace dlpx
