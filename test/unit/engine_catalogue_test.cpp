#include "engine/catalogue.h"

#include <map>

#include "base/error.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

// As the first version of the schema was made and filled.
constexpr const char* kFirstVersion[] = {
    "CREATE TABLE pool (name TEXT PRIMARY KEY, kind TEXT NOT NULL, root TEXT NOT NULL, image TEXT NOT NULL,"
    " identity TEXT NOT NULL)",
    "CREATE TABLE object (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " state TEXT NOT NULL, pending TEXT NOT NULL, pool TEXT NOT NULL REFERENCES pool(name),"
    " parent INTEGER REFERENCES object(id), origin INTEGER REFERENCES snapshot(id),"
    " port INTEGER NOT NULL UNIQUE, server_id INTEGER NOT NULL UNIQUE, settings TEXT NOT NULL,"
    " source_config TEXT NOT NULL, created TEXT NOT NULL)",
    "CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, object INTEGER NOT NULL REFERENCES "
    "object(id),"
    " name TEXT NOT NULL, origin INTEGER REFERENCES snapshot(id), details TEXT NOT NULL, created TEXT NOT "
    "NULL,"
    " removing INTEGER NOT NULL DEFAULT 0, UNIQUE(object, name))",
    "INSERT INTO pool VALUES ('default', 'btrfs', '/srv/pool', '/srv/pool.img', 'abc')",
    "INSERT INTO object VALUES (1, 'shop', 'dsource', 'enabled', 'none', 'default', NULL, NULL, 3306, 7,"
    " '{\"parameters\":{},\"hooks\":{}}', '', '2026-01-31T13:45:00Z')",
    "PRAGMA user_version = 1"};

}  // namespace

TEST_CASE("a catalogue of the first version is brought up to date with all that it holds") {
  const test::Scratch home;
  const fs::path file = home / "catalogue.db";
  {
    Database old(file);
    for (const char* statement : kFirstVersion) old.execute(statement);
  }
  PoolConfig zfs;
  zfs.name = "tank";
  zfs.kind = PoolKind::zfs;
  zfs.root = "/srv/tank";
  zfs.dataset = "tank/mysql";
  {
    Catalogue catalogue(file);
    CHECK(catalogue.pool("default").image == "/srv/pool.img");
    CHECK(catalogue.pool("default").id == "abc");
    CHECK(catalogue.pool("default").dataset.empty());
    CHECK(catalogue.object("shop").port == 3306);
    catalogue.addPool(zfs);
  }
  CHECK(Catalogue(file).pool("tank").dataset == "tank/mysql");
  CHECK(integerOf(Database(file).query("PRAGMA user_version").at(0).at(0)) == 2);
}

TEST_CASE("a copy of a catalogue is up to date, and the file and what lies beside it stay as they were") {
  const test::Scratch home;
  const fs::path file = home / "catalogue.db";
  const auto content = [&] {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(home.path()))
      all[entry.path()] = entry.path().extension() == ".db-shm" ? "" : readFile(entry.path());
    return all;
  };
  {
    Database old(file);
    for (const char* statement : kFirstVersion) old.execute(statement);
  }
  const auto looked = [&] {
    Catalogue copy(file, Database::Use::copy);
    const auto before = content();
    PoolConfig more = copy.pool("default");
    more.name = "more";
    copy.addPool(more);
    return copy.object("shop").port == 3306 && copy.pools().size() == 2 && content() == before;
  };
  SECTION("as it is usually") {
    const auto before = content();
    CHECK(before.size() == 1);
    CHECK(looked());
    CHECK(content() == before);
  }
  SECTION("with a log that a killed process has left") {
    fs::create_directory(home / "killed");
    Database other(file);
    other.execute("UPDATE object SET port = 3307");
    for (const char* part : {"", "-wal"})
      fs::copy_file(file.string() + part, (home / "killed/catalogue.db").string() + part);
    const auto walOf = [&] { return readFile(home / "killed/catalogue.db-wal"); };
    const std::string wal = walOf(), main = readFile(home / "killed/catalogue.db");
    CHECK(Catalogue(home / "killed/catalogue.db", Database::Use::copy).object("shop").port == 3307);
    CHECK(walOf() == wal);
    CHECK(readFile(home / "killed/catalogue.db") == main);
  }
  SECTION("while another has it open") {
    Database other(file);
    other.execute("UPDATE object SET port = 3306");
    const auto before = content();
    CHECK(looked());
    CHECK(content() == before);
  }
  SECTION("a missing one is empty and is not made") {
    fs::remove(file);
    CHECK(Catalogue(file, Database::Use::copy).objects().empty());
    CHECK(content().empty());
  }
}

TEST_CASE("a catalogue that a newer version wrote is refused and not touched") {
  const test::Scratch home;
  const fs::path file = home / "catalogue.db";
  Database(file).execute("PRAGMA user_version = 99");
  try {
    const Catalogue catalogue(file);
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::storage);
    CHECK(error.remedy().find("newer") != std::string::npos);
  }
  CHECK(Database(file).query("SELECT name FROM sqlite_schema").empty());
}
