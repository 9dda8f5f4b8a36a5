#include "staging_support.h"

#include <sys/mount.h>

#include <regex>

#include "base/text.h"
#include "mysql/dialect.h"
#include "process/proc.h"
#include "replication/channel.h"
#include "server/instance.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"

namespace dlpx::test {
namespace {

void createSourceAccount(Session& source) {
  const Dialect dialect(source.version());
  std::vector<std::string> privileges = {"SELECT", "LOCK TABLES", "SHOW VIEW",          "TRIGGER",
                                         "EVENT",  "PROCESS",     "REPLICATION CLIENT", "REPLICATION SLAVE"};
  if (dialect.hasClone()) privileges.push_back("BACKUP_ADMIN");
  for (const std::string& statement : dialect.setPassword("dlpx", "%", Secret(sourcePassword)))
    source.execute(std::string_view(statement));
  source.execute(std::string_view(dialect.grant(privileges, "dlpx", "%")));
}

}  // namespace

StagingBed::StagingBed(MysqlSetup setup) : source(std::move(setup)), port_(freePort()) {
  Session root = source.root();
  if (root.version().atLeast(8, 0)) {
    createShop(root);
  } else {  // the shop's script is for newer servers; an anonymous account would shadow ours
    root.execute("CREATE DATABASE shop");
    root.execute("DELETE FROM mysql.user WHERE User = ''");
    root.execute("FLUSH PRIVILEGES");
  }
  createSourceAccount(root);
  setSourcePassword(sourcePassword);
  shareFreshData(file(""));
  writeFile(file("staging.pw"), stagingPassword + "\n", {0600, std::nullopt});
}

StagingBed::~StagingBed() {
  endStaging();
}

void StagingBed::endStaging() const {
  try {
    for (const Mount& each : {Mount(mount()), Mount(mount()).next()})
      if (const auto instance = Instance::on(each)) instance->stop(Deadline::in(Seconds(60)), true);
  } catch (const std::exception& e) {
    WARN(e.what());
  }
}

void StagingBed::setSourcePassword(const std::string& password) const {
  writeFile(file("source.pw"), password + "\n", {0600, std::nullopt});
}

Finished StagingBed::run(const std::string& command, const std::vector<std::string>& flags,
                         const std::map<std::string, std::string>& environment) const {
  std::vector<std::string> argv = split(command, ' ');
  argv.insert(argv.begin(), "dlpx-mysql-stage");
  argv.insert(argv.end(), flags.begin(), flags.end());
  return tool(argv, environment);
}

Finished StagingBed::backup(const std::string& command, const std::vector<std::string>& flags) const {
  std::vector<std::string> argv{"dlpx-mysql-backup", command};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return tool(argv, {});
}

Finished StagingBed::tool(const std::vector<std::string>& argv,
                          const std::map<std::string, std::string>& environment) const {
  Command call{.argv = argv};
  call.argv.front() = binDir() + "/" + argv.front();
  const fs::path config = file("staging.yaml");
  writeFile(config, "mount: " + mount().string() + "\nbasedir: " + (mysqlDirectory() / "9.7").string() +
                        "\nport: " + std::to_string(port_) +
                        "\nsource_host: 127.0.0.1\nsource_port: " + std::to_string(source.port()) +
                        "\nsource_user: dlpx\nsource_password_file: " + file("source.pw").string() +
                        "\nstaging_password_file: " + file("staging.pw").string() + "\ntimeout: 2m\n");
  call.argv.insert(call.argv.end(), {"--config", config.string(), "--json"});
  call.environment = environment;
  call.environment["DLPX_MYSQL_REGISTRY"] = file("registry").string();
  call.deadline = Deadline::in(std::chrono::minutes(5));
  return dlpx::run(call);
}

Json StagingBed::expect(int exitCode, const std::string& command,
                        const std::vector<std::string>& flags) const {
  const Finished finished = run(command, flags);
  INFO(command << ": " << finished.out << finished.err);
  REQUIRE(finished.exitCode == exitCode);
  if (exitCode == 0) return Json::parse(finished.out);
  CHECK(finished.out.empty());
  return Json::parse(lastLines(trim(finished.err), 1))["error"];
}

Session StagingBed::staging() const {
  return Instance::require(Mount(mount())).connect("dlpx_admin", Secret(stagingPassword));
}

void StagingBed::catchUp() const {
  Session root = source.root();
  const std::string set = root.variable("gtid_executed");
  if (!set.empty()) expect(0, "replication wait", {"--for-gtid", replaceAll(set, "\n", "")});
  expect(0, "replication wait");
}

SmallDisk::SmallDisk(const StagingBed& bed) : bed_(bed), at_(bed.mount()) {
  fs::create_directories(at_);
  resize(uint64_t(1500) << 20, 0);
}

SmallDisk::~SmallDisk() {
  bed_.endStaging();
  ::umount2(at_.c_str(), MNT_DETACH);
}

void SmallDisk::leave(uint64_t bytes) const {
  resize(fs::space(at_).capacity - fs::space(at_).free + bytes, MS_REMOUNT);
}

std::string SmallDisk::toLeave(uint64_t bytes) const {
  return "set -- $(stat -f -c '%b %f %S' " + at_.string() +
         ") && mount -o remount,size=$((($1 - $2) * $3 + " + std::to_string(bytes) + ")) " + at_.string();
}

void SmallDisk::resize(uint64_t size, unsigned long flags) const {
  REQUIRE(::mount("dlpx-test", at_.c_str(), "tmpfs", flags, ("size=" + std::to_string(size)).c_str()) == 0);
}

void mark(Session staging) {
  const bool readOnly = staging.number("SELECT @@GLOBAL.super_read_only") == 1;
  if (readOnly) staging.execute("SET GLOBAL super_read_only = 0");
  staging.execute("SET SESSION sql_log_bin = 0");
  staging.execute("CREATE DATABASE marked_by_the_test");
  if (readOnly) staging.execute("SET GLOBAL super_read_only = 1");
}

bool isMarked(Session staging) {
  return staging.number(
             "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = "
             "'marked_by_the_test'") == 1;
}

StagingNow::StagingNow(const StagingBed& bed) {
  pid = Instance::require(Mount(bed.mount())).process().value().pid;
  Session session = bed.staging();
  uuid = session.variable("server_uuid");
  gtids = session.variable("gtid_executed");
  orders = session.query(std::string_view("CHECKSUM TABLE shop.orders")).front().text("Checksum");
  replication = text(Channel(session).status().state);
  marked = isMarked(bed.staging());
}

void checkSame(const StagingNow& before, const StagingNow& after) {
  CHECK(after.uuid == before.uuid);
  CHECK(after.gtids == before.gtids);
  CHECK(after.orders == before.orders);
  CHECK(after.replication == before.replication);
  CHECK(after.marked == before.marked);
}

void nothingBeside(const StagingBed& bed) {
  CHECK_FALSE(fs::exists(Mount(bed.mount()).next().root()));
  CHECK_FALSE(fs::exists(Mount(bed.mount()).previous().root()));
  CHECK(processesUsing(bed.mount()).size() == 1);
}

std::vector<std::string> realDifferences(Session& a, Session& b) {
  std::vector<std::string> real;
  const std::regex counter(" AUTO_INCREMENT=[0-9]+");
  for (const std::string& difference : differences(a, b, {"shop"})) {
    const size_t head = difference.find('\n'), middle = difference.find("\n--\n");
    if (head == std::string::npos || middle == std::string::npos) {
      real.push_back(difference);
      continue;
    }
    const auto plain = [&](const std::string& text) { return trim(std::regex_replace(text, counter, "")); };
    if (plain(difference.substr(head, middle - head)) != plain(difference.substr(middle + 4)))
      real.push_back(difference);
  }
  return real;
}

std::string fingerprint(Session& server) {
  std::string all;
  const auto add = [&](const std::string& statement, const std::vector<std::string>& without = {}) {
    for (const Row& row : server.query(std::string_view(statement))) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) line += row[i].value_or("NULL") + "|";
      bool counts = true;
      for (const std::string& name : without) counts = counts && line.find(name) == std::string::npos;
      if (counts) all += line + "\n";
    }
  };
  for (const Row& row : server.query(
           std::string_view("SELECT table_schema AS d, table_name AS t FROM information_schema.tables WHERE "
                            "table_type = 'BASE TABLE' "
                            "AND table_schema NOT IN ('mysql', 'sys', 'performance_schema') ORDER BY 1, 2")))
    add(sql("CHECKSUM TABLE !.!", row.text("d"), row.text("t")));
  add("SELECT * FROM mysql.user ORDER BY user, host");
  add("SELECT * FROM mysql.db ORDER BY user, host, db");
  add("SHOW GLOBAL VARIABLES", {"timestamp", "gtid_executed_compression"});
  add(Dialect(server.version()).showBinaryLogStatus());
  if (!server.variable("log_bin_basename").empty()) add("SHOW BINARY LOGS");
  return all;
}

}  // namespace dlpx::test
