#include "command/app.h"
#include "vdb/dry_run.h"
#include "vdb/export.h"
#include "vdb/lifecycle.h"
#include "vdb/provision.h"
#include "vdb/snapshot.h"

namespace {

using namespace dlpx;

const std::vector<std::string> building = {"mount",     "basedir", "port",       "server-id", "user",
                                           "password",  "my-cnf",  "os-user",    "setting",   "accounts",
                                           "federated", "events",  "profile",    "name",      "bind-address",
                                           "timeout",   "keyring", "keyring-dir"};
const std::vector<std::string> cloning = [] {
  std::vector<std::string> names = building;
  names.insert(names.end(), {"replicable", "replicate-from"});
  return names;
}();
const std::vector<std::string> connecting = {"mount", "port", "user", "password", "timeout"};
const std::vector<std::string> finding = {"mount", "port", "timeout", "force"};

CommandSpec provisionCommand() {
  return {
      .name = "provision",
      .summary = "make the clone on a mount an independent running server",
      .description =
          "The mount holds a thin clone of a snapshot. It gets an identity of its own, no way back to its "
          "parent "
          "or to production, the given user, and is started once. The report tells what was done for each "
          "item of "
          "the safe-clone contract. With --replicate-from it is a read-only replica of the VDB on that "
          "mount, which "
          "is of the same snapshot, runs, is --replicable and has the same user and password. A clone that "
          "cannot be proven safe ends with exit code 24 and no server.",
      .parameters = cloning,
      .examples =
          {"dlpx-mysql-vdb provision --mount /mnt/vdb1 --port 3310 --user dev --password-file ~/vdb.pw",
           "dlpx-mysql-vdb provision --mount /mnt/vdb1 --port 3310 --user dev --password-file ~/vdb.pw "
           "--setting innodb_buffer_pool_size=1G --accounts lock --json",
           "dlpx-mysql-vdb provision --mount /mnt/vdb1r --port 3311 --user dev --password-file ~/vdb.pw "
           "--replicate-from /mnt/vdb1"},
      .run = [](const Parameters& parameters) { return provision(vdbRequest(parameters)); },
      .required = {"mount", "port", "user"},
      .plan = [](const Parameters& p) { return planProvision(vdbRequest(p)); }};
}

CommandSpec enableCommand() {
  return {.name = "enable",
          .summary = "make the data on a mount this VDB again, and start it",
          .description =
              "After a rewind the data is an older snapshot's of the VDB itself: it is started. After "
              "anything else it "
              "is a clone, and is provisioned. What is not given is as the mount notes it.",
          .parameters = cloning,
          .examples = {"dlpx-mysql-vdb enable --mount /mnt/vdb1 --password-file ~/vdb.pw",
                       "dlpx-mysql-vdb enable --mount /mnt/vdb1 --port 3311 --password-file ~/vdb.pw"},
          .run = [](const Parameters& parameters) { return enableVdb(vdbRequest(parameters)); },
          .required = {"mount"},
          .plan = [](const Parameters& p) { return planEnable(vdbRequest(p)); }};
}

CommandSpec createEmptyCommand() {
  return {.name = "create-empty",
          .summary = "make a new VDB without data on an empty mount",
          .description = "",
          .parameters = building,
          .examples = {"dlpx-mysql-vdb create-empty --mount /mnt/vdb1 --basedir /usr --port 3310 --user dev "
                       "--password-file ~/vdb.pw",
                       "dlpx-mysql-vdb create-empty --config vdb1.yaml"},
          .run = [](const Parameters& parameters) { return createEmptyVdb(vdbRequest(parameters)); },
          .required = {"mount", "port", "user", "basedir"},
          .plan = [](const Parameters& p) { return planCreateEmpty(vdbRequest(p)); }};
}

CommandSpec startCommand() {
  return {.name = "start",
          .summary = "start a VDB",
          .description =
              "With the user's password given, the server is asked whether it is the VDB. A replica needs "
              "it, and its primary runs.",
          .parameters = connecting,
          .examples = {"dlpx-mysql-vdb start --mount /mnt/vdb1", "dlpx-mysql-vdb start --port 3310"},
          .run = [](const Parameters& parameters) { return startVdb(vdbAccess(parameters)); },
          .plan = [](const Parameters& p) { return planStartVdb(vdbAccess(p)); }};
}

CommandSpec stopCommand() {
  return {
      .name = "stop",
      .summary = "stop a VDB cleanly",
      .description = "With --force a server that does not stop in time is killed.",
      .parameters = finding,
      .examples = {"dlpx-mysql-vdb stop --mount /mnt/vdb1", "dlpx-mysql-vdb stop --port 3310 --timeout 5m"},
      .run = [](const Parameters& parameters) { return stopVdb(vdbAccess(parameters)); },
      .plan = [](const Parameters& p) { return planStopVdb(vdbAccess(p)); }};
}

CommandSpec statusCommand() {
  std::vector<std::string> parameters = finding;
  parameters.insert(parameters.end(), {"active-only", "user", "password"});
  return {.name = "status",
          .summary = "tell whether a VDB runs",
          .description = "",
          .parameters = parameters,
          .examples = {"dlpx-mysql-vdb status --mount /mnt/vdb1 --json",
                       "dlpx-mysql-vdb status --mount /mnt/vdb1 --active-only"},
          .run = [](const Parameters& given) {
            return given.flag("active-only") ? vdbActive(vdbAccess(given)) : vdbStatus(vdbAccess(given));
          }};
}

CommandSpec disableCommand() {
  return {
      .name = "disable",
      .summary = "stop a VDB and free its mount",
      .description = "Returns once no process has a file of the mount open.",
      .parameters = finding,
      .examples = {"dlpx-mysql-vdb disable --mount /mnt/vdb1", "dlpx-mysql-vdb disable --port 3310 --force"},
      .run = [](const Parameters& parameters) { return disableVdb(vdbAccess(parameters)); },
      .plan = [](const Parameters& p) { return planDisable(vdbAccess(p)); }};
}

CommandSpec removeCommand() {
  return {.name = "remove",
          .summary = "stop a VDB and remove its files",
          .description = "The mount itself stays, empty.",
          .parameters = finding,
          .examples = {"dlpx-mysql-vdb remove --mount /mnt/vdb1", "dlpx-mysql-vdb remove --port 3310"},
          .run = [](const Parameters& parameters) { return removeVdb(vdbAccess(parameters)); },
          .plan = [](const Parameters& p) { return planRemoveVdb(vdbAccess(p)); }};
}

CommandSpec preSnapshotCommand() {
  std::vector<std::string> parameters = connecting;
  parameters.insert(parameters.end(), {"name", "snapshot-mode"});
  return {.name = "pre-snapshot",
          .summary = "make a VDB safe to snapshot",
          .description = "A running VDB goes on. --snapshot-mode stop is for storage that is not atomic.",
          .parameters = parameters,
          .examples =
              {"dlpx-mysql-vdb pre-snapshot --mount /mnt/vdb1 --password-file ~/vdb.pw",
               "dlpx-mysql-vdb pre-snapshot --mount /mnt/vdb1 --password-file ~/vdb.pw --snapshot-mode stop"},
          .run = [](const Parameters& given) { return vdbPreSnapshot(vdbSnapshotRequest(given)); },
          .plan = [](const Parameters& p) { return planVdbPreSnapshot(vdbSnapshotRequest(p)); }};
}

CommandSpec postSnapshotCommand() {
  return {.name = "post-snapshot",
          .summary = "put back what pre-snapshot changed, and describe the snapshot",
          .description = "",
          .parameters = connecting,
          .examples = {"dlpx-mysql-vdb post-snapshot --mount /mnt/vdb1",
                       "dlpx-mysql-vdb post-snapshot --port 3310"},
          .run = [](const Parameters& parameters) { return vdbPostSnapshot(vdbAccess(parameters)); },
          .plan = [](const Parameters& p) { return planVdbPostSnapshot(vdbAccess(p)); }};
}

CommandSpec exportCommand() {
  std::vector<std::string> parameters = connecting;
  parameters.insert(parameters.end(), {"output", "copy", "tar", "logical", "compression", "gtids", "owner",
                                       "target-directory", "target-port"});
  return {
      .name = "export",
      .summary = "write a VDB's data as a standalone server's: virtual to physical",
      .description =
          "The result is a directory with data, my.cnf and a README, as a tar if asked, that a mysqld of the "
          "same version starts without these tools; or a dump. It appears under its name when it is "
          "complete. "
          "A running VDB is copied hot by its own server (CLONE), InnoDB tables only; --copy cold stops it "
          "for "
          "as long as the copy takes, and takes every table. --output - writes a tar to standard output.",
      .parameters = parameters,
      .examples =
          {"dlpx-mysql-vdb export --mount /mnt/vdb1 --password-file ~/vdb.pw --output /srv/mysql-new",
           "dlpx-mysql-vdb export --mount /mnt/vdb1 --copy cold --tar --output vdb1.tar.zst --owner "
           "mysql:mysql "
           "--target-directory /srv/mysql-new",
           "dlpx-mysql-vdb export --mount /mnt/vdb1 --password-file ~/vdb.pw --logical --output vdb1.sql.gz"},
      .run = [](const Parameters& given) { return exportVdb(exportRequest(given)); },
      .required = {"output"},
      .plan = [](const Parameters& given) { return planExport(exportRequest(given)); }};
}

CommandSpec sizeCommand() {
  return {.name = "size",
          .summary = "print the bytes that a VDB's files occupy",
          .description = "Extents that it shares with its parent count fully.",
          .parameters = finding,
          .examples = {"dlpx-mysql-vdb size --mount /mnt/vdb1", "dlpx-mysql-vdb size --port 3310 --json"},
          .run = [](const Parameters& parameters) { return vdbSize(vdbAccess(parameters)); }};
}

CommandSpec mountSpecificationCommand() {
  return {.name = "mount-specification",
          .summary = "print what the engine is to mount, and for whom",
          .description = "",
          .parameters = {"mount", "os-user"},
          .examples = {"dlpx-mysql-vdb mount-specification --mount /mnt/vdb1 --json",
                       "dlpx-mysql-vdb mount-specification --mount /mnt/vdb1 --os-user mysql"},
          .run = [](const Parameters& parameters) {
            return vdbMountSpecification(parameters.path("mount"), vdbOsUser(parameters));
          }};
}

}  // namespace

int main(int argc, char** argv) {
  const AppSpec app = {
      .name = "dlpx-mysql-vdb",
      .summary = "make thin clones independent MySQL servers, and manage them",
      .commands = {provisionCommand(), createEmptyCommand(), startCommand(), stopCommand(), statusCommand(),
                   enableCommand(), disableCommand(), preSnapshotCommand(), postSnapshotCommand(),
                   exportCommand(), sizeCommand(), mountSpecificationCommand(), removeCommand()}};
  return runApp(app, argc, argv);
}
