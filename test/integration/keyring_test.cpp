// Encryption at rest: real encrypted sources, staging of them, and VDBs, each with a keyring of its own.

#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "server/keyring.h"
#include "staging_support.h"
#include "support/catch.h"
#include "support/tools.h"
#include "support/vdb_parent.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> everythingEncrypted = {
    "gtid-mode=ON",
    "enforce-gtid-consistency=ON",
    "plugin-load-add=mysql_clone.so",
    "innodb-redo-log-encrypt=ON",
    "innodb-undo-log-encrypt=ON",
    "binlog-encryption=ON",
    "default-table-encryption=ON",
    "table-encryption-privilege-check=ON",
    "event-scheduler=OFF",
};

const std::string secret = "unreadableWithoutKeys", open = "readableByAnybody";

void execute(Session& session, const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) session.execute(std::string_view(statement));
}

void createSecrets(Session& root) {
  execute(root, {"ALTER TABLESPACE mysql ENCRYPTION = 'Y'", "CREATE DATABASE vault",
                 "CREATE TABLE vault.secrets (id INT AUTO_INCREMENT PRIMARY KEY, what TEXT)",
                 "CREATE TABLE vault.open (what TEXT) ENCRYPTION = 'N'",
                 "INSERT INTO vault.secrets (what) VALUES (REPEAT('" + secret + "', 100))",
                 "INSERT INTO vault.open VALUES (REPEAT('" + open + "', 100))"});
}

void createGeneralTablespace(Session& root) {
  execute(root, {"CREATE TABLESPACE safe ADD DATAFILE 'safe.ibd' ENCRYPTION = 'Y'",
                 "CREATE TABLE vault.shared (what TEXT) TABLESPACE = safe ENCRYPTION = 'Y'",
                 "INSERT INTO vault.shared VALUES (REPEAT('" + secret + "', 100))"});
}

// The files below `tree` that hold the text.
std::vector<std::string> filesWith(const fs::path& tree, const std::string& text) {
  std::vector<std::string> found;
  walk(tree, [&](const fs::directory_entry& entry) {
    if (entry.is_regular_file() && !entry.is_symlink() &&
        readFile(entry.path()).find(text) != std::string::npos)
      found.push_back(entry.path().lexically_relative(tree));
  });
  std::sort(found.begin(), found.end());
  return found;
}

Keyring keysOf(const fs::path& file) {
  return Keyring::read(file, ExitCode::internal);
}

void isPrivate(const fs::path& file) {
  struct stat facts = {};
  REQUIRE(stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0600);
  CHECK(facts.st_uid == ownerOf(file.parent_path()).uid);
  CHECK(fs::status(file.parent_path()).permissions() == fs::perms::owner_all);
}

std::string contractItem(const Json& report, size_t item) {
  return report["report"]["contract"][item - 1]["done"].dump();
}

// Follows, also into what was made encrypted after the ingestion, and nothing of it can be read from files.
void followsEncrypted(const StagingBed& bed) {
  Session source = bed.source.root();
  const std::string later = "CREATE TABLE vault.later" + std::to_string(source.number("SELECT UUID_SHORT()"));
  execute(source, {later + " (what TEXT) ENCRYPTION = 'Y'",
                   "INSERT INTO vault.secrets (what) VALUES (REPEAT('" + secret + "', 100))"});
  bed.catchUp();
  Session staging = bed.staging();
  CHECK(staging.number("SELECT COUNT(*) FROM vault.secrets") ==
        source.number("SELECT COUNT(*) FROM vault.secrets"));
  CHECK(realDifferences(source, staging) == std::vector<std::string>{});
  for (const char* name : {"innodb_redo_log_encrypt", "innodb_undo_log_encrypt", "binlog_encryption",
                           "default_table_encryption"})
    CHECK(staging.variable(name) == "ON");
  CHECK(staging.value("SELECT encryption FROM information_schema.innodb_tablespaces WHERE name = 'mysql'") ==
        "Y");
  bed.expect(0, "pre-snapshot");
  CHECK(filesWith(bed.mount(), secret).empty());
  const auto readable = filesWith(bed.mount() / "data", open);
  CHECK(std::count(readable.begin(), readable.end(), "vault/open.ibd") ==
        1);  // so the search finds what is there
  bed.expect(0, "post-snapshot");
}

}  // namespace

TEST_CASE("an encrypted source becomes staging with a keyring of its own, by clone, copy, dump and file") {
  StagingBed bed({.options = everythingEncrypted, .keyring = true});
  {
    Session root = bed.source.root();
    createSecrets(root);
  }
  const fs::path onMount = bed.mount() / "keyring" / "component_keyring_file";
  const Json check = bed.expect(0, "check");
  CHECK_THAT(check.dump(), Catch::Contains("staging gets a keyring of its own"));
  for (const std::string method : {"clone", "copy", "dump"}) {
    INFO(method);
    bed.expect(0, "init", {"--method", method});
    followsEncrypted(bed);
    isPrivate(onMount);
    for (const std::string& key : keysOf(bed.source.keyring()).ids()) CHECK_FALSE(keysOf(onMount).has(key));
    if (method == "clone") {
      bed.expect(0, "stop");
      fs::rename(onMount, onMount.string() + ".away");
      CHECK_THAT(bed.expect(3, "start")["message"].get<std::string>(), Catch::Contains("is missing"));
      fs::rename(onMount.string() + ".away", onMount);
      bed.expect(0, "start");
    }
    bed.expect(0, "remove");
    CHECK_FALSE(fs::exists(onMount));
  }

  const Json plain = bed.expect(20, "init", {"--method", "clone", "--source-ssl-mode", "disabled"});
  CHECK_THAT(plain.dump(), Catch::Contains("does not use TLS"));

  // A cold directory brings the source's own master key into its pages: its keyring is needed.
  bed.source.stop();
  runChecked({.argv = {"cp", "-a", bed.source.dataDir().string(), bed.file("cold").string()}},
             ExitCode::internal, "cp failed");
  bed.source.start();
  std::vector<std::string> flags = {"--method", "file", "--backup", bed.file("cold").string()};
  CHECK_THAT(bed.expect(20, "init", flags)["message"].get<std::string>(),
             Catch::Contains("encrypted with the master key INNODBKey-"));
  flags.insert(flags.end(), {"--keyring", bed.file("other").string()});
  CHECK_THAT(bed.expect(20, "init", flags)["message"].get<std::string>(), Catch::Contains("is missing"));
  writeFile(bed.file("other"), "nonsense");
  CHECK_THAT(bed.expect(20, "init", flags)["message"].get<std::string>(), Catch::Contains("is no keyring"));
  writeFile(bed.file("other"), "");
  CHECK_THAT(bed.expect(20, "init", flags)["remedy"].get<std::string>(), Catch::Contains("--keyring"));
  CHECK_THAT(
      bed.expect(20, "init", {"--method", "clone", "--keyring-dir", bed.file("other").string()}).dump(),
      Catch::Contains("other is no directory"));
  CHECK_FALSE(fs::exists(bed.mount() / "data"));
  flags.back() = bed.source.keyring().string();
  flags.insert(flags.end(), {"--keyring-dir", bed.file("keys").string()});
  bed.expect(0, "init", flags);
  followsEncrypted(bed);
  CHECK_FALSE(fs::exists(onMount));
  bed.expect(0, "remove");
  CHECK(fs::is_empty(bed.file("keys")));
}

TEST_CASE(
    "a resync of an encrypted source keeps the keys of the data that it replaces, and leaves none beside") {
  StagingBed bed({.options = everythingEncrypted, .keyring = true});
  {
    Session root = bed.source.root();
    createSecrets(root);
  }
  const fs::path onMount = bed.mount() / "keyring" / "component_keyring_file", outside = bed.file("keys");
  bed.expect(0, "init", {"--method", "clone"});
  const auto first = keysOf(onMount).ids();
  mark(bed.staging());

  // The new server is complete, and then cannot listen there: the old data comes back and can be read.
  bed.expect(3, "resync", {"--method", "copy", "--bind-address", "203.0.113.77"});
  CHECK(isMarked(bed.staging()));
  followsEncrypted(bed);

  bed.expect(0, "resync", {"--method", "copy"});
  CHECK_FALSE(isMarked(bed.staging()));
  followsEncrypted(bed);
  const auto second = keysOf(onMount).ids();
  CHECK(keysOf(onMount).missing(first).empty());
  CHECK(second.size() > first.size());
  isPrivate(onMount);
  nothingBeside(bed);
  bed.expect(0, "stop");
  bed.expect(0, "start");

  bed.expect(3, "resync", {"--keyring-dir", outside.string(), "--bind-address", "203.0.113.77"});
  CHECK(keysOf(onMount).missing(second).empty());
  CHECK(fs::is_empty(outside));
  bed.expect(0, "resync", {"--method", "clone", "--keyring-dir", outside.string()});
  followsEncrypted(bed);
  CHECK_FALSE(fs::exists(onMount.parent_path()));
  REQUIRE(std::distance(fs::directory_iterator(outside), fs::directory_iterator()) == 1);
  const fs::path own = fs::directory_iterator(outside)->path() / onMount.filename();
  CHECK(keysOf(own).missing(second).empty());
  isPrivate(own);
  bed.expect(0, "remove");
  CHECK(fs::is_empty(outside));
}

TEST_CASE(
    "a vdb of an encrypted parent has its own copy of the keyring, and without the keys nothing starts") {
  const VdbParent parent({{"innodb-redo-log-encrypt", "ON"},
                          {"innodb-undo-log-encrypt", "ON"},
                          {"binlog-encryption", "ON"},
                          {"default-table-encryption", "ON"}},
                         true);
  const fs::path parentKeys = parent.directory() / "keys" / "keyring";
  {
    Session root = parent.root();
    createSecrets(root);
    createGeneralTablespace(root);
  }
  VdbUnderTest vdb(parent.clone("vdb"));
  const fs::path own = vdb.mount().root() / "keyring" / "component_keyring_file";

  const fs::path aside = parent.directory() / "aside";
  fs::rename(parentKeys, aside);
  const auto refused = [&](const std::vector<std::string>& flags, const std::string& words, int code = 24) {
    const ToolRun run = vdb.provision(flags);
    INFO(run.err);
    CHECK(run.exitCode == code);
    CHECK_THAT(run.message(), Catch::Contains(words));
    CHECK(fs::exists(vdb.mount().data() / "auto.cnf"));  // nothing was touched
    CHECK_FALSE(vdb.hasProcess());
  };
  refused({}, "its keyring is missing");
  const fs::path other = parent.directory() / "other";
  writeFile(other, R"({"version":"1.0","elements":[]})");
  refused({"--keyring", other.string()}, "lacks INNODBKey-");
  writeFile(other, "nonsense");
  refused({"--keyring", other.string()}, "is no keyring");
  const fs::path barred = parent.directory() / "barred";
  makeDirectory(barred, {0600, std::nullopt});
  for (const fs::path& place : {barred, other})
    refused({"--keyring", aside.string(), "--keyring-dir", place.string()},
            "no keyring can lie in " + place.string(), 20);

  const ToolRun made = vdb.provision({"--keyring", aside.string()});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  CHECK_THAT(contractItem(made.result, 7), Catch::Contains(own.string()) && Catch::Contains("0600") &&
                                               Catch::Contains("2 encrypted tables opened"));
  isPrivate(own);
  const auto keysBefore = keysOf(aside).ids();
  {
    Session mine = vdb.connect();
    for (const char* name : {"innodb_redo_log_encrypt", "innodb_undo_log_encrypt", "binlog_encryption",
                             "default_table_encryption"})
      CHECK(mine.variable(name) == "ON");
    execute(mine,
            {"INSERT INTO vault.secrets (what) VALUES (REPEAT('" + secret + "', 100))",
             "CREATE TABLE vault.new (what TEXT)", "INSERT INTO vault.new SELECT what FROM vault.secrets",
             "ALTER INSTANCE ROTATE INNODB MASTER KEY"});
    for (const Row& log : mine.query("SHOW BINARY LOGS")) CHECK(log.text("Encrypted") == "Yes");
  }
  CHECK(keysOf(aside).ids() == keysBefore);  // what the VDB made is in its own
  CHECK(keysOf(own).ids().size() > keysBefore.size());

  CHECK(vdb.tool("stop").exitCode == 0);
  CHECK(filesWith(vdb.mount().root(), secret).empty());
  const auto exported = [&] {
    const fs::path output = parent.directory() / "exported";
    const ToolRun run = vdb.tool("export", {"--output", output.string()});
    CHECK(run.exitCode == 20);
    CHECK_THAT(run.message(), Catch::Contains(own.string()) && Catch::Contains("--logical"));
    return fs::exists(output);
  };
  CHECK_FALSE(exported());  // stopped
  fs::rename(own, own.string() + ".away");
  const ToolRun start = vdb.tool("start");
  CHECK(start.exitCode == 24);
  CHECK_THAT(start.message(), Catch::Contains(own.string() + " is missing"));
  fs::rename(own.string() + ".away", own);
  CHECK(vdb.tool("enable").exitCode == 0);
  CHECK(vdb.connect().number("SELECT COUNT(*) FROM vault.new") == 2);
  CHECK_FALSE(exported());  // running
  // A dump can be read, says so, and is whole again on another server that encrypts.
  const fs::path dump = parent.directory() / "vault.sql";
  const ToolRun logical = vdb.tool("export", {"--logical", "--no-gtids", "--output", dump.string()});
  INFO(logical.err);
  REQUIRE(logical.exitCode == 0);
  CHECK_THAT(logical.result["notes"].dump(), Catch::Contains("can be read in the dump"));
  CHECK(fs::status(dump).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK_THAT(readFile(dump), Catch::Contains(secret));
  MysqlServer restored({.keyring = true});
  restored.root().execute("CREATE TABLESPACE safe ADD DATAFILE 'safe.ibd' ENCRYPTION = 'Y'");
  runChecked({.argv = {(mysqlDirectory() / "9.7/bin/mysql").string(), "--no-defaults", "--user=root",
                       "--socket=" + restored.socket().string()},
              .input = readFile(dump)},
             ExitCode::internal, "mysql");
  {
    Session mine = vdb.connect(), its = restored.root();
    CHECK(differences(mine, its, {"vault"}).empty());
    its.execute("FLUSH TABLES vault.secrets FOR EXPORT");
    its.execute("UNLOCK TABLES");  // takes the .cfg away, which else goes while the files are read
  }
  CHECK(filesWith(restored.dataDir() / "vault", secret).empty());
  CHECK(vdb.tool("remove").exitCode == 0);
}

TEST_CASE("the engine refreshes, rewinds and stacks encrypted vdbs, with keyrings outside of the snapshots") {
  const Shop shop("6G", true);
  {
    Session root = shop.source.root();
    createSecrets(root);
    createGeneralTablespace(root);
  }
  const fs::path keys = shop.host / "keys";
  shop.link("keyring_dir: " + keys.string() + "\n");
  const uint16_t port = freePort(), childPort = freePort();
  shop.provision("dev", port);
  const auto engine = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "dlpx-mysql-engine");
    return shop.host.json(words);
  };
  const auto secrets = [&](uint16_t at) {
    return shop.onVdb(at).number("SELECT COUNT(*) FROM vault.secrets");
  };
  const auto add = [&] {
    shop.onVdb(port).execute("INSERT INTO vault.secrets (what) VALUES ('more')");
    shop.onVdb(port).execute("ALTER INSTANCE ROTATE INNODB MASTER KEY");
  };
  add();
  const std::string first = engine({"snapshot", "dev"})["name"];
  add();
  engine({"rewind", "dev", "--to", first});
  CHECK(secrets(port) == 2);
  std::vector<std::string> child = shop.provisionCommand("child", childPort);
  std::replace(child.begin(), child.end(), std::string("shop"), "dev@" + first);
  shop.host.json(child);
  CHECK(secrets(childPort) == 2);
  CHECK(shop.onVdb(childPort).number("SELECT COUNT(*) FROM vault.shared") == 1);
  shop.source.root().execute("INSERT INTO vault.secrets (what) VALUES ('at the source'), ('twice')");
  REQUIRE(waitUntil(Deadline::in(Seconds(30)),
                    [&] { return shop.onStaging().number("SELECT COUNT(*) FROM vault.secrets") == 3; }));
  const std::string old = engine({"sync", "shop"})["name"];
  engine({"refresh", "dev"});
  CHECK(secrets(port) == 3);
  engine({"rewind", "dev", "--to", first});  // its keys are still there
  CHECK(secrets(port) == 2);
  engine({"disable", "dev"});
  engine({"enable", "dev"});
  CHECK(secrets(port) == 2);
  // A snapshot of the data that a resync has replaced still opens.
  engine({"sync", "shop", "--resync"});
  std::vector<std::string> later = shop.provisionCommand("later", freePort());
  std::replace(later.begin(), later.end(), std::string("shop"), "shop@" + old);
  shop.host.json(later);
  // One for each, and none in what a snapshot holds.
  CHECK(std::distance(fs::directory_iterator(keys), fs::directory_iterator()) == 4);
  walk(shop.host.home(),
       [](const fs::directory_entry& entry) { CHECK(entry.path().filename() != "component_keyring_file"); });
  for (const char* name : {"child", "dev", "later"}) engine({"delete", name});
  // No hook tells that a dSource is deleted: its keyring is left to the operator.
  CHECK(engine({"delete", "shop"})["keyringDir"] == keys.string());
  CHECK(std::distance(fs::directory_iterator(keys), fs::directory_iterator()) == 1);
}
