#include "base/text.h"
#include "staging_support.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

TEST_CASE("an applier stopped by a MEMORY table that a restart of staging emptied names it and the remedy") {
  StagingBed bed({.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON"}});
  Session source = bed.source.root();
  source.execute("CREATE TABLE shop.sessions (id INT PRIMARY KEY, v INT) ENGINE=MEMORY");
  source.execute("INSERT INTO shop.sessions VALUES (1, 1), (2, 2)");
  const Json notes = bed.expect(0, "init", {"--method", "copy"})["notes"];
  CHECK_THAT(notes.dump(), Catch::Contains("shop.sessions") && Catch::Contains("stops replication"));
  source.execute("UPDATE shop.sessions SET v = 2 WHERE id = 1");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.sessions") == 2);

  bed.expect(0, "stop");
  bed.expect(0, "start");
  source.execute("INSERT INTO shop.sessions VALUES (3, 3)");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.sessions") == 1);
  CHECK(bed.backup("verify").exitCode == 0);
  source.execute("DELETE FROM shop.sessions WHERE id = 1");
  const std::string set = replaceAll(source.variable("gtid_executed"), "\n", "");
  const auto namesIt = [](const Json& told) {
    CHECK_THAT(told["remedy"].get<std::string>(),
               Catch::Contains("shop.sessions is a MEMORY table") && Catch::Contains("IDEMPOTENT"));
  };
  namesIt(bed.expect(22, "replication wait", {"--for-gtid", set}));
  const Json status = bed.expect(0, "status")["replication"];
  CHECK(status["errorNumber"] == 1032);
  CHECK_THAT(status["error"].get<std::string>(),
             Catch::Contains("Delete_rows event on table shop.sessions;"));
  namesIt(status);
  CHECK(status["needsResync"] == true);
  namesIt(bed.expect(22, "worker"));

  // Without the rows, as a resync ends with a restart, too.
  writeFile(bed.file("my.cnf"), "[mysqld]\nreplica_exec_mode = IDEMPOTENT\n");
  bed.expect(0, "resync", {"--my-cnf", bed.file("my.cnf").string()});
  source.execute("UPDATE shop.sessions SET v = 4 WHERE id = 2");
  source.execute("DELETE FROM shop.sessions WHERE id = 3");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.sessions") == 0);

  // A row that is missing in another table is not explained so.
  source.execute("INSERT INTO shop.audit (what) VALUES ('one')");
  bed.catchUp();
  {
    Session staging = bed.staging();
    staging.execute("SET GLOBAL super_read_only = 0");
    staging.execute("SET GLOBAL replica_exec_mode = 'STRICT'");
    staging.execute("SET SESSION sql_log_bin = 0");
    staging.execute("DELETE FROM shop.audit");
    staging.execute("SET GLOBAL super_read_only = 1");
  }
  source.execute("DELETE FROM shop.audit");
  const std::string later = replaceAll(source.variable("gtid_executed"), "\n", "");
  const Json other = bed.expect(22, "replication wait", {"--for-gtid", later});
  CHECK_THAT(other["message"].get<std::string>(), Catch::Contains("on table shop.audit;"));
  CHECK_THAT(other["remedy"].get<std::string>(), !Catch::Contains("MEMORY"));
}
