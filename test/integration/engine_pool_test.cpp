#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "base/deadline.h"
#include "base/error.h"
#include "base/secret.h"
#include "engine/pool.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

constexpr uint64_t kMegabyte = 1 << 20;

void tool(const std::vector<std::string>& argv) {
  Command command;
  command.argv = argv;
  runChecked(command, ExitCode::storage, "test set-up");
}

// A pool of each kind that goes with its storage also when a test fails. All have 320 MB, so that they can be
// filled: reflink lies on a btrfs of its own, copy on an ext4.
struct TestPool {
  explicit TestPool(const std::string& kind) {
    config.name = "test";
    config.id = randomHex(8);
    config.kind = poolKindOf(kind);
    config.root = scratch / "pool";
    if (kind == "btrfs") {
      config.image = scratch / "pool.img";
      config.imageBytes = 320 * kMegabyte;
    } else {
      mountSmall(kind == "reflink" ? "mkfs.btrfs" : "mkfs.ext4");
      config.root = scratch / "small" / "pool";
    }
    pool = openPool(config);
    pool->create();
  }

  ~TestPool() {
    if (!config.image.empty()) pool->destroy();
    if (small) tool({"umount", scratch / "small"});
  }

  void mountSmall(const std::string& mkfs) {
    const fs::path image = scratch / "small.img";
    std::ofstream(image).close();
    fs::resize_file(image, 320 * kMegabyte);
    makeDirectory(scratch / "small", {0755, std::nullopt});
    tool({mkfs, "-q", image});
    tool({"mount", "-o", "loop", image, scratch / "small"});
    small = true;
  }

  fs::path file(const std::string& dataset) const { return pool->pathOf(dataset) / "file"; }

  test::Scratch scratch;
  PoolConfig config;
  std::unique_ptr<Pool> pool;
  bool small = false;
};

std::string loopDevices() {
  Command command;
  command.argv = {"losetup", "--all"};
  return run(command).out;
}

void fill(const fs::path& file, uint64_t bytes) {
  std::ofstream out(file, std::ios::binary);
  std::string block(kMegabyte, '\0');
  for (uint64_t done = 0; done < bytes && out; done += block.size()) {
    for (char& c : block) c = static_cast<char>(rand());
    out.write(block.data(), static_cast<std::streamsize>(block.size()));
  }
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
  const std::string kind = GENERATE("btrfs", "reflink", "copy");
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
    CHECK(readFile(pool.pathOf(SnapshotRef{"staging", "s1"}) / "file") == "one");
    CHECK(pool.snapshots("staging") == std::vector<std::string>{"s1"});
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
    for (fs::path path = pool.pathOf("staging"); path != test.scratch.path(); path = path.parent_path()) {
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
    CHECK(pool.ownBytes("vdb") >= fresh + 5 * kMegabyte);
    CHECK(pool.ownBytes("vdb") < fresh + 7 * kMegabyte);
  }
  DYNAMIC_SECTION("on " << kind << " a full pool is told as such, and nothing half made stays") {
    pool.createDataset("staging");
    fill(test.file("staging"), 60 * kMegabyte);
    pool.snapshot({"staging", "s1"});
    fill(pool.pathOf("staging") / "filler", 600 * kMegabyte);
    CHECK(codeOf([&] { requireFree(pool, 200 * kMegabyte); }) == ExitCode::noSpace);
    const ExitCode code = codeOf([&] { pool.clone({"staging", "s1"}, "vdb"); });
    if (pool.thinClones()) {
      CHECK((code == ExitCode::success || code == ExitCode::noSpace));
    } else {
      CHECK(code == ExitCode::noSpace);
    }
    CHECK(pool.hasDataset("vdb") == (code == ExitCode::success));
    fs::remove(pool.pathOf("staging") / "filler");
    pool.removeDataset("vdb");
    CHECK(waitUntil(Deadline::in(Seconds(20)), [&] {
      syncFileSystem(test.config.root);  // btrfs gives space back with its next commit
      return pool.usage().freeBytes > 100 * kMegabyte;
    }));
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

TEST_CASE("a btrfs pool on an image is mounted again after a reboot and says so while it is not") {
  TestPool test("btrfs");
  test.pool->createDataset("staging");
  writeFile(test.file("staging"), "one");
  tool({"umount", test.config.root});
  CHECK(codeOf([&] { test.pool->snapshot({"staging", "s1"}); }) == ExitCode::storage);
  CHECK_FALSE(fs::exists(test.file("staging")));
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

TEST_CASE("a btrfs pool in use is not torn away") {
  TestPool test("btrfs");
  test.pool->createDataset("staging");
  std::ofstream open(test.file("staging"));
  CHECK(codeOf([&] { test.pool->destroy(); }) == ExitCode::storage);
  CHECK(test.pool->hasDataset("staging"));
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

TEST_CASE("a directory that does not lie on btrfs is refused as a btrfs pool") {
  const test::Scratch scratch;
  PoolConfig config;
  config.name = "test";
  config.root = scratch / "pool";
  CHECK(codeOf([&] { openPool(config)->create(); }) == ExitCode::storage);
}

TEST_CASE("a pool that cannot be written is told before anything is made") {
  TestPool test("btrfs");
  test.pool->createDataset("staging");
  tool({"mount", "-o", "remount,ro", test.config.root});
  CHECK_THROWS_AS(test.pool->snapshot({"staging", "s1"}), Error);
  tool({"mount", "-o", "remount,rw", test.config.root});
  CHECK(test.pool->snapshots("staging").empty());
}
