#include "command/app.h"
#include "staging/discover.h"
#include "staging/dry_run.h"
#include "staging/init.h"
#include "staging/lifecycle.h"
#include "staging/replication_commands.h"
#include "staging/resync.h"
#include "staging/snapshot.h"

using namespace dlpx;

namespace {

using Names = std::vector<std::string>;

Names operator+(Names a, const Names& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Names place = {"mount", "port", "timeout"};
const Names admin = {"staging-password"};
const Names replication = {"replication-user", "replication-password", "source-password"};
const Names building = {"mount",
                        "basedir",
                        "port",
                        "server-id",
                        "my-cnf",
                        "os-user",
                        "keyring",
                        "keyring-dir",
                        "bind-address",
                        "timeout",
                        "type",
                        "name",
                        "source-host",
                        "source-port",
                        "source-user",
                        "source-password",
                        "source-ssl-mode",
                        "source-ssl-ca",
                        "method",
                        "backup",
                        "databases",
                        "log-sync",
                        "replication-user",
                        "replication-password",
                        "staging-user",
                        "staging-password"};
const Names toBuild = {"mount", "basedir", "port"};

const std::string exampleFlags =
    " --mount /mnt/staging --basedir /usr --port 3310 --source-host db1 --source-user dlpx"
    " --source-password-file /root/source.pw";

WaitFor waitFor(const Parameters& parameters) {
  WaitFor what;
  if (const auto set = parameters.textIfGiven("for-gtid")) what.gtids = GtidSet::parse(*set);
  what.lag = parameters.durationIfGiven("for-lag");
  return what;
}

SnapshotRequest snapshotRequest(const Parameters& parameters) {
  return {stagingLogin(parameters), snapshotModeFrom(parameters), parameters.textOr("name", "")};
}

Output runPreSnapshot(const Parameters& parameters) {
  if (parameters.flag("resync")) resyncStaging(stagingRequest(parameters, true), OpenSnapshot::ends);
  return preSnapshot(snapshotRequest(parameters));
}

StepList preSnapshotSteps(const Parameters& parameters) {
  if (!parameters.flag("resync")) return planPreSnapshot(snapshotRequest(parameters));
  StepList steps = planResync(stagingRequest(parameters, true), OpenSnapshot::ends);
  steps.push_back({"pre-snapshot", "make the new server safe to snapshot"});
  return steps;
}

Output runDiscover(const Parameters& parameters) {
  if (!parameters.flag("source-config")) return discoverRepositories();
  return discoverSourceConfigs(parameters.pathIfGiven("basedir").value_or(""));
}

std::vector<CommandSpec> buildCommands() {
  return {
      {.name = "discover",
       .summary = "list the MySQL installations of this host, or its servers",
       .description = "Never walks the file system. Installations: of running servers, in "
                      "DLPX_MYSQL_SEARCH_PATH, PATH and "
                      "the usual places. Servers: those that run, and those that option files configure, in "
                      "/etc/my.cnf, "
                      "/etc/mysql/my.cnf, $MYSQL_HOME/my.cnf, ~/.my.cnf, my.cnf and etc/my.cnf of each "
                      "installation, and in "
                      "DLPX_MYSQL_SEARCH_PATH, with what they include: [mysqld], [mysqldN], [mysqld@name]. "
                      "What cannot be "
                      "used is told on stderr and left out.",
       .parameters = {"source-config", "basedir"},
       .examples = {"dlpx-mysql-stage discover", "dlpx-mysql-stage discover --source-config --json"},
       .run = runDiscover},
      {.name = "check",
       .summary = "look at everything that init needs, and change nothing",
       .description =
           "Prints a table of pass, warn and fail with a remedy each; exit code 20 when one failed.",
       .parameters = building,
       .examples = {"dlpx-mysql-stage check" + exampleFlags,
                    "dlpx-mysql-stage check --config staging.yaml --json"},
       .run = [](const Parameters& p) { return checkStaging(stagingRequest(p, false)); },
       .required = toBuild},
      {.name = "init",
       .summary = "build the staging server from its source and start its replication",
       .description =
           "Repeated after success it verifies; after a crash it removes what was begun and begins "
           "again; on failure everything is undone.",
       .parameters = building,
       .examples = {"dlpx-mysql-stage init" + exampleFlags + " --staging-password-file /root/staging.pw",
                    "dlpx-mysql-stage init --config staging.yaml"},
       .run = [](const Parameters& p) { return initialiseStaging(stagingRequest(p, true)); },
       .required = toBuild,
       .plan = [](const Parameters& p) { return planInit(stagingRequest(p, true)); }},
      {.name = "resync",
       .summary = "build staging anew beside the one that is there, then let it take its place",
       .description =
           "Until the new data is complete the old stays: it runs, replicates and can be snapshot; a failure "
           "leaves it as it was. Needs space for both. Refused while a snapshot is being taken, between "
           "pre-snapshot and post-snapshot. With --backup DIRECTORY the newest complete backup in "
           "it "
           "is restored; so is a staging server of --type manual.",
       .parameters = building,
       .examples = {"dlpx-mysql-stage resync --config staging.yaml",
                    "dlpx-mysql-stage resync --config staging.yaml --method dump"},
       .run = [](const Parameters& p) { return resyncStaging(stagingRequest(p, true)); },
       .required = toBuild,
       .plan = [](const Parameters& p) { return planResync(stagingRequest(p, true)); }},
  };
}

std::vector<CommandSpec> lifeCommands() {
  return {
      {.name = "start",
       .summary = "start the staging server and its replication",
       .description =
           "What a killed resync has half replaced is put back first. Passwords that are not given "
           "are read from the files that init, or the last start, was given them in, so --mount is "
           "enough. Where replication cannot start the server runs all the same, and the exit code "
           "is 22. With --repair-account the staging account is put back first, by a clean "
           "restart, where a restore "
           "of yours has replaced the mysql schema.",
       .parameters = place + admin + replication + Names{"log-sync", "repair-account"},
       .examples = {"dlpx-mysql-stage start --mount /mnt/staging --staging-password-file /root/staging.pw",
                    "dlpx-mysql-stage start --config staging.yaml --no-log-sync"},
       .run = [](const Parameters& p) { return startStaging(stagingLogin(p)); },
       .plan = [](const Parameters& p) { return planStart(stagingAccess(p)); }},
      {.name = "stop",
       .summary = "stop the staging server cleanly",
       .description = "With --force a server that does not stop in time is killed.",
       .parameters = place + Names{"force"},
       .examples = {"dlpx-mysql-stage stop --mount /mnt/staging", "dlpx-mysql-stage stop --port 3310"},
       .run = [](const Parameters& p) { return stopStaging(stagingAccess(p)); },
       .plan = [](const Parameters& p) { return planStop(stagingAccess(p)); }},
      {.name = "status",
       .summary = "tell the state of the staging server",
       .description = "With the staging password also that of its replication.",
       .parameters = place + admin + Names{"active-only"},
       .examples = {"dlpx-mysql-stage status --mount /mnt/staging --json",
                    "dlpx-mysql-stage status --port 3310 --active-only"},
       .run =
           [](const Parameters& p) {
             return p.flag("active-only") ? stagingActive(stagingAccess(p)) : stagingStatus(stagingLogin(p));
           }},
      {.name = "size",
       .summary = "tell the bytes that the staging server occupies",
       .parameters = place,
       .examples = {"dlpx-mysql-stage size --mount /mnt/staging", "dlpx-mysql-stage size --port 3310 --json"},
       .run = [](const Parameters& p) { return stagingSize(stagingAccess(p)); }},
      {.name = "mount-specification",
       .summary = "tell what the engine is to mount where, for whom",
       .parameters = {"mount", "os-user"},
       .examples = {"dlpx-mysql-stage mount-specification --mount /mnt/staging",
                    "dlpx-mysql-stage mount-specification --mount /mnt/staging --os-user mysql --json"},
       .run = [](const Parameters& p) { return mountSpecification(p.path("mount"), osUserFrom(p)); },
       .required = {"mount"}},
      {.name = "remove",
       .summary = "stop the staging server and remove all of it from its mount",
       .parameters = place,
       .examples = {"dlpx-mysql-stage remove --mount /mnt/staging", "dlpx-mysql-stage remove --port 3310"},
       .run = [](const Parameters& p) { return removeStaging(stagingAccess(p)); },
       .plan = [](const Parameters& p) { return planRemove(stagingAccess(p)); }},
  };
}

std::vector<CommandSpec> replicationCommands() {
  return {
      {.name = "replication status",
       .summary = "tell the state of replication",
       .parameters = place + admin,
       .examples = {"dlpx-mysql-stage replication status --mount /mnt/staging",
                    "dlpx-mysql-stage replication status --port 3310 --json"},
       .run = [](const Parameters& p) { return replicationStatus(stagingLogin(p)); }},
      {.name = "replication start",
       .summary = "start replication, and wait until it runs",
       .parameters = place + admin + replication,
       .examples = {"dlpx-mysql-stage replication start --mount /mnt/staging "
                    "--replication-password-file /root/replication.pw",
                    "dlpx-mysql-stage replication start --config staging.yaml"},
       .run = [](const Parameters& p) { return replicationStart(stagingLogin(p)); },
       .plan = [](const Parameters& p) { return planReplicationStart(stagingAccess(p)); }},
      {.name = "replication stop",
       .summary = "stop replication, and wait until it stands",
       .parameters = place + admin,
       .examples = {"dlpx-mysql-stage replication stop --mount /mnt/staging",
                    "dlpx-mysql-stage replication stop --port 3310 --timeout 30s"},
       .run = [](const Parameters& p) { return replicationStop(stagingLogin(p)); },
       .plan = [](const Parameters& p) { return planReplicationStop(stagingAccess(p)); }},
      {.name = "replication wait",
       .summary = "wait until staging has caught up",
       .description = "Until all that was received is applied, or as --for-gtid and --for-lag say.",
       .parameters = place + admin + Names{"for-gtid", "for-lag"},
       .examples = {"dlpx-mysql-stage replication wait --mount /mnt/staging --for-lag 0s",
                    "dlpx-mysql-stage replication wait --port 3310 --timeout 5m"},
       .run = [](const Parameters& p) { return replicationWait(stagingLogin(p), waitFor(p)); }},
      {.name = "worker",
       .summary = "heal what is safe to heal, and note the lag",
       .description = "For periodic calls. A server that is down stays down.",
       .parameters = place + admin + replication,
       .examples = {"dlpx-mysql-stage worker --mount /mnt/staging",
                    "dlpx-mysql-stage worker --config staging.yaml"},
       .run = [](const Parameters& p) { return work(stagingLogin(p)); },
       .plan = [](const Parameters& p) { return planWork(stagingAccess(p)); }},
  };
}

std::vector<CommandSpec> snapshotCommands() {
  return {
      {.name = "pre-snapshot",
       .summary = "make staging safe to snapshot",
       .description =
           "With --resync staging is built or built anew first. The server and its replication go on "
           "in mode hot; post-snapshot puts back what the other modes stop. With --force also where "
           "replication is broken.",
       .parameters = building + Names{"resync", "snapshot-mode", "force"},
       .examples =
           {"dlpx-mysql-stage pre-snapshot --mount /mnt/staging --staging-password-file /root/staging.pw",
            "dlpx-mysql-stage pre-snapshot --config staging.yaml --resync"},
       .run = runPreSnapshot,
       .plan = preSnapshotSteps},
      {.name = "post-snapshot",
       .summary = "put back what pre-snapshot changed, and describe the snapshot",
       .parameters = place + admin + replication,
       .examples = {"dlpx-mysql-stage post-snapshot --mount /mnt/staging --json",
                    "dlpx-mysql-stage post-snapshot --config staging.yaml"},
       .run = [](const Parameters& p) { return postSnapshot(stagingLogin(p)); },
       .plan = [](const Parameters& p) { return planPostSnapshot(stagingAccess(p)); }},
  };
}

}  // namespace

int main(int argc, char** argv) {
  AppSpec app{.name = "dlpx-mysql-stage",
              .summary = "build and keep the staging server that thin copies of a MySQL source are made from",
              .commands = {}};
  for (const auto& group : {buildCommands(), lifeCommands(), replicationCommands(), snapshotCommands()})
    app.commands.insert(app.commands.end(), group.begin(), group.end());
  return runApp(app, argc, argv);
}
