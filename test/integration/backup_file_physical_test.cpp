#include "backup/data_directory.h"
#include "backup/inspect.h"
#include "base/error.h"
#include "base/text.h"
#include "process/command.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/shop.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// The copy of a physical backup as the data directory of a server of the test's own.
void putInto(MysqlServer& server, const fs::path& backup) {
  server.stop();
  removeTree(server.dataDir());
  copyDataDirectory(requireBackup(backup, {9, 7, 4}), server.dataDir(), ownerOf(server.directory()));
  server.start();
}

void checkEqual(MysqlServer& server, const std::string& sum) {
  Session copy = server.root();
  CHECK(copy.query("CHECKSUM TABLE shop.orders").at(0).text("Checksum") == sum);
}

}  // namespace

TEST_CASE("a cold data directory, a tar of it and a CLONE directory become a server's data directory") {
  MysqlServer source({"9.7", {"plugin-load-add=mysql_clone.so", "event-scheduler=OFF"}});
  Session root = source.root();
  createShop(root);
  const std::string sum = root.query("CHECKSUM TABLE shop.orders").at(0).text("Checksum");
  const std::string uuid = root.variable("server_uuid");
  const fs::path cloned = source.directory() / "cloned";
  root.execute("CLONE LOCAL DATA DIRECTORY = ?", cloned.string());
  CHECK(inspectBackup(source.dataDir()).completeness == Completeness::incomplete);  // a server runs on it
  CHECK_THROWS_AS(requireBackup(source.dataDir(), {9, 7, 4}), Error);
  source.stop();

  const BackupFacts cold = requireBackup(source.dataDir(), {9, 7, 4});
  CHECK(cold.kind == BackupKind::dataDirectory);
  CHECK(cold.serverVersion->text() == "9.7.4");
  CHECK_THROWS_AS(requireBackup(source.dataDir(), {8, 4, 3}), Error);
  MysqlServer target({"9.7", {"event-scheduler=OFF"}});
  putInto(target, source.dataDir());
  checkEqual(target, sum);
  CHECK(target.root().variable("server_uuid") != uuid);

  CHECK(requireBackup(cloned, {9, 7, 4}).kind == BackupKind::cloneDirectory);
  putInto(target, cloned);
  checkEqual(target, sum);

  const Scratch scratch;
  const fs::path tar = scratch / "backup";
  runChecked({.argv = {"tar", "-C", source.dataDir().parent_path().string(), "-czf", tar.string(), "data"}},
             ExitCode::internal, "tar failed");
  const BackupFacts archive = requireBackup(tar, {9, 7, 4});
  CHECK(archive.kind == BackupKind::dataArchive);
  CHECK(archive.compression == "gzip");
  CHECK(archive.serverVersion->text() == "9.7.4");
  putInto(target, tar);
  checkEqual(target, sum);
  const std::string bytes = readFile(tar);
  writeFile(tar, bytes.substr(0, bytes.size() - 100));
  CHECK_THROWS_AS(requireBackup(tar, {9, 7, 4}), Error);
}

TEST_CASE("a data directory with a link in it is refused, and so is a target that is not empty") {
  const Scratch scratch;
  fs::create_directories(scratch / "data/mysql");
  writeFile(scratch / "data/ibdata1", "x");
  fs::create_symlink("/etc", scratch / "data/elsewhere");
  const BackupFacts facts = inspectBackup(scratch / "data");
  CHECK_THROWS_WITH(copyDataDirectory(facts, scratch / "new", ownerOf(scratch.path())),
                    Catch::Contains("elsewhere"));
  fs::remove(scratch / "data/elsewhere");
  fs::create_directories(scratch / "there");
  writeFile(scratch / "there/x", "mine");
  CHECK_THROWS_AS(copyDataDirectory(facts, scratch / "there", ownerOf(scratch.path())), Error);
}
