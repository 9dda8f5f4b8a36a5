#include "support/instance_bed.h"

#include <cstdlib>

#include "server/server_options.h"
#include "support/mysql_server.h"

namespace dlpx::test {

InstanceBed::InstanceBed(const fs::path& root) : mount(root.empty() ? scratch / "mount" : root) {
  setenv("DLPX_MYSQL_REGISTRY", (scratch / "registry").c_str(), 1);
  makeDirectory(mount.root(), {0755, ownerOf(std::string("mysql"))});
  mount.create(ownerOf(std::string("mysql")));
  instance.record();
  writeOptionFile(instance, {.role = {{"innodb_redo_log_capacity", "16M"}, {"skip-log-bin", std::nullopt}}});
}

InstanceBed::~InstanceBed() {
  try {
    instance.stop(Deadline::in(Seconds(60)), true);
  } catch (const std::exception&) {
  }
}

Secret InstanceBed::password() {
  return Secret("pa'ss \"word\" $HOME \\n `x` #é");
}

std::string InstanceBed::firstStatements() {
  return sql("CREATE USER manager@localhost IDENTIFIED BY ?;\n", password()) +
         "GRANT ALL ON *.* TO manager@localhost;\n";
}

void InstanceBed::initialise() const {
  instance.initialise({}, firstStatements(), Deadline::in(Seconds(120)));
}

InstanceFacts InstanceBed::facts() {
  const Installation installation = installationAt(mysqlDirectory() / "9.7");
  InstanceFacts made;
  made.role = "staging";
  made.basedir = installation.basedir;
  made.mysqld = installation.mysqld;
  made.version = installation.version;
  made.port = freePort();
  made.serverId = 4711;
  made.osUser = "mysql";
  made.adminUser = "manager";
  return made;
}

}  // namespace dlpx::test
