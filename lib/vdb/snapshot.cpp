#include "vdb/snapshot.h"

#include "base/error.h"
#include "base/host.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "base/undo.h"
#include "server/dirty_pages.h"
#include "server/snapshot_facts.h"
#include "vdb/facts.h"

namespace dlpx {
namespace {

constexpr Milliseconds timeToWriteDown(5000);

void noteStopped(const Instance& vdb, const Json& value) {
  mergeFacts(vdb.mount().stateFile(), {{"stoppedForSnapshot", value}}, {0640, vdb.owner()});
}

void putBack(const Instance& vdb, const VdbAccess& access) {
  if (!readFacts(vdb.mount().stateFile()).contains("stoppedForSnapshot")) return;
  vdb.start({.deadline = Deadline::in(access.timeout)});
  noteStopped(vdb, Json());
}

// What a stopped server's data is cannot be asked: what its last snapshot said, without what changes.
SnapshotFacts factsOfStopped(const Instance& vdb) {
  SnapshotFacts facts = fs::exists(vdb.mount().snapshotFile())
                            ? SnapshotFacts::from(readJson(vdb.mount().snapshotFile()))
                            : SnapshotFacts();
  facts.version = vdb.facts().version;
  facts.serverUuid = VdbFacts::on(vdb.mount())->serverUuid;
  facts.tables.clear();
  facts.gtidExecuted.clear();
  facts.modeReason = "the VDB is stopped";
  return facts;
}

SnapshotFacts factsOfRunning(const Instance& vdb, const VdbSnapshotRequest& request) {
  const std::string user = request.access.user.value_or(vdb.facts().adminUser);
  if (!request.access.password) {
    throw Error(ExitCode::usage, "the password of the VDB user " + user + " is required for pre-snapshot",
                "name its file with --password-file, or set DLPX_MYSQL_PASSWORD");
  }
  Session session = vdb.connect(user, *request.access.password);
  session.execute("SET SESSION sql_log_bin = 0");
  refuseOutsideFiles(session, vdb.mount());
  ChangedVariables variables(session, vdb);
  writeDirtyPagesDown(session, variables, Deadline::in(timeToWriteDown));
  SnapshotFacts facts = readSnapshotFacts(session, vdb);
  facts.modeReason = "recovery makes InnoDB's tables consistent";
  if (!facts.otherTables.empty()) {
    session.execute("SET SESSION lock_wait_timeout = 5");
    session.execute("FLUSH LOCAL TABLES");
    log::warning("tables that are not InnoDB's may be torn when they are written to now: " +
                 join(facts.otherTables, ", "));
  }
  return facts;
}

void addIdentity(SnapshotFacts& facts, const Instance& vdb, const VdbSnapshotRequest& request) {
  const VdbFacts noted = *VdbFacts::on(vdb.mount());
  facts.id = randomHex(16);
  facts.time = utcNow();
  facts.role = "vdb";
  facts.name = request.name.empty() ? noted.name : request.name;
  facts.basedir = vdb.facts().basedir;
  facts.port = vdb.facts().port;
  facts.adminUser = vdb.facts().adminUser;
}

// All values are text, and snapPass is never filled.
Json snapshotObject(const SnapshotFacts& facts, const Mount& mount) {
  return {{"snapshotId", facts.id},
          {"snapHost", hostName()},
          {"snapPort", std::to_string(facts.port)},
          {"snapDataDir", mount.data().string()},
          {"snapBaseDir", facts.basedir.string()},
          {"snapConn", ""},
          {"snapBackupPath", ""},
          {"snapTime", facts.time},
          {"mysqlVersion", facts.version.text()},
          {"snapMode", facts.mode},
          {"gtidExecuted", facts.gtidExecuted},
          {"dSource", facts.name}};
}

}  // namespace

Output vdbPreSnapshot(const VdbSnapshotRequest& request) {
  const Mount mount(request.access.mount);
  const Instance vdb = requireVdb(mount);
  const FileLock lock = mount.lock("pre-snapshot", Deadline::in(Milliseconds(0)));
  putBack(vdb, request.access);
  refuseSymbolicLinks(mount);
  Undo undo;
  const bool running = vdb.state() == InstanceState::running;
  SnapshotFacts facts = running ? factsOfRunning(vdb, request) : factsOfStopped(vdb);
  facts.mode = running && request.mode != "stop" ? "hot" : "stop";
  addIdentity(facts, vdb, request);
  if (running && facts.mode == "stop") {
    facts.modeReason = "as asked for";
    noteStopped(vdb, true);
    undo.add("the VDB's stop", [&] { putBack(vdb, request.access); });
    vdb.stop(Deadline::in(request.access.timeout));
  }
  writeFile(mount.snapshotFile(), pretty(facts.json()), {0640, vdb.owner()});
  syncFileSystem(mount.root());
  // Last: from here on the engine may take its snapshot, and post-snapshot starts what was stopped.
  undo.commit();
  return {{{"snapshot", facts.json()}},
          "the VDB is ready to be snapshot (" + facts.mode + ": " + facts.modeReason +
              ")\nsnapshot: " + facts.id + "\n"};
}

Output vdbPostSnapshot(const VdbAccess& access) {
  const Mount mount(access.mount);
  const Instance vdb = requireVdb(mount);
  const FileLock lock = mount.lock("post-snapshot", Deadline::in(Milliseconds(0)));
  putBack(vdb, access);
  const SnapshotFacts facts = SnapshotFacts::from(readJson(mount.snapshotFile()));
  return {snapshotObject(facts, mount),
          "snapshot " + facts.id + " of " + facts.time + " (" + facts.mode + ")\n"};
}

}  // namespace dlpx
