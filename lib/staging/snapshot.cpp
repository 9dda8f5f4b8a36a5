#include "staging/snapshot.h"

#include <ctime>

#include "base/error.h"
#include "base/host.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "base/undo.h"
#include "server/dirty_pages.h"
#include "staging/account.h"
#include "staging/facts.h"
#include "staging/ingest.h"
#include "staging/lifecycle.h"
#include "staging/mount_use.h"
#include "staging/open_snapshot.h"
#include "staging/replicate.h"
#include "staging/user_replication.h"

namespace dlpx {
namespace {

constexpr Milliseconds timeToWriteDown(5000);
constexpr Milliseconds longestQuiesce(60'000);
constexpr Seconds timeToClear(60);

void noteQuiesced(const Instance& instance, const Json& what) {
  mergeFacts(instance.mount().stateFile(), {{"quiesced", what}}, {0640, instance.owner()});
}

// `channels`: of the user's replication, to be put back.
Json quiescedNow(SnapshotMode mode, const Json& channels = Json::array()) {
  return {{"mode", std::string(text(mode))},
          {"since", static_cast<int64_t>(std::time(nullptr))},
          {"channels", channels}};
}

void refuseBroken(Session& session, const StagingFacts& facts, bool force) {
  const ChannelStatus status = Channel(session).status();
  if (!facts.replicates() || status.state == ChannelState::running) return;
  const std::string problem = "replication is " + status.summary();
  if (status.state == ChannelState::broken && !force) {
    throw Error(ExitCode::replication, problem + ": a snapshot would not hold what the source has",
                status.remedy + "; --force takes it as it is");
  }
  log::warning(problem + ": the snapshot holds what was applied until then");
}

void addReplication(SnapshotFacts& snapshot, const StagingFacts& facts, const ChannelStatus& channel) {
  snapshot.sourceHost = facts.sourceHost;
  snapshot.sourcePort = facts.sourcePort;
  snapshot.sourceUuid = facts.sourceUuid;
  snapshot.replicationState = text(channel.state);
  if (channel.state != ChannelState::notConfigured)
    snapshot.sourceCoordinates = channel.replica.applied.text();
  if (channel.replica.lagSeconds) snapshot.lagSeconds = static_cast<int64_t>(*channel.replica.lagSeconds);
}

void putBack(const Instance& instance, const StagingFacts& facts, const StagingAccess& access) {
  const Json state = readFacts(instance.mount().stateFile());
  if (!state.contains("quiesced")) return;
  if (state["quiesced"].value("mode", "") == text(SnapshotMode::stop))
    instance.start({.deadline = Deadline::in(access.timeout)});
  const Json channels = state["quiesced"].value("channels", Json::array());
  if (!channels.empty() && instance.state() == InstanceState::running) {
    Session session = connectToStaging(instance, access);
    resumeChannels(session, channels);
  }
  if (facts.replicates() && instance.state() == InstanceState::running) {
    Session session = connectToStaging(instance, access);
    startReplication(session, facts, access.replicationUser.value_or(""), access.replicationPassword,
                     Deadline::in(access.timeout));
  }
  noteQuiesced(instance, Json());
}

// What the user runs into tables that a crash would tear is not blocked: it is waited for.
void waitForWriters(Session& session, const Deadline& deadline) {
  const auto quiet = [&] {
    return session.number(
               "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' AND "
               "id <> CONNECTION_ID() AND user <> 'system user'") == 0;
  };
  if (waitUntil(deadline, quiet)) return;
  throw Error(ExitCode::timeout, "statements that may write to tables other than InnoDB's still run",
              "take the snapshot when they have ended, or with --snapshot-mode stop");
}

void pauseUsersReplication(Session& session, const Instance& instance, const StagingAccess& access,
                           const Deadline& deadline, Undo& undo) {
  const Json running = runningChannels(session);
  if (running.empty()) return;
  noteQuiesced(instance, quiescedNow(SnapshotMode::quiesce, running));
  undo.add("the user's replication", [&session, &instance, running] {
    const InterruptShield shield;
    resumeChannels(session, running);
    noteQuiesced(instance, Json());
  });
  pauseAppliers(session, running, adminConnection(instance, *access.adminPassword), deadline);
}

void quiesce(Session& session, const Instance& instance, const StagingFacts& facts,
             const StagingAccess& access, Undo& undo) {
  const Deadline deadline = Deadline::in(std::min(access.timeout, longestQuiesce));
  Channel channel(session);
  if (facts.replicates() && channel.status().replica.applier == ReplicaStatus::Thread::running) {
    noteQuiesced(instance, quiescedNow(SnapshotMode::quiesce));
    undo.add("the applier", [&session, &instance] {
      const InterruptShield shield;
      Channel(session).startApplier();
      noteQuiesced(instance, Json());
    });
    channel.stopApplier(adminConnection(instance, *access.adminPassword), deadline);
  }
  if (facts.type == StagingType::manual) {
    pauseUsersReplication(session, instance, access, deadline, undo);
    waitForWriters(session, deadline);
  }
  session.execute("SET SESSION sql_log_bin = 0");
  session.execute("SET SESSION lock_wait_timeout = 5");
  session.executeWithin("FLUSH LOCAL TABLES", deadline);
}

void shutDown(Session& session, const Instance& instance, const StagingFacts& facts,
              const StagingAccess& access, Undo& undo) {
  const Deadline deadline = Deadline::in(access.timeout);
  const bool manual = facts.type == StagingType::manual;
  const Json channels = manual ? runningChannels(session) : Json::array();
  undo.add("the server's stop", [&instance, &facts, &access] {
    const InterruptShield shield;
    putBack(instance, facts, access);
  });
  noteQuiesced(instance, quiescedNow(SnapshotMode::stop, channels));
  if (facts.replicates()) Channel(session).stop(adminConnection(instance, *access.adminPassword), deadline);
  session.close();
  instance.stop(deadline);
}

SnapshotFacts describe(Session& session, const Instance& instance, const StagingFacts& facts,
                       const SnapshotRequest& request, const ModeChoice& choice,
                       const ChannelStatus& channel) {
  SnapshotFacts snapshot = readSnapshotFacts(session, instance);
  snapshot.id = randomHex(16);
  snapshot.time = utcNow();
  snapshot.name = request.name.empty() ? facts.name : request.name;
  snapshot.mode = text(choice.mode);
  snapshot.modeReason = choice.reason;
  addReplication(snapshot, facts, channel);
  return snapshot;
}

void warnOfContent(const SnapshotFacts& snapshot) {
  if (!snapshot.memoryTables.empty())
    log::warning(std::string("MEMORY tables will be empty in a clone") +
                 (snapshot.mode == text(SnapshotMode::stop) ? ", and in staging, which is stopped: " : ": ") +
                 join(snapshot.memoryTables, ", "));
  if (!snapshot.otherTables.empty())
    log::warning("tables that are not InnoDB's: " + join(snapshot.otherTables, ", "));
  if (snapshot.preparedXa > 0)
    log::warning(std::to_string(snapshot.preparedXa) + " prepared XA transactions: a clone rolls them back");
}

Output report(const SnapshotFacts& snapshot, const WrittenDown& written) {
  Output output;
  output.json = {{"snapshot", snapshot.json()}, {"writtenDown", written.json()}};
  output.text = "staging is ready to be snapshot (" + snapshot.mode + ": " + snapshot.modeReason +
                ")\nsnapshot: " + snapshot.id + "\nGTID set: " + snapshot.gtidExecuted + "\n";
  return output;
}

// A killed resync's data would be in every snapshot; that of one which goes on is.
void clearAbandoned(const Mount& mount) {
  try {
    const FileLock beside = lockBeside(mount, "pre-snapshot");
    clearBeside(mount, Deadline::in(timeToClear));
  } catch (const Error& e) {
    if (e.code() != ExitCode::locked) throw;
    log::warning("a resync goes on: what it has built so far is in the snapshot, and unused");
  }
}

// The engine's snapshot object: the archived plugin's fields are text, and snapPass is never filled.
Json snapshotObject(const SnapshotFacts& snapshot, const Mount& mount) {
  Json object = {{"snapshotId", snapshot.id},
                 {"snapHost", hostName()},
                 {"snapPort", std::to_string(snapshot.port)},
                 {"snapDataDir", mount.data().string()},
                 {"snapBaseDir", snapshot.basedir.string()},
                 {"snapConn", ""},
                 {"snapBackupPath", ""},
                 {"snapTime", snapshot.time}};
  object["mysqlVersion"] = snapshot.version.text();
  object["snapMode"] = snapshot.mode;
  object["gtidExecuted"] = snapshot.gtidExecuted;
  object["sourceCoordinates"] = snapshot.sourceCoordinates;
  object["replicationState"] = snapshot.replicationState;
  object["dSource"] = snapshot.name;
  return object;
}

}  // namespace

ModeChoice chooseMode(SnapshotMode wanted, const SnapshotFacts& facts) {
  std::string notHot;
  if (!facts.version.atLeast(8, 0)) {
    notHot = "MySQL " + facts.version.text() + " does not change its dictionary atomically";
  } else if (!facts.otherTables.empty()) {
    notHot = facts.otherTables.front() + " is not InnoDB's";
  }
  if (wanted == SnapshotMode::hot && !notHot.empty())
    throw Error(ExitCode::preflight, "a hot snapshot would not be right: " + notHot,
                "use --snapshot-mode auto or quiesce");
  if (wanted != SnapshotMode::automatic) return {wanted, "as asked for"};
  if (notHot.empty()) return {SnapshotMode::hot, "every table is InnoDB's: recovery makes it consistent"};
  return {SnapshotMode::quiesce, notHot};
}

ModeChoice checkForSnapshot(Session& session, const Instance& instance, const SnapshotRequest& request) {
  refuseBroken(session, StagingFacts::on(instance.mount()), request.access.force);
  refuseOutsideFiles(session, instance.mount());
  refuseSymbolicLinks(instance.mount());
  return chooseMode(request.mode, readSnapshotFacts(session, instance));
}

bool quiescedLately(const Mount& mount) {
  constexpr int64_t quarterOfAnHour = 900;
  const Json state = readFacts(mount.stateFile());
  if (!state.contains("quiesced")) return false;
  return state["quiesced"].value("since", int64_t{0}) + quarterOfAnHour > std::time(nullptr);
}

Output preSnapshot(const SnapshotRequest& request) {
  const Mount mount(request.access.mount);
  const Instance instance = requireStaging(mount);
  const FileLock lock = mount.lock("pre-snapshot", Deadline::in(Milliseconds(0)));
  const StagingFacts facts = StagingFacts::on(mount);
  noteSnapshotOver(mount, instance.owner());
  putBack(instance, facts, request.access);
  clearAbandoned(mount);
  Session session = connectToStaging(instance, request.access);
  const ModeChoice choice = checkForSnapshot(session, instance, request);
  ChangedVariables variables(session, instance);
  const WrittenDown written = writeDirtyPagesDown(
      session, variables, Deadline::in(std::min(request.access.timeout, timeToWriteDown)));
  Undo undo;
  if (choice.mode == SnapshotMode::quiesce) quiesce(session, instance, facts, request.access, undo);
  const ChannelStatus channel = Channel(session).status();
  const SnapshotFacts snapshot = describe(session, instance, facts, request, choice, channel);
  warnOfContent(snapshot);
  if (choice.mode == SnapshotMode::stop) {
    variables.putBack();
    shutDown(session, instance, facts, request.access, undo);
  }
  writeFile(mount.snapshotFile(), pretty(snapshot.json()), {0640, instance.owner()});
  undo.add("the snapshot's note", [&] { noteSnapshotOver(mount, instance.owner()); });
  noteSnapshotOpen(mount, choice.mode, instance.owner());
  syncFileSystem(mount.root());
  // Last: from here on the engine may take its snapshot, and post-snapshot puts back what stands.
  undo.commit();
  return report(snapshot, written);
}

Output postSnapshot(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  const FileLock lock = mount.lock("post-snapshot", Deadline::in(Milliseconds(0)));
  noteSnapshotOver(mount, instance.owner());
  putBack(instance, StagingFacts::on(mount), access);
  const SnapshotFacts snapshot = SnapshotFacts::from(readJson(mount.snapshotFile()));
  Output output;
  output.json = snapshotObject(snapshot, mount);
  output.text = "snapshot " + snapshot.id + " of " + snapshot.time + " (" + snapshot.mode + ")\n";
  return output;
}

}  // namespace dlpx
