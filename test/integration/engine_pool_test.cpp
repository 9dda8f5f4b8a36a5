#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "base/deadline.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "engine/pool.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/pool_storage.h"

using namespace dlpx;
using test::kMegabyte;
using test::tool;

namespace {

// A pool on storage of its own.
struct TestPool {
  explicit TestPool(const std::string& kind)
      : storage(kind), config(storage.config()), pool(openPool(config)) {
    pool->create();
  }

  fs::path file(const std::string& dataset) const { return pool->pathOf(dataset) / "file"; }

  test::PoolStorage storage;
  PoolConfig config;
  std::unique_ptr<Pool> pool;
};

std::string loopDevices() {
  Command command;
  command.argv = {"losetup", "--all"};
  return run(command).out;
}

void fill(const fs::path& file, uint64_t bytes) {
  std::ofstream out(file, std::ios::binary);
  std::string block(kMegabyte, '\0');
  for (char& c : block) c = static_cast<char>(rand());
  for (uint64_t done = 0; done < bytes && out; done += block.size())
    out.write(block.data(), static_cast<std::streamsize>(block.size()));
}

ExitCode codeOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    INFO(error.what());
    CHECK_FALSE(error.remedy().empty());
    return error.code();
  }
  return ExitCode::success;
}

}  // namespace

TEST_CASE("every pool driver keeps the contract of a pool") {
  const std::string kind = GENERATE("btrfs", "zfs", "reflink", "copy");
  TestPool test(kind);
  Pool& pool = *test.pool;

  DYNAMIC_SECTION("on " << kind << " a snapshot keeps what was, and a clone is independent of it") {
    pool.createDataset("staging");
    CHECK(isEmptyDirectory(pool.pathOf("staging")));
    writeFile(test.file("staging"), "one");
    pool.snapshot({"staging", "s1"});
    writeFile(test.file("staging"), "two");
    pool.clone({"staging", "s1"}, "vdb");
    CHECK(readFile(test.file("vdb")) == "one");
    writeFile(test.file("vdb"), "three");
    CHECK(readFile(test.file("staging")) == "two");
    CHECK(pool.snapshots("staging") == std::vector<std::string>{"s1"});
    pool.clone({"staging", "s1"}, "second");
    CHECK(readFile(test.file("second")) == "one");
    pool.removeDataset("second");
    CHECK(pool.datasets() == std::vector<std::string>{"staging", "vdb"});
  }
  DYNAMIC_SECTION("on " << kind << " others can enter a dataset, and files keep their owner and mode") {
    pool.createDataset("staging");
    writeFile(test.file("staging"), "x", {0640, Owner{65534, 65534}});
    pool.snapshot({"staging", "s1"});
    pool.clone({"staging", "s1"}, "vdb");
    struct stat status = {};
    REQUIRE(stat(test.file("vdb").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(status.st_uid == 65534);
    for (fs::path path = pool.pathOf("staging"); path != test.storage.directory();
         path = path.parent_path()) {
      REQUIRE(stat(path.c_str(), &status) == 0);
      CHECK((status.st_mode & 0005) == 0005);
    }
  }
  DYNAMIC_SECTION("on " << kind << " a dataset is set aside, replaced by another snapshot, and removed") {
    pool.createDataset("staging");
    writeFile(test.file("staging"), "one");
    pool.snapshot({"staging", "s1"});
    pool.clone({"staging", "s1"}, "vdb");
    pool.snapshot({"vdb", "v1"});
    pool.renameDataset("vdb", "vdb.old");
    pool.clone({"vdb", "v1"}, "vdb");
    pool.removeDataset("vdb.old");
    CHECK(readFile(test.file("vdb")) == "one");
    CHECK(pool.snapshots("vdb") == std::vector<std::string>{"v1"});
    pool.removeDataset("vdb");
    pool.removeSnapshot({"vdb", "v1"});
    pool.removeSnapshot({"staging", "s1"});
    CHECK(pool.snapshots("vdb").empty());
    CHECK(pool.datasets() == std::vector<std::string>{"staging"});
  }
  DYNAMIC_SECTION("on " << kind << " removing what is not there succeeds, and making what is there fails") {
    pool.removeDataset("nothing");
    pool.removeSnapshot({"nothing", "s1"});
    pool.createDataset("staging");
    pool.snapshot({"staging", "s1"});
    CHECK(codeOf([&] { pool.createDataset("staging"); }) == ExitCode::storage);
    CHECK(codeOf([&] { pool.snapshot({"staging", "s1"}); }) == ExitCode::storage);
    CHECK(codeOf([&] { pool.clone({"staging", "s1"}, "staging"); }) == ExitCode::storage);
    CHECK(codeOf([&] { pool.clone({"staging", "none"}, "vdb"); }) == ExitCode::storage);
    CHECK(codeOf([&] { pool.snapshot({"none", "s1"}); }) == ExitCode::storage);
  }
  DYNAMIC_SECTION("on " << kind << " own bytes tell what is not shared") {
    pool.createDataset("staging");
    fill(test.file("staging"), 20 * kMegabyte);
    pool.snapshot({"staging", "s1"});
    pool.clone({"staging", "s1"}, "vdb");
    const uint64_t fresh = pool.ownBytes("vdb");
    if (pool.thinClones()) {
      CHECK(fresh < kMegabyte);
      CHECK(pool.ownBytes(SnapshotRef{"staging", "s1"}) < kMegabyte);
      CHECK(pool.bytesToCopy("staging") == 0);
    } else {
      CHECK(fresh >= 20 * kMegabyte);
      CHECK(pool.bytesToCopy("staging") >= 20 * kMegabyte);
    }
    fill(pool.pathOf("vdb") / "more", 5 * kMegabyte);
    pool.createDataset("other");  // after this, ZFS has counted what was written before
    CHECK(pool.ownBytes("vdb") >= fresh + 5 * kMegabyte);
    CHECK(pool.ownBytes("vdb") < fresh + 7 * kMegabyte);
  }
  DYNAMIC_SECTION("on " << kind << " a full pool is told as such, and nothing half made stays") {
    pool.createDataset("staging");
    fill(test.file("staging"), 60 * kMegabyte);
    pool.snapshot({"staging", "s1"});
    test.storage.fill();
    CHECK(codeOf([&] { requireFree(pool, 200 * kMegabyte); }) == ExitCode::noSpace);
    const ExitCode code = codeOf([&] { pool.clone({"staging", "s1"}, "vdb"); });
    if (pool.thinClones()) {
      CHECK((code == ExitCode::success || code == ExitCode::noSpace));
    } else {
      CHECK(code == ExitCode::noSpace);
    }
    CHECK(pool.hasDataset("vdb") == (code == ExitCode::success));
    test.storage.drain();
    pool.removeDataset("vdb");
    CHECK_NOTHROW(requireFree(pool, 100 * kMegabyte));
    pool.clone({"staging", "s1"}, "vdb");
  }
  DYNAMIC_SECTION("on " << kind << " another pool in the place of this one is not touched") {
    PoolConfig other = test.config;
    other.id = randomHex(8);
    CHECK(codeOf([&] { openPool(other)->createDataset("staging"); }) == ExitCode::storage);
    CHECK(codeOf([&] { openPool(other)->create(); }) == ExitCode::storage);
    CHECK(pool.datasets().empty());
    pool.check();
  }
}

TEST_CASE("a pool on an image is mounted again after a reboot and says so while it is not") {
  TestPool test(GENERATE("btrfs", "zfs"));
  test.pool->createDataset("staging");
  writeFile(test.file("staging"), "one");
  test.storage.takeAway();
  CHECK(codeOf([&] { test.pool->snapshot({"staging", "s1"}); }) == ExitCode::storage);
  CHECK(codeOf([&] { test.pool->mount(); }) == ExitCode::storage);
  CHECK_FALSE(fs::exists(test.file("staging")));
  test.storage.giveBack();
  test.pool->mount();
  CHECK(readFile(test.file("staging")) == "one");
  test.pool->mount();
  test.pool->snapshot({"staging", "s1"});
}

TEST_CASE("a btrfs pool leaves no loop device, mount or image behind") {
  const test::Scratch scratch;
  PoolConfig config;
  config.name = "test";
  config.id = randomHex(8);
  config.root = scratch / "pool";
  config.image = scratch / "pool.img";
  config.imageBytes = 320 * kMegabyte;
  SECTION("when it is destroyed, also with datasets inside") {
    const auto pool = openPool(config);
    pool->create();
    CHECK(loopDevices().find(config.image.string()) != std::string::npos);
    pool->createDataset("staging");
    pool->snapshot({"staging", "s1"});
    pool->destroy();
    pool->destroy();
  }
  SECTION("when its root is not empty") {
    makeDirectory(config.root);
    writeFile(config.root / "mine", "keep");
    CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::storage);
    CHECK(readFile(config.root / "mine") == "keep");
  }
  SECTION("when it cannot be mounted") {
    writeFile(scratch / "file", "");
    config.root = scratch / "file" / "pool";
    CHECK_THROWS_AS(openPool(config)->create(), Error);
  }
  SECTION("when it is too small to be formatted") {
    config.imageBytes = kMegabyte;
    CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::usage);
  }
  CHECK(loopDevices().find(config.image.string()) == std::string::npos);
  CHECK_FALSE(fs::exists(config.image));
}

TEST_CASE("a pool in use is not torn away") {
  TestPool test(GENERATE("btrfs", "zfs"));
  test.pool->createDataset("other");
  test.pool->createDataset("staging");
  writeFile(test.pool->pathOf("other") / "file", "one");
  std::ofstream open(test.file("staging"));
  CHECK(codeOf([&] { test.pool->destroy(); }) == ExitCode::storage);
  CHECK(test.pool->hasDataset("staging"));
  CHECK(readFile(test.file("other")) == "one");
  open.close();
}

TEST_CASE("a btrfs pool in a directory of a btrfs file system takes and leaves only what is its own") {
  TestPool host("btrfs");
  PoolConfig config;
  config.name = "inner";
  config.id = randomHex(8);
  config.root = host.config.root / "inner";
  const auto pool = openPool(config);
  pool->create();
  pool->createDataset("staging");
  pool->snapshot({"staging", "s1"});
  pool->clone({"staging", "s1"}, "vdb");
  pool->mount();
  pool->destroy();
  CHECK(isEmptyDirectory(config.root));
  host.pool->check();
}

TEST_CASE("a pool that was not made, or not to its end, leaves what others have in its place") {
  const test::Scratch scratch;
  PoolConfig config;
  config.name = "test";
  config.root = scratch / "pool";
  config.id = randomHex(8);
  fs::create_directory(config.root);
  SECTION("what is mounted there") {
    writeFile(scratch / "file", "");
    config.image = scratch / "file" / "cannot.img";
    config.imageBytes = 256 * kMegabyte;
    tool({"mount", "-t", "tmpfs", "none", config.root});
    CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::storage);
    config.image = scratch / "none.img";
    CHECK_NOTHROW(openPool(config)->destroy());
    tool({"mountpoint", "--quiet", config.root});
    tool({"umount", config.root});
  }
  SECTION("directories with the names of ours") {
    config.kind = PoolKind::copy;
    fs::create_directory(config.root / "mounts");
    writeFile(config.root / "mounts" / "theirs", "theirs");
    openPool(config)->destroy();
    CHECK(readFile(config.root / "mounts" / "theirs") == "theirs");
  }
}

TEST_CASE("a directory that does not lie on btrfs is refused as a btrfs pool") {
  const test::Scratch scratch;
  PoolConfig config;
  config.name = "test";
  config.root = scratch / "pool";
  CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::storage);
}

namespace {

// What there is of ZFS below it.
size_t zfsThings(const std::string& dataset) {
  Command list;
  list.argv = {"zfs", "list", "-H", "-r", "-t", "all", "-o", "name", dataset};
  return split(trim(run(list).out), '\n').size();
}

std::string zfsAt(const fs::path& mountpoint) {
  Command list;
  list.argv = {"zfs", "list", "-H", "-o", "name", mountpoint};
  return trim(run(list).out);
}

}  // namespace

TEST_CASE("a zfs pool in a dataset of the user takes and leaves only what is its own") {
  TestPool host("zfs");
  PoolConfig config;
  config.name = "inner";
  config.kind = PoolKind::zfs;
  config.id = randomHex(8);
  config.root = host.storage.directory() / "inner";
  SECTION("with everything in it") {
    config.dataset = zfsAt(host.config.root);
    const size_t before = zfsThings(config.dataset);
    const auto pool = openPool(config);
    pool->create();
    pool->createDataset("staging");
    pool->snapshot({"staging", "s1"});
    pool->clone({"staging", "s1"}, "vdb");
    pool->snapshot({"vdb", "v1"});
    pool->mount();
    pool->destroy();
    pool->destroy();
    CHECK_FALSE(fs::exists(config.root));
    CHECK(zfsThings(config.dataset) == before);
    host.pool->check();
  }
  SECTION("or nothing, where there is no such dataset") {
    config.dataset = zfsAt(host.config.root) + "/none";
    CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::storage);
    config.dataset = "-r";
    CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::usage);
    CHECK_FALSE(fs::exists(config.root));
  }
}

TEST_CASE("zfs keeps what clones need for as long as they need it, and no longer") {
  TestPool test("zfs");
  Pool& pool = *test.pool;
  const std::string base = zfsAt(test.config.root);
  pool.createDataset("staging");
  writeFile(test.file("staging"), "one");
  pool.snapshot({"staging", "s1"});
  pool.clone({"staging", "s1"}, "vdb");
  pool.snapshot({"vdb", "v1"});
  pool.renameDataset("vdb", "vdb.old");
  pool.clone({"vdb", "v1"}, "vdb");
  fill(pool.pathOf("vdb.old") / "more", 20 * kMegabyte);
  pool.removeDataset("vdb.old");
  CHECK(pool.usage().usedBytes < 10 * kMegabyte);  // what it wrote after its snapshot is gone
  pool.removeDataset("staging");
  pool.removeSnapshot({"staging", "s1"});
  pool.removeSnapshot({"vdb", "v1"});
  CHECK(pool.snapshots("staging").empty());
  CHECK(pool.snapshots("vdb").empty());
  CHECK(pool.datasets() == std::vector<std::string>{"vdb"});
  CHECK(readFile(test.file("vdb")) == "one");

  tool({"zfs", "unmount", test.file("vdb").parent_path()});  // as a rename leaves it that was killed
  CHECK_FALSE(fs::exists(test.file("vdb")));
  pool.mend("vdb");
  CHECK(readFile(test.file("vdb")) == "one");
  pool.removeDataset("vdb");
  CHECK(zfsThings(base) == 1);
}
