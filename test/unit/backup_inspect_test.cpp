#include <sys/stat.h>
#include <unistd.h>

#include "backup/archive_reader.h"
#include "backup/archive_writer.h"
#include "backup/directory_restore.h"
#include "backup/inspect.h"
#include "backup/newest.h"
#include "base/error.h"
#include "base/text.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::string gtid = "3d08a2fa-e87a-11f1-b4a6-02fc00000001";

std::string dumpHead(const std::string& coordinates, const std::string& version = "9.7.4-2") {
  return "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost    Database: \n"
         "-- ------------------------------------------------------\n-- Server version\t" +
         version + "\n\n/*!50503 SET NAMES utf8mb4 */;\n" + coordinates +
         "\n--\n-- Current Database: `shop`\n--\n\nUSE `shop`;\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` "
         "(`a` int);\n";
}

const std::string trailer =
    "INSERT INTO `t` VALUES (1);\n\n-- Current Database: `we``ird`\n--\nUSE `we``ird`;\n\n-- Dump completed "
    "on 2026-11-25  2:45:16\n";

fs::path put(const Scratch& scratch, const std::string& name, const std::string& content) {
  writeFile(scratch / name, content);
  return scratch / name;
}

void compress(const std::string& program, const fs::path& from, const fs::path& to) {
  const Finished finished =
      runChecked({.argv = {program, "-c", from.string()}}, ExitCode::internal, "cannot compress");
  writeFile(to, finished.out);
}

}  // namespace

TEST_CASE("a mysqldump file's facts are read from its head and its tail") {
  const Scratch scratch;
  const auto facts = inspectBackup(put(
      scratch, "x.gz",
      dumpHead(
          "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '" + gtid +
          ":1-8';\n-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=2226;\n") +
          trailer));
  CHECK(facts.kind == BackupKind::mysqldump);
  CHECK(facts.compression == "none");
  CHECK(facts.serverVersion->text() == "9.7.4");
  CHECK(facts.databases == std::vector<std::string>{"shop", "we`ird"});
  CHECK(facts.completeness == Completeness::complete);
  REQUIRE(facts.coordinates);
  CHECK(facts.coordinates->gtids.text() == gtid + ":1-8");
  CHECK(facts.coordinates->position->text() == "binlog.000001:2226");
  CHECK(facts.missingForReplication().empty());
}

TEST_CASE("coordinates are found in every spelling, live or commented, and not in rows") {
  const Scratch scratch;
  const auto found = [&](const std::string& text) {
    return inspectBackup(put(scratch, "d", dumpHead(text) + trailer)).coordinates;
  };
  CHECK(found("CHANGE MASTER TO MASTER_LOG_FILE='b.000012', MASTER_LOG_POS=4711;\n")->position->text() ==
        "b.000012:4711");
  CHECK(found("-- CHANGE MASTER TO MASTER_LOG_FILE='b.000012', MASTER_LOG_POS=4711;\n")->position->position ==
        4711);
  CHECK(found("CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b.1', SOURCE_LOG_POS=5;\n")->position->file ==
        "b.1");
  CHECK(found("/* SET @@GLOBAL.GTID_PURGED='+" + gtid + ":1-8';*/\n")->gtids.count() == 8);
  CHECK(found("SET @@GLOBAL.GTID_PURGED='" + gtid + ":1-3,\n4d08a2fa-e87a-11f1-b4a6-02fc00000001:7';\n")
            ->gtids.count() == 4);
  CHECK_FALSE(found(""));
  CHECK_FALSE(found("INSERT INTO t VALUES ('-- CHANGE MASTER TO MASTER_LOG_FILE=1');\n"));
  const auto atTheEnd = inspectBackup(
      put(scratch, "e", dumpHead("") + "\nSET @@GLOBAL.GTID_PURGED='" + gtid + ":1-5';\n" + trailer));
  CHECK(atTheEnd.coordinates->gtids.count() == 5);
}

TEST_CASE("a dump without its last line is not complete, and is refused") {
  const Scratch scratch;
  const fs::path file = put(scratch, "d", dumpHead("") + "INSERT INTO `t` VALUES (1);\n");
  CHECK(inspectBackup(file).completeness == Completeness::incomplete);
  CHECK_THROWS_AS(requireBackup(file, Version{9, 7, 4}), Error);
}

TEST_CASE("a dump of a newer series is refused, one of an older series is not") {
  const Scratch scratch;
  const fs::path file = put(scratch, "d", dumpHead("", "8.4.3") + trailer);
  CHECK_NOTHROW(requireBackup(file, Version{9, 7, 4}));
  CHECK_NOTHROW(requireBackup(file, Version{8, 4, 0}));
  CHECK_THROWS_AS(requireBackup(file, Version{8, 0, 40}), Error);
}

TEST_CASE("compression is told by content, and a truncated file is caught") {
  const Scratch scratch;
  std::string rows;
  for (int i = 0; i < 20'000; ++i) rows += "INSERT INTO `t` VALUES (" + std::to_string(i * 7919) + ");\n";
  const fs::path plain =
      put(scratch, "plain",
          dumpHead("-- CHANGE MASTER TO MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4;\n") + rows + trailer);
  for (const std::string program : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    INFO(program);
    const fs::path file = scratch / "backup.sql";
    compress(program, plain, file);
    const auto facts = inspectBackup(file);
    CHECK(startsWith(facts.compression, program));
    CHECK(facts.completeness == Completeness::complete);
    CHECK(facts.contentBytes == fs::file_size(plain));
    CHECK(facts.databases.size() == 2);
    CHECK(facts.coordinates->position->file == "b.1");
    const std::string bytes = readFile(file);
    writeFile(file, bytes.substr(0, bytes.size() / 2));
    CHECK(inspectBackup(file).completeness == Completeness::incomplete);
    writeFile(file, bytes.substr(0, bytes.size() - 9));
    CHECK(inspectBackup(file).completeness == Completeness::incomplete);
  }
}

TEST_CASE("gzip data is read over all its members, and its checksum counts") {
  const Scratch scratch;
  const fs::path file = scratch / "b.gz";
  std::string members;
  for (const std::string& part :
       {dumpHead("-- CHANGE MASTER TO MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4;\n"), trailer}) {
    compress("gzip", put(scratch, "part", part), file);
    members += readFile(file);
  }
  writeFile(file, members);
  const auto whole = inspectBackup(file);
  CHECK(whole.compression == "gzip");
  CHECK(whole.completeness == Completeness::complete);
  CHECK(whole.databases.size() == 2);
  for (const size_t fromEnd : {8, 4}) {  // checksum, length
    std::string damaged = members;
    damaged[damaged.size() - fromEnd] ^= 1;
    writeFile(file, damaged);
    CHECK_THAT(inspectBackup(file).incompleteBecause, Catch::Contains("damaged"));
  }
  for (size_t cut = 1; cut <= 8; ++cut) {
    writeFile(file, members.substr(0, members.size() - cut));
    CHECK(inspectBackup(file).completeness == Completeness::incomplete);
  }
}

TEST_CASE("databases are found in lines of any spelling, the first and the last among them") {
  const Scratch scratch;
  const auto databases = [&](const std::string& script) {
    return inspectBackup(put(scratch, "d", script)).databases;
  };
  using Names = std::vector<std::string>;
  CHECK(databases("USE `a`;\r\nCREATE TABLE t (a int);\r\nUSE `b`;\r\n") == Names{"a", "b"});
  CHECK(databases("create database if not exists a;\nuse a;\ncreate table t (a int);\nuse b") ==
        Names{"a", "b"});
  CHECK(databases("CREATE DATABASE /*!32312 IF NOT EXISTS*/ `a` /*!40100 DEFAULT */;\nINSERT INTO t VALUES "
                  "(1);\n-- use the backup\nuse the other\n") == Names{"a"});
}

TEST_CASE("a tar's directories are told as the databases that they are") {
  const Scratch scratch;
  for (const char* const name : {"mysql", "odd@0020name", "@00e4", "caf@0q@0q"})
    fs::create_directories(scratch / "data" / name);
  for (const char* const name :
       {"ibdata1", "mysql/x", "odd@0020name/t.ibd", "@00e4/t.ibd", "caf@0q@0q/t.ibd"})
    writeFile(scratch / "data" / name, "x");
  const fs::path tar = scratch / "d.tar";
  runChecked({.argv = {"tar", "-C", (scratch / "data").string(), "-cf", tar.string(), "."}},
             ExitCode::internal, "cannot pack");
  CHECK(inspectBackup(tar).databases == std::vector<std::string>{"caf@0q@0q", "mysql", "odd name", "\u00e4"});
}

TEST_CASE("what is no backup is refused with what would be one") {
  const Scratch scratch;
  CHECK_THROWS_AS(inspectBackup(scratch / "nothing"), Error);
  CHECK_THROWS_AS(inspectBackup(put(scratch, "a", "hello world")), Error);
  CHECK_THROWS_AS(inspectBackup(put(scratch, "b", "")), Error);
  CHECK_THROWS_AS(inspectBackup(put(scratch, "c", std::string(5000, '\0'))), Error);
  CHECK_THROWS_AS(inspectBackup(scratch.path()), Error);
}

TEST_CASE("directories of mydumper, MySQL Shell and XtraBackup are told apart") {
  const Scratch scratch;
  fs::create_directories(scratch / "shell");
  writeFile(
      scratch / "shell/@.json",
      R"({"dumper":"mysqlsh Ver 8.4.0","serverVersion":"8.0.36","binlogFile":"b.000002","binlogPosition":77,)"
      R"("gtidExecuted":"3d08a2fa-e87a-11f1-b4a6-02fc00000001:1-9","schemas":["shop"]})");
  CHECK(inspectBackup(scratch / "shell").completeness == Completeness::incomplete);
  writeFile(scratch / "shell/@.done.json", "{}");
  const auto shell = inspectBackup(scratch / "shell");
  CHECK(shell.kind == BackupKind::mysqlShell);
  CHECK(shell.completeness == Completeness::complete);
  CHECK(shell.coordinates->gtids.count() == 9);
  CHECK(shell.coordinates->position->text() == "b.000002:77");

  fs::create_directories(scratch / "my");
  writeFile(
      scratch / "my/metadata",
      "Started dump at: 2024-01-01 00:00:00\nSHOW MASTER STATUS:\n\tLog: b.000003\n\tPos: 154\n\tGTID:\n\n"
      "Finished dump at: 2024-01-01 00:00:01\n");
  writeFile(scratch / "my/shop-schema-create.sql", "CREATE DATABASE shop;");
  const auto mydumper = inspectBackup(scratch / "my");
  CHECK(mydumper.kind == BackupKind::mydumper);
  CHECK(mydumper.coordinates->position->text() == "b.000003:154");
  CHECK(mydumper.databases == std::vector<std::string>{"shop"});
  writeFile(scratch / "my/metadata",
            "# Started dump at: 2024-01-01 00:00:00\n[source]\n# executed_gtid_set = \"" + gtid +
                ":1-4\"\n# SOURCE_LOG_FILE = \"b.000004\"\n# SOURCE_LOG_POS = 99\n# Finished dump at: "
                "2024-01-01\n");
  CHECK(inspectBackup(scratch / "my").coordinates->gtids.count() == 4);
  CHECK(inspectBackup(scratch / "my").coordinates->position->text() == "b.000004:99");

  fs::create_directories(scratch / "xb");
  writeFile(scratch / "xb/xtrabackup_checkpoints", "backup_type = full-backuped\nfrom_lsn = 0\n");
  writeFile(scratch / "xb/xtrabackup_binlog_info", "b.000005\t1234\t" + gtid + ":1-6\n");
  writeFile(scratch / "xb/xtrabackup_info", "tool_name = xtrabackup\nserver_version = 8.0.36-28\n");
  CHECK(inspectBackup(scratch / "xb").completeness == Completeness::incomplete);
  writeFile(scratch / "xb/xtrabackup_checkpoints", "backup_type = full-prepared\nfrom_lsn = 0\n");
  const auto prepared = inspectBackup(scratch / "xb");
  CHECK(prepared.completeness == Completeness::complete);
  CHECK(prepared.serverVersion->text() == "8.0.36");
  CHECK(prepared.coordinates->gtids.count() == 6);
}

TEST_CASE("an XtraBackup directory that cannot be started from is refused with what to run") {
  const Scratch scratch;
  const auto refusal = [&](const std::string& checkpoints) {
    writeFile(scratch / "xtrabackup_checkpoints", checkpoints);
    try {
      requireBackup(scratch.path(), {8, 0, 36});
    } catch (const Error& e) {
      return std::string(e.what()) + " | " + e.remedy();
    }
    return std::string();
  };
  const std::string prepared = "backup_type = full-prepared\nfrom_lsn = 0\nto_lsn = 19\n";
  writeFile(scratch / "xtrabackup_info",
            "server_version = 8.0.36-28\ntool_version = 8.0.35-30\nbinlog_pos = "
            "filename 'b.000007', position '88', GTID of the last change '" +
                gtid + ":1-5,\n" + replaceAll(gtid, "3d08", "4d08") + ":1-2'\ninnodb_from_lsn = 0\n");
  CHECK(refusal(prepared) == "");
  const BackupFacts facts = inspectBackup(scratch.path());
  CHECK(facts.coordinatesFrom == "xtrabackup_info");
  CHECK(facts.coordinates->position->text() == "b.000007:88");
  CHECK(facts.coordinates->gtids.count() == 7);
  CHECK_THAT(facts.writtenBy, Catch::Contains("8.0.35"));
  const std::string target = "--target-dir=" + scratch.path().string();
  CHECK_THAT(refusal("backup_type = full-backuped\n"),
             Catch::Contains("not prepared (backup_type = full-backuped)") &&
                 Catch::Contains("run xtrabackup --prepare " + target + ", and repeat"));
  CHECK_THAT(refusal("backup_type = log-applied\n"), Catch::Contains("xtrabackup --prepare " + target));
  CHECK_THAT(refusal("backup_type = incremental\n"), Catch::Contains("increment of another"));
  writeFile(scratch / "backup-my.cnf",
            "# generated\n[mysqld]\ninnodb_checksum_algorithm=strict_crc32\n"
            "innodb_log_checksums=1\ninnodb_data_file_path=/raid/ibdata1:12M;ibdata2:8M:autoextend\n"
            "innodb_log_file_size=50331648\ninnodb_page_size=8192\ninnodb_undo_directory=/undo\n"
            "innodb_undo_tablespaces=2\nserver_id=9\n");
  CHECK_THAT(refusal(prepared), Catch::Contains("ibdata1 is missing"));
  for (const char* const name : {"ibdata1", "ibdata2"}) writeFile(scratch / name, "");
  CHECK(refusal(prepared) == "");
  std::string settings;
  for (const Option& option : inspectBackup(scratch.path()).serverSettings)
    settings += option.name + "=" + option.value.value_or("") + "\n";
  CHECK(settings ==
        "innodb_page_size=8192\nloose_innodb_checksum_algorithm=strict_crc32\nloose_innodb_log_checksums=1\n"
        "innodb_data_file_path=ibdata1:12M;ibdata2:8M:autoextend\n");
  fs::rename(scratch / "ibdata1", scratch / "ibdata1.zst");
  CHECK_THAT(refusal(prepared), Catch::Contains("compressed") && Catch::Contains("xtrabackup --decompress"));
  writeFile(scratch / "stream", "XBSTCK01" + std::string(200, '\0'));
  CHECK_THROWS_WITH(inspectBackup(scratch / "stream"), Catch::Contains("stream of XtraBackup"));
}

TEST_CASE(
    "a directory whose program is not installed is refused with a remedy, before any connection is made") {
  const Scratch scratch;
  for (const auto& [kind, program] :
       {std::pair{BackupKind::mydumper, "myloader"}, std::pair{BackupKind::mysqlShell, "mysqlsh"}}) {
    FileRestoreRequest request;
    request.backup.path = scratch.path();
    request.backup.kind = kind;
    if (findProgram(program)) {
      CHECK(requireRestorer(request.backup).filename() == program);
      continue;
    }
    try {
      restoreFile(request);
      FAIL("not reached");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::installation);
      CHECK_THAT(e.what(), Catch::Contains(program));
      CHECK_THAT(e.remedy(), Catch::Contains("install"));
    }
  }
}

TEST_CASE("a data directory fits its own series and the next one's server, and no older release") {
  BackupFacts facts;
  facts.kind = BackupKind::dataDirectory;
  const auto fits = [&](Version from, Version to) {
    facts.serverVersion = from;
    return versionProblem(facts, to).empty();
  };
  CHECK(fits({8, 0, 36}, {8, 0, 40}));
  CHECK_FALSE(fits({8, 0, 40}, {8, 0, 36}));
  CHECK(fits({5, 7, 44}, {8, 0, 40}));
  CHECK_FALSE(fits({5, 7, 44}, {8, 4, 0}));
  CHECK(fits({8, 0, 40}, {8, 4, 3}));
  CHECK(fits({8, 4, 3}, {9, 7, 4}));
  CHECK_FALSE(fits({8, 0, 40}, {9, 7, 4}));
  CHECK_FALSE(fits({9, 7, 4}, {8, 4, 3}));
  facts.serverVersion.reset();
  CHECK_FALSE(versionProblem(facts, {9, 7, 4}).empty());
}

TEST_CASE("a file that another command writes, and one that is not ours, is not written over") {
  const Scratch scratch;
  const fs::path file = scratch / ".b.sql.partial";
  {
    CompressedWriter first({file}, Compression::none);
    first.write("first");
    CHECK_THROWS_AS(CompressedWriter({file}, Compression::none), Error);
    CHECK(fs::exists(file));
  }
  CHECK_FALSE(fs::exists(file));  // it was not finished
  writeFile(file, "left by a command that was killed");
  {
    CompressedWriter second({file}, Compression::none);
    second.write("second");
    second.finish();
  }
  CHECK(readFile(file) == "second");
  fs::remove(file);
  writeFile(scratch / "theirs", "theirs");
  fs::create_symlink(scratch / "theirs", file);
  CHECK_THROWS_AS(CompressedWriter({file}, Compression::none), Error);
  CHECK(readFile(scratch / "theirs") == "theirs");
}

TEST_CASE("a backup that cannot be read is a bad backup, with the file's name and what to do") {
  const Scratch scratch;
  fs::permissions(scratch.path(), fs::perms(0755));
  const fs::path all = scratch / "backups";
  fs::create_directories(all / "closed/inner");
  writeFile(all / "old.sql", dumpHead("") + trailer);
  // What an account without rights is told.
  const auto told = [&](const std::function<void()>& action) {
    return inChild([&] {
      if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 1;
      try {
        action();
      } catch (const Error& e) {
        std::fputs((std::string(e.what()) + "; " + e.remedy()).c_str(), stdout);
        std::fflush(stdout);
        return static_cast<int>(e.code());
      }
      return 0;
    });
  };
  const auto newest = [&] { newestBackup(all, Version::parse("9.7.4")); };
  const auto mode = [](const fs::path& path, mode_t bits) { REQUIRE(chmod(path.c_str(), bits) == 0); };
  const auto isTold = [](const Told& result, const fs::path& path) {
    INFO(result.out);
    CHECK(result.code == 9);
    CHECK_THAT(result.out, Catch::Contains(path.string()) && Catch::Contains("cannot be read") &&
                               Catch::Contains("let this user read it"));
  };
  CHECK(told(newest).code == 0);
  SECTION("a directory of backups") {
    mode(all, 0);
    CHECK(told([&] { CHECK(holdsBackups(all)); }).code == 0);
    isTold(told(newest), all);
  }
  SECTION("one of the backups in it") {
    mode(all / "closed", 0);
    isTold(told(newest), all / "closed");
    mode(all / "closed", 0755);
    mode(all / "old.sql", 0);
    CHECK(told(newest).code == 9);
  }
  SECTION("one directory") {
    mode(all / "closed", 0711);
    isTold(told([&] { inspectBackup(all / "closed"); }), all / "closed");
    mode(all / "closed", 0755);
  }
  mode(all, 0755);
  mode(all / "closed", 0755);
}

TEST_CASE("what is no file does not keep the newest backup from being found") {
  const Scratch scratch;
  writeFile(scratch / "good.sql", dumpHead("") + trailer);
  fs::create_symlink("loop", scratch / "loop");
  fs::create_symlink("nowhere", scratch / "dangling");
  fs::create_directory(scratch / "directory");
  fs::create_symlink("loop", scratch / "directory/loop");
  REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  CHECK(newestBackup(scratch.path(), Version::parse("9.7.4")).facts.path == scratch / "good.sql");
  CHECK_FALSE(holdsBackups(scratch / "loop"));
  CHECK_FALSE(holdsBackups(scratch / std::string(300, 'x')));
}
