#include "base/text.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const char* const otherEngines[] = {
    "CREATE DATABASE engines",
    "USE engines",
    "CREATE TABLE my (id INT, t TEXT, FULLTEXT KEY (t)) ENGINE=MyISAM",
    "INSERT INTO my VALUES (1,'a'),(1,'a'),(NULL,NULL)",
    "CREATE TABLE part_one (id INT, KEY (id)) ENGINE=MyISAM",
    "CREATE TABLE part_two LIKE part_one",
    "CREATE TABLE all_parts (id INT, KEY (id)) ENGINE=MERGE UNION=(part_one, part_two) INSERT_METHOD=LAST",
    "INSERT INTO part_one VALUES (1),(2)",
    "INSERT INTO all_parts VALUES (3)",
    "CREATE TABLE arch (id INT AUTO_INCREMENT, b BLOB, KEY (id)) ENGINE=ARCHIVE",
    "INSERT INTO arch VALUES (1, x'00ff'),(2, NULL)",
    "CREATE TABLE csv (i INT NOT NULL, t TEXT NOT NULL) ENGINE=CSV",
    "INSERT INTO csv VALUES (1, 'a,\"b\"'), (2, '')",
    "CREATE TABLE mem (id INT PRIMARY KEY) ENGINE=MEMORY",
    "INSERT INTO mem VALUES (1)",
    "CREATE TABLE hole (id INT) ENGINE=BLACKHOLE",
};

void verifiesEqual(const StagingBed& bed) {
  bed.run("status");  // writes the bed's YAML file
  const Finished verify = run({.argv = {binDir() + "/dlpx-mysql-backup", "verify", "--config",
                                        bed.file("staging.yaml").string(), "--json"},
                               .environment = {{"DLPX_MYSQL_REGISTRY", bed.file("registry").string()}}});
  INFO(verify.out << verify.err);
  CHECK(verify.exitCode == 0);
}

}  // namespace

TEST_CASE(
    "tables of other engines make auto copy, clone refuse by their names, and arrive by each other method") {
  StagingBed bed(
      {.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON", "plugin-load-add=mysql_clone.so"}});
  Session source = bed.source.root();
  for (const char* const statement : otherEngines) source.execute(std::string_view(statement));
  const Json refused = bed.expect(20, "init", {"--method", "clone"});
  for (const char* const name : {"engines.my (MyISAM)", "engines.arch (ARCHIVE)", "engines.csv (CSV)",
                                 "engines.mem (MEMORY)", "engines.all_parts (MRG_MYISAM)"})
    CHECK_THAT(refused.dump(), Catch::Contains(name));
  CHECK_FALSE(fs::exists(bed.mount() / "data"));
  for (const std::string method : {"auto", "dump", "file"}) {
    INFO(method);
    std::vector<std::string> flags{"--method", method};
    if (method == "file") {
      dump(bed.source, bed.file("all.sql"));
      flags.insert(flags.end(), {"--backup", bed.file("all.sql").string()});
    }
    const Json result = bed.expect(0, "init", flags);
    CHECK(result["staging"]["method"] == (method == "auto" ? "copy" : method));
    verifiesEqual(bed);
    source.execute("INSERT INTO engines.my VALUES (9, 'later')");
    source.execute("INSERT INTO engines.all_parts VALUES (9)");
    bed.catchUp();
    CHECK(bed.staging().number("SELECT COUNT(*) FROM engines.all_parts") ==
          source.number("SELECT COUNT(*) FROM engines.all_parts"));
    bed.expect(0, "remove");
  }
}
