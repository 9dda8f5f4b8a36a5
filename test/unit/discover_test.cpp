#include <unistd.h>

#include <algorithm>

#include "base/json_full.h"
#include "base/text.h"
#include "server/discover_installations.h"
#include "server/discover_instances.h"
#include "server/instance.h"
#include "server/registry.h"
#include "staging/discover.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

const char* const answers =
    "#!/bin/sh\necho 'mysqld  Ver 8.0.36 for Linux on x86_64 (Source distribution)'\n";

// A host of the test's own: nothing but what the test puts there.
class FakeHost {
 public:
  FakeHost() { places.root = scratch_.path(); }

  fs::path operator/(const fs::path& name) const { return scratch_ / name; }
  fs::path file(const fs::path& name, const std::string& content, mode_t mode = 0644) const {
    fs::create_directories((scratch_ / name).parent_path());
    writeFile(scratch_ / name, content, {mode, std::nullopt});
    return scratch_ / name;
  }
  fs::path mysqld(const fs::path& basedir, const std::string& script = answers) const {
    return file(basedir / "bin/mysqld", script, 0755);
  }
  fs::path dataDir(const fs::path& name) const {
    fs::create_directories(scratch_ / name);
    return scratch_ / name;
  }
  ProcessFacts server(const fs::path& mysqld, const fs::path& directory,
                      std::vector<std::string> arguments = {}) {
    ProcessFacts facts;
    facts.pid = 4000 + static_cast<pid_t>(places.servers.size());
    facts.executable = mysqld;
    facts.directory = directory;
    arguments.insert(arguments.begin(), mysqld);
    facts.argv = arguments;
    places.servers.push_back(facts);
    return facts;
  }
  // "datadir port state" of each, the data directory below the root.
  std::vector<std::string> instances(const fs::path& basedir = {}) const {
    std::vector<std::string> lines;
    for (const DiscoveredInstance& each : discoverInstances(places).instances) {
      if (!isOf(each, basedir)) continue;
      lines.push_back(each.dataDir.lexically_relative(scratch_.path()).string() + " " + each.port +
                      (each.running ? " running" : " stopped"));
    }
    return lines;
  }
  // As above with what each is to us.
  std::vector<std::string> instancesAndRoles() const {
    std::vector<std::string> lines = instances();
    const auto found = discoverInstances(places).instances;
    for (size_t i = 0; i < lines.size(); ++i) lines.at(i) += " " + found.at(i).role;
    return lines;
  }
  std::string leftOut() const { return join(discoverInstances(places).leftOut, "\n"); }

  DiscoveryPlaces places;

 private:
  test::Scratch scratch_;
};

std::string problemOf(const std::vector<Candidate>& found, const fs::path& mysqld) {
  for (const Candidate& candidate : found) {
    if (candidate.mysqld == mysqld) return candidate.problem;
  }
  return "not listed";
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a host without MySQL has no repositories and no source configs, which is no error") {
  FakeHost host;
  host.places.path = {host / "bin", host / "not-there"};
  host.places.searchPath = {host / "not-there", host / "not-there.cnf"};
  host.places.home = host / "root";
  CHECK(discoverRepositories(host.places).json == Json::array());
  const DiscoveredInstances found = discoverInstances(host.places);
  CHECK(found.instances.empty());
  CHECK(found.leftOut.empty());
  CHECK(discoverSourceConfigs("", host.places).json == Json::array());
}

TEST_CASE(
    "installations are found in PATH, the search path, the usual places and by running servers, once each") {
  FakeHost host;
  host.places.path = {host.mysqld("in-path").parent_path()};
  host.places.searchPath = {host.mysqld("searched").parent_path().parent_path()};
  host.mysqld("usr/local/mysql-8.4");
  host.file("usr/sbin/mysqld", answers, 0755);
  host.server(host.mysqld("runs"), host.dataDir("data"));
  host.server(host / "runs/bin/mysqld", host.dataDir("more-data"));
  fs::create_directories(host / "opt");
  fs::create_directory_symlink(host / "searched", host / "opt/mysql");
  std::vector<std::string> found;
  for (const Candidate& each : discoverInstallations(host.places, Deadline::in(Seconds(60)))) {
    REQUIRE(each.installation);
    CHECK(each.installation->version.text() == "8.0.36");
    found.push_back(fs::relative(each.installation->basedir, host / "."));
  }
  std::sort(found.begin(), found.end());
  CHECK(found == Lines{"in-path", "runs", "searched", "usr", "usr/local/mysql-8.4"});
}

TEST_CASE("a program that is no MySQL server is reported, not used") {
  FakeHost host;
  const fs::path script = host.mysqld("script", "#!/bin/sh\necho hello\n");
  const fs::path maria =
      host.mysqld("maria", "#!/bin/sh\necho 'mysqld  Ver 10.11.6-MariaDB for debian-linux-gnu'\n");
  const fs::path plain = host.file("plain/bin/mysqld", answers, 0644);
  const fs::path fails = host.mysqld("fails", "#!/bin/sh\necho no libaio >&2\nexit 127\n");
  const fs::path foreign = host.mysqld("foreign",
                                       "\x7f"
                                       "ELF of another machine");
  const fs::path good = host.mysqld("good");
  for (const char* name : {"script", "maria", "plain", "fails", "foreign", "good"})
    host.places.searchPath.push_back(host / name);
  const auto found = discoverInstallations(host.places, Deadline::in(Seconds(60)));
  CHECK_THAT(problemOf(found, script), Catch::Contains("version"));
  CHECK_THAT(problemOf(found, maria), Catch::Contains("MariaDB"));
  CHECK_THAT(problemOf(found, plain), Catch::Contains("executed"));
  CHECK_THAT(problemOf(found, fails), Catch::Contains("no libaio"));
  CHECK_THAT(problemOf(found, foreign), Catch::Contains("foreign/bin/mysqld"));
  CHECK(problemOf(found, good).empty());
  CHECK(discoverRepositories(host.places).json.size() == 1);
}

TEST_CASE("binaries that hang are asked at the same time, killed with their children, and reported") {
  FakeHost host;
  // Ignores SIGTERM, and has a child of its own.
  const std::string hangs =
      "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $! >" + (host / "child").string() + "\nwait\n";
  const fs::path first = host.mysqld("first", hangs);
  const fs::path second = host.mysqld("second", "#!/bin/sh\nexec sleep 1000\n");
  host.mysqld("good");
  host.places.searchPath = {host / "first", host / "second", host / "good"};
  const auto found = discoverInstallations(host.places, Deadline::in(Seconds(5)));
  CHECK_THAT(problemOf(found, first), Catch::Contains("in time"));
  CHECK_THAT(problemOf(found, second), Catch::Contains("in time"));
  CHECK(problemOf(found, host / "good/bin/mysqld").empty());
  const auto child = lookAtProcess(std::stoi(readFile(host / "child")));
  CHECK((!child || waitUntil(Deadline::in(Seconds(10)), [&] { return !isAlive(*child); })));
}

TEST_CASE("a binary that prints without an end is killed long before it fills the memory, and reported") {
  FakeHost host;
  const fs::path endless = host.mysqld("endless", "#!/bin/sh\nexec yes 'Ver 8.0.36'\n");
  const fs::path much = host.mysqld("much", "#!/bin/sh\nexec head -c 1000000 /dev/zero\n");
  host.places.searchPath = {host / "endless", host / "much"};
  // Without a limit the first would be read for all of the deadline.
  const auto found = discoverInstallations(host.places, Deadline::in(Seconds(600)));
  CHECK_THAT(problemOf(found, endless), Catch::Contains("more than a few words"));
  CHECK_THAT(problemOf(found, much), Catch::Contains("more than a few words"));
}

TEST_CASE("each binary is asked while the others still think") {
  FakeHost host;
  const Lines names = {"a", "b", "c", "d"};
  // None answers before all have been asked: one after the other would never end.
  std::string script = "#!/bin/sh\n: >\"$0.asked\"\nuntil ";
  for (const std::string& name : names)
    script += "[ -e " + (host / name).string() + "/bin/mysqld.asked ] && ";
  script += "true; do sleep 0.02; done\necho 'mysqld  Ver 8.0.36'\n";
  for (const std::string& name : names) {
    host.mysqld(name, script);
    host.places.searchPath.push_back(host / name);
  }
  for (const Candidate& each : discoverInstallations(host.places, Deadline::in(Seconds(60)))) {
    INFO(each.problem);
    CHECK(each.installation);
  }
}

TEST_CASE("every server that option files configure is listed, with its own port and socket") {
  FakeHost host;
  for (const char* name : {"data/main", "data/two", "data/named", "data/series"}) host.dataDir(name);
  const std::string root = (host / "").string();
  host.file("etc/my.cnf", "[client]\nport=1\n[mysqld]\nport=3310\nsocket=/run/main.sock\n!includedir " +
                              root + "etc/my.cnf.d\n[mysqld_multi]\nuser=x\n");
  host.file("etc/my.cnf.d/paths.cnf", "[mysqld]\ndatadir=" + root + "data/main\n");
  host.file("etc/my.cnf.d/readme.txt", "not an option file");
  host.file("etc/mysql/my.cnf",
            "[mysqld2]\ndatadir=" + root + "data/two\nport=3312\n[mysqld@named]\nloose-datadir=" + root +
                "data/named\nport=0\n[mysqld-8.4]\ndatadir=" + root + "data/series\nport = 3313 # comment\n" +
                "[mysqld3]\nport=3399\n[mysqlx2]\ndatadir=" + root + "data\n");
  CHECK(host.instances() == Lines{"data/main 3310 stopped", "data/series 3313 stopped",
                                  "data/two 3312 stopped", "data/named 3306 stopped"});
  const auto found = discoverInstances(host.places).instances;
  CHECK(found.at(0).socket == "/run/main.sock");
  CHECK(host.leftOut().empty());
}

TEST_CASE(
    "option files are found in MYSQL_HOME, the home directory, beside installations and in the search path") {
  FakeHost host;
  const auto configured = [&](const fs::path& file, const std::string& name) {
    host.file(file, "[mysqld]\nport=33\ndatadir=" + host.dataDir(name).string() + "\n");
  };
  SECTION("beside an installation") {
    host.mysqld("opt/mysql");
    configured("opt/mysql/my.cnf", "one");
    configured("opt/mysql/etc/my.cnf", "two");
    CHECK(host.instances(host / "opt/mysql") == Lines{"two 33 stopped", "one 33 stopped"});
    CHECK(host.instances(host / "opt/mysql/bin") == Lines{"two 33 stopped", "one 33 stopped"});
    CHECK(host.instances(host / "opt/other").empty());
  }
  SECTION("in the search path, as a file and in a directory") {
    configured("more/special.cnf", "one");
    configured("there/my.cnf", "two");
    host.places.searchPath = {host / "more/special.cnf", host / "there"};
    CHECK(host.instances() == Lines{"one 33 stopped", "two 33 stopped"});
  }
  SECTION("the later of the default files wins") {
    configured("etc/my.cnf", "one");
    configured("mysql-home/my.cnf", "two");
    host.places.mysqlHome = host / "mysql-home";
    CHECK(host.instances() == Lines{"two 33 stopped"});
    configured("home/.my.cnf", "three");
    host.places.home = host / "home";
    CHECK(host.instances() == Lines{"three 33 stopped"});
  }
  SECTION("a server that is told no data directory has the package's") {
    host.file("etc/mysql/my.cnf", "[mysqld]\nport=3306\n");
    CHECK(host.instances().empty());
    host.dataDir("var/lib/mysql");
    CHECK(host.instances() == Lines{"var/lib/mysql 3306 stopped"});
  }
}

TEST_CASE("option files that cannot be read are reported and left out, the others count") {
  FakeHost host;
  const std::string root = (host / "").string();
  host.dataDir("data");
  host.file("etc/my.cnf", "[mysqld]\nport=3310\n!include " + root + "missing.cnf\n!include " + root +
                              "broken.cnf\n!include " + root + "etc/my.cnf\n!includedir " + root +
                              "nowhere\n!include " + root + "level1.cnf\ndatadir=" + root + "data\n");
  host.file("broken.cnf", "[mysqld]\nport=1\ndatadir=" + root + "broken\nno group is closed\n[mysqld\n");
  for (int level = 1; level < 20; ++level)
    host.file("level" + std::to_string(level) + ".cnf",
              "[mysqld]\n!include " + root + "level" + std::to_string(level + 1) + ".cnf\n");
  fs::create_directories(host / "etc/mysql/my.cnf");
  CHECK(host.instances() == Lines{"data 3310 stopped"});
  const std::string leftOut = host.leftOut();
  for (const char* told : {"etc/my.cnf:3: ", "missing.cnf", "broken.cnf:5: ", "includes itself", "nowhere",
                           "nested too deeply", "etc/mysql/my.cnf: is not a file"})
    CHECK_THAT(leftOut, Catch::Contains(told));
}

TEST_CASE("a configured data directory that is no MySQL server's is reported and left out") {
  FakeHost host;
  host.dataDir("maria");
  host.file("maria/aria_log_control", "");
  host.file("a-file", "");
  const std::string root = (host / "").string();
  host.file("etc/my.cnf", "[mysqld]\ndatadir=" + root + "gone\n[mysqld1]\ndatadir=" + root +
                              "maria\n[mysqld2]\ndatadir=" + root + "a-file\n");
  CHECK(host.instances().empty());
  CHECK_THAT(host.leftOut(), Catch::Contains("etc/my.cnf [mysqld]") && Catch::Contains("gone is not there"));
  CHECK_THAT(host.leftOut(), Catch::Contains("[mysqld1]") && Catch::Contains("MariaDB"));
  CHECK_THAT(host.leftOut(), Catch::Contains("[mysqld2]") && Catch::Contains("no directory"));
}

TEST_CASE("a running server and its configuration are one, by the data directory") {
  FakeHost host;
  const fs::path mysqld = host.file("usr/sbin/mysqld", answers, 0755);
  const fs::path data = host.dataDir("var/lib/mysql"), second = host.dataDir("second");
  fs::create_directory_symlink(data, host / "link");
  host.file("etc/my.cnf", "[mysqld]\nport=3310\nsocket=/run/m.sock\ndatadir=" + (host / "link").string() +
                              "\n[mysqld@b]\nport=3311\ndatadir=" + second.string() + "\n");
  SECTION("its settings come from the option files that it read") {
    host.server(mysqld, data);
    CHECK(host.instances() == Lines{"link 3310 running", "second 3311 stopped"});
    CHECK(discoverInstances(host.places).instances.at(0).socket == "/run/m.sock");
    host.server(mysqld, second, {"--defaults-group-suffix=@b"});
    CHECK(host.instances() == Lines{"link 3310 running", "second 3311 running"});
    CHECK(host.instances(host / "usr") == Lines{"link 3310 running", "second 3311 running"});
  }
  SECTION("its command line wins, the last of a name, and the directory that it works in") {
    host.server(mysqld, second,
                {"--port=1", "--loose-port", "3377", "--datadir=" + (host / "elsewhere").string()});
    CHECK(host.instances() == Lines{"second 3377 running", "link 3310 stopped"});
  }
  SECTION("of its own option file nothing else is believed") {
    const fs::path own = host.file("own.cnf", "[mysqld]\nport=3399\n");
    host.server(mysqld, second, {"--defaults-file=" + own.string(), "-h", second});
    CHECK(host.instances() == Lines{"second 3399 running", "link 3310 stopped"});
  }
  SECTION("without option files it has the default port") {
    host.server(mysqld, data, {"--no-defaults"});
    CHECK(host.instances() == Lines{"var/lib/mysql 3306 running", "second 3311 stopped"});
  }
}

TEST_CASE(
    "another user's server, of which only the command line is seen, is listed where that tells enough") {
  FakeHost host;
  const fs::path mysqld = host.file("usr/sbin/mysqld", answers, 0755);
  const fs::path data = host.dataDir("srv/data");
  host.server(mysqld, "", {"--datadir=" + data.string(), "-P3311"});
  host.places.servers.back().executable.clear();
  CHECK(host.instances(host / "usr") == Lines{"srv/data 3311 running"});
  host.server(mysqld, "");
  CHECK_THAT(host.leftOut(), Catch::Contains("process 4001"));
  host.dataDir("var/lib/mysql");
  CHECK(host.instances() == Lines{"srv/data 3311 running", "var/lib/mysql 3306 running"});
}

TEST_CASE("instances of ours that do not run are listed by the registry, with what they are, and once") {
  FakeHost host;
  setenv("DLPX_MYSQL_REGISTRY", (host / "registry").c_str(), 1);
  const auto made = [&](const fs::path& name, const std::string& role, uint16_t port) {
    const Mount mount(host / name);
    host.dataDir(name / "data");
    host.file(name / "my.cnf", "[mysqld]\nport=" + std::to_string(port) +
                                   "\ndatadir=" + mount.data().string() + "\n[mysqld7]\ndatadir=/nowhere\n");
    InstanceFacts facts;
    facts.role = role;
    facts.port = port;
    facts.basedir = host / "opt/mysql";
    fs::create_directories(mount.control());
    mergeFacts(mount.stateFile(), {{"instance", facts.json()}}, {0640, std::nullopt});
    registry::enter(port, mount.root());
    return mount;
  };
  host.mysqld("opt/mysql");
  const Mount staging = made("staging", "staging", 3320);
  const Mount vdb = made("vdb", "vdb", 3319);
  registry::enter(3318, vdb.root());              // the port that it had before
  registry::enter(3317, host / "taken-away");     // an engine has disabled it
  host.file("registry/.3316.tmp", "/elsewhere");  // what a kill has left
  host.places.mounts = registry::mounts();
  unsetenv("DLPX_MYSQL_REGISTRY");

  const Lines both = {"vdb/data 3319 stopped vdb", "staging/data 3320 stopped staging"};
  CHECK(host.instancesAndRoles() == both);
  CHECK(host.leftOut().empty());
  host.places.searchPath = {host / "staging"};
  CHECK(host.instancesAndRoles() == both);
  CHECK(host.instances(host / "opt/mysql").size() == 2);
  const Json told = discoverSourceConfigs("", host.places).json;
  CHECK(told.at(1).at("role") == "staging");
  CHECK(told.at(1).at("socket") == staging.socket().string());
  CHECK_THAT(discoverSourceConfigs("", host.places).text, Catch::Contains("staging"));

  host.server(host / "opt/mysql/bin/mysqld", staging.data(),
              {"--defaults-file=" + staging.optionFile().string()});
  CHECK(host.instancesAndRoles() == Lines{"staging/data 3320 running staging", "vdb/data 3319 stopped vdb"});
  host.places.mounts.clear();
  CHECK(host.instancesAndRoles() == Lines{"staging/data 3320 running staging"});

  host.places.mounts = {vdb.root()};
  writeFile(vdb.stateFile(), "{ half");
  CHECK(host.instancesAndRoles() == Lines{"staging/data 3320 running staging"});
  CHECK_THAT(host.leftOut(), Catch::Contains(vdb.stateFile().string()));
}
