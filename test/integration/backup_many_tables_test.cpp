#include "base/text.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

constexpr int tables = 1000;

// Every tenth table has rows, every fiftieth refers to the one before.
void createMany(Session& source) {
  source.execute("CREATE DATABASE many");
  for (int i = 1; i <= tables; ++i) {
    const std::string name = "many.t" + std::to_string(i);
    const std::string refers =
        i % 50 == 0 ? ", FOREIGN KEY (v) REFERENCES many.t" + std::to_string(i - 10) + " (id)" : "";
    source.execute("CREATE TABLE " + name + " (id INT PRIMARY KEY, v INT, KEY (v)" + refers + ")");
    if (i % 10 == 0) source.execute("INSERT INTO " + name + " VALUES (1, 1), (2, 1), (3, NULL)");
  }
}

}  // namespace

// Less room for open tables than there are tables, and none of them open: what a source of many tables has
// just after its start.
TEST_CASE("a source of 1,000 tables that no one has opened is copied, and restored from a dump") {
  StagingBed bed({.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON", "sync-binlog=0",
                              "innodb-flush-log-at-trx-commit=0", "table-open-cache=200",
                              "table-definition-cache=400", "innodb-open-files=100"}});
  Session creator = bed.source.root();
  createMany(creator);
  dump(bed.source, bed.file("all.sql"));
  bed.source.stop();
  bed.source.start();
  Session source = bed.source.root();
  int rows = 3;
  for (const std::vector<std::string>& way : {std::vector<std::string>{"--method", "copy"},
                                              {"--method", "file", "--backup", bed.file("all.sql")}}) {
    INFO(join(way, " "));
    bed.expect(0, "init", way);
    const Finished verify = bed.backup("verify");
    INFO(verify.out << verify.err);
    CHECK(verify.exitCode == 0);
    CHECK(Json::parse(verify.out)["tables"].get<int>() >= tables);
    source.execute("INSERT INTO many.t1000 VALUES (?, 2)", ++rows);
    bed.catchUp();
    CHECK(bed.staging().number("SELECT COUNT(*) FROM many.t1000") == static_cast<uint64_t>(rows));
    bed.expect(0, "remove");
  }
}
