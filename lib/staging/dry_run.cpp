#include "staging/dry_run.h"

#include "base/json_full.h"
#include "replication/channel.h"
#include "server/snapshot_facts.h"
#include "staging/account.h"
#include "staging/build.h"
#include "staging/facts.h"
#include "staging/ingest.h"
#include "staging/init.h"
#include "staging/lifecycle.h"
#include "staging/mount_use.h"
#include "staging/open_snapshot.h"
#include "staging/preflight.h"
#include "staging/replication_commands.h"

namespace dlpx {
namespace {

const Step startStep = {"start", "start the server and wait until it answers"};
const Step startReplicationStep = {"start replication", "start both threads and wait until they run"};
const Step cutOffStep = {"cut off",
                         "restart offline with our account, without channels or events of the source"};

bool runs(const Instance& instance) {
  return instance.state() == InstanceState::running;
}

StepList logicalSteps(const Plan& plan, const std::string& what) {
  const std::string method(text(plan.choice.method));
  return {{"start for " + method, "start the server, to be filled without durability"},
          {method, what},
          {"copy accounts", "create the source's accounts, roles and grants"},
          copiesOnline(plan) ? Step{"put settings back", "let the settings of my.cnf hold again"}
                             : Step{"restart durably", "restart with the settings of my.cnf"}};
}

StepList fileSteps(const BackupFacts& backup) {
  const Step restore = {"restore",
                        "restore " + backup.path.string() + " (" + std::string(text(backup.kind)) + ")"};
  if (!isPhysical(backup.kind))
    return {{"start for restore", "start the server, to be filled without durability"},
            restore,
            {"restart durably", "restart with the settings of my.cnf"}};
  return {{"start for restore", "start the empty server once, for our account's credential"},
          restore,
          cutOffStep};
}

StepList ingestSteps(const StagingRequest& request, const Plan& plan) {
  if (plan.backup) return fileSteps(*plan.backup);
  if (request.type == StagingType::manual)
    return {{"start seed", "start the empty server for its user to fill"}};
  const std::string from = " from " + request.source.endpoint.text() + ": " + plan.choice.reason;
  switch (plan.choice.method) {
    case Method::clone:
      return {{"start for clone", "start the server with the clone plugin"},
              {"clone", "clone all files" + from},
              cutOffStep};
    case Method::dump:
      return logicalSteps(plan, "pipe a mysqldump" + from);
    default:
      return logicalSteps(plan, "copy definitions and rows on parallel connections" + from);
  }
}

StepList buildSteps(const StagingRequest& request) {
  const Plan plan = checkedPlan(request);
  const std::string mount = request.mount.string();
  StepList steps = {{"create", "make directories and my.cnf on " + mount + ", owned by " + request.osUser},
                    {"initialise", "make an empty MySQL " + plan.installation.version.text() +
                                       " server with the account " + request.adminUser}};
  for (const Step& step : ingestSteps(request, plan)) steps.push_back(step);
  if (request.type == StagingType::replication && request.logSync)
    steps.push_back({"replicate", "replicate from " + request.source.endpoint.text() + " as " +
                                      request.replicationUser + ", and wait until it runs"});
  steps.push_back({"publish", "note in " + mount + " that staging is complete"});
  return steps;
}

StepList startSteps(const Instance& instance, const StagingFacts& facts, bool logSync) {
  StepList steps;
  if (!runs(instance)) steps.push_back(startStep);
  if (facts.replicates() && logSync) steps.push_back(startReplicationStep);
  return steps;
}

}  // namespace

StepList planInit(const StagingRequest& request) {
  refuseOthers(request);
  const Mount mount(request.mount);
  const MountUse use = useOf(mount);
  if (use == MountUse::staging) {
    const Instance instance = requireSame(request, mount);
    return startSteps(instance, StagingFacts::on(mount), request.logSync);
  }
  StepList steps = buildSteps(request);
  if (use == MountUse::unfinished)
    steps.insert(steps.begin(),
                 {"clear", "remove what an unfinished '" + Journal::unfinished(mount.stateFile()).operation +
                               "' has left"});
  return steps;
}

StepList planResync(const StagingRequest& request, OpenSnapshot open) {
  const Mount mount(request.mount);
  if (!isResyncable(mount)) return planInit(request);
  refuseOthers(request);
  if (open == OpenSnapshot::refuses) refuseOpenSnapshot(mount);
  StepList steps = buildSteps(request);
  steps.front().what = "make directories and my.cnf on " + mount.next().root().string() +
                       ", where the new data is built while the old goes on";
  steps.pop_back();
  const StepList swap = {
      {"stop the old data", "stop the server on " + mount.root().string()},
      {"swap", "let the files of old and new change places"},
      {"settle", "give the new server the port and server id of staging in my.cnf"},
      {"start the new data", "start the new server, with its replication, and remove the old data"},
      {"publish", "note in " + mount.root().string() + " that staging is complete"}};
  steps.insert(steps.end(), swap.begin(), swap.end());
  return steps;
}

StepList planStart(const StagingAccess& access) {
  const Mount mount(access.mount);
  const bool halfSwapped = Journal::unfinished(mount.stateFile()).operation == "resync";
  const Instance instance = halfSwapped ? Instance::require(mount) : requireStaging(mount);
  StepList steps = startSteps(instance, StagingFacts::on(mount), access.logSync);
  if (halfSwapped)
    steps.insert(steps.begin(),
                 {"put back", "put back the data that an unfinished 'resync' has begun to replace"});
  if (access.repairAccount)
    steps.insert(steps.begin(),
                 {"repair account", "where it is missing, put our account back by a clean restart"});
  return steps;
}

StepList planStop(const StagingAccess& access) {
  const Mount mount(access.mount);
  const auto instance = Instance::on(mount);
  if (!instance) return {};
  if (useOf(mount) != MountUse::unfinished) requireStaging(mount);
  if (!instance->process()) return {};
  return {{"stop", std::string("ask the server to shut down, and wait") +
                       (access.force ? "; kill it when it does not in time" : "")}};
}

StepList planRemove(const StagingAccess& access) {
  const Mount mount(access.mount);
  const MountUse use = useOf(mount);
  if (use == MountUse::missing || use == MountUse::empty) return {};
  if (use != MountUse::unfinished) requireStaging(mount);
  return {{"stop and clear", "stop the server and remove all of it from " + mount.root().string()}};
}

StepList planPreSnapshot(const SnapshotRequest& request) {
  const Mount mount(request.access.mount);
  const Instance instance = requireStaging(mount);
  Session session = connectToStaging(instance, request.access);
  const ModeChoice choice = checkForSnapshot(session, instance, request);
  StepList steps = {{"write down", "let InnoDB write its dirty pages, for at most a few seconds"}};
  if (choice.mode == SnapshotMode::quiesce)
    steps.push_back(
        {"quiesce", "stop the applier and flush the tables, until post-snapshot: " + choice.reason});
  if (choice.mode == SnapshotMode::stop)
    steps.push_back({"stop", "shut the server down until post-snapshot: " + choice.reason});
  steps.push_back({"describe", "write " + mount.snapshotFile().string() + " (mode " +
                                   std::string(text(choice.mode)) + ": " + choice.reason + ")"});
  steps.push_back({"sync", "write the file system's caches to the storage"});
  return steps;
}

StepList planPostSnapshot(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  if (!readFacts(mount.stateFile()).contains("quiesced")) return {};
  return {{"put back", "let the server and its replication go on as before pre-snapshot"}};
}

StepList planReplicationStart(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  requireReplicating(mount);
  Session session = connectToStaging(instance, access);
  if (Channel(session).status().state == ChannelState::running) return {};
  return {startReplicationStep};
}

StepList planReplicationStop(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  requireReplicating(mount);
  connectToStaging(instance, access);
  return {{"stop replication", "stop both threads and wait until they stand"}};
}

StepList planWork(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  if (!runs(instance) || !StagingFacts::on(mount).replicates() || quiescedLately(mount)) return {};
  Session session = connectToStaging(instance, access);
  StepList steps;
  if (Channel(session).status().state != ChannelState::running)
    steps.push_back({"start replication", "start what stopped, where that is safe"});
  steps.push_back({"note", "note state and lag in " + mount.stateFile().string()});
  return steps;
}

}  // namespace dlpx
