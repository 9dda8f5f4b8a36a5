#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "mysql/session.h"
#include "process/proc.h"
#include "server/instance.h"
#include "server/server_options.h"
#include "support/catch.h"
#include "support/instance_bed.h"
#include "support/mysql_server.h"
#include "support/pool_storage.h"

using namespace dlpx;

namespace {

std::set<std::string> pipesOf(pid_t pid) {
  std::set<std::string> pipes;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (startsWith(target, "pipe:")) pipes.insert(target);
  }
  return pipes;
}

}  // namespace

TEST_CASE(
    "an instance is initialised with its account, starts, answers, and stops with nothing left on the "
    "mount") {
  test::InstanceBed fixture;
  const Instance& instance = fixture.instance;
  CHECK(instance.state() == InstanceState::stopped);
  fixture.initialise();
  instance.start({});
  CHECK(instance.state() == InstanceState::running);
  Session session = instance.connect("manager", fixture.password());
  CHECK(session.value("SELECT @@datadir") == (fixture.mount.data().string() + "/"));
  CHECK(session.value("SELECT @@server_id") == "4711");
  CHECK_NOTHROW(instance.start({}));  // a second start finds it running
  CHECK(Instance::on(fixture.mount)->state() == InstanceState::running);
  CHECK(readFile(fixture.mount.optionFile()).find("pa'ss") == std::string::npos);
  instance.stop(Deadline::in(Seconds(60)));
  CHECK(instance.state() == InstanceState::stopped);
  CHECK(processesUsing(fixture.mount.root()).empty());
  CHECK_NOTHROW(instance.stop(Deadline::in(Seconds(1))));
}

TEST_CASE("a refused init statement stops the server and tells its words") {
  test::InstanceBed fixture;
  fixture.initialise();
  try {
    fixture.instance.start(
        {.options = {"--offline-mode=ON"},
         .initStatements =
             "CREATE USER a@localhost;\nSELECT * FROM nowhere.nothing;\nCREATE USER b@localhost;\n",
         .onInitFailure = ExitCode::unsafeClone});
    FAIL("the start was reported as a success");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::unsafeClone);
    CHECK_THAT(e.what(), Catch::Contains("nowhere"));
  }
  CHECK(fixture.instance.state() == InstanceState::stopped);
  CHECK(processesUsing(fixture.mount.root()).empty());
}

TEST_CASE("a port that somebody else holds is told with its holder, and nothing is started or touched") {
  test::InstanceBed fixture;
  fixture.initialise();
  InstanceFacts other = fixture.instance.facts();
  const test::MysqlServer holder({.version = "9.7"});
  other.port = holder.port();
  const Instance instance(fixture.mount, other);
  CHECK(instance.state() == InstanceState::foreign);
  try {
    instance.start({});
    FAIL("it started");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::serverStart);
    CHECK_THAT(e.what(), Catch::Contains("port " + std::to_string(holder.port()) + " is taken by"));
  }
  CHECK_NOTHROW(instance.stop(Deadline::in(Seconds(5))));
  CHECK(instance.state() == InstanceState::foreign);
}

TEST_CASE("a server that was killed looks crashed, and its next start recovers") {
  test::InstanceBed fixture;
  fixture.initialise();
  fixture.instance.start({});
  REQUIRE(killProcess(*fixture.instance.process(), Deadline::in(Seconds(10))));
  CHECK(fixture.instance.state() == InstanceState::crashed);
  fixture.instance.start({});
  CHECK(fixture.instance.state() == InstanceState::running);
}

TEST_CASE("an unknown setting fails the start with the server's own words") {
  test::InstanceBed fixture;
  fixture.initialise();
  writeOptionFile(fixture.instance, {.chosen = {{"no_such_setting", "1"}}});
  try {
    fixture.instance.start({});
    FAIL("it started");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::serverStart);
    CHECK_THAT(e.what(), Catch::Contains("no_such_setting"));
  }
}

TEST_CASE("a server that fills its disk while it starts is told as such, and starts when it needs less") {
  const test::PoolStorage disk("copy");
  makeDirectory(disk.config().root, {0755, std::nullopt});
  test::InstanceBed fixture(disk.config().root / "mount");
  fixture.initialise();
  try {
    fixture.instance.start({.options = {"--innodb-temp-data-file-path=ibtmp1:400M:autoextend"}});
    FAIL("the start was reported as a success");
  } catch (const Error& e) {
    INFO(e.what());
    CHECK(e.code() == ExitCode::noSpace);
    CHECK(e.remedy().find("free space") != std::string::npos);
  }
  CHECK(processesUsing(fixture.mount.root()).empty());
  CHECK_NOTHROW(fixture.instance.start({}));
}

TEST_CASE("a started server holds no descriptor of ours but its emptied init statements") {
  test::InstanceBed fixture;
  fixture.initialise();
  const UniqueFd held = openFile("/etc/hostname", O_RDONLY);
  int pipeEnds[2];
  REQUIRE(pipe(pipeEnds) == 0);  // without close-on-exec
  const UniqueFd readEnd(pipeEnds[0]);
  const UniqueFd writeEnd(pipeEnds[1]);
  fixture.instance.start({.initStatements = "SELECT 'some secret';\n"});
  const pid_t pid = fixture.instance.process()->pid;
  const std::set<std::string> ours = pipesOf(getpid());  // mysqld has pipes of its own
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    CHECK_FALSE(target == "/etc/hostname");
    CHECK(ours.count(target) == 0);
    if (target.find("memfd:dlpx-init") != std::string::npos) CHECK(readFile(entry.path()).empty());
  }
}
