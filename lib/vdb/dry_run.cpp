#include "vdb/dry_run.h"

#include "base/error.h"
#include "base/json_full.h"
#include "vdb/facts.h"
#include "vdb/lifecycle.h"
#include "vdb/outside.h"
#include "vdb/provision.h"

namespace dlpx {
namespace {

const Step startStep = {"start", "start the server and wait until it answers"};
const Step stopStep = {"stop", "ask the server to shut down, and wait"};

bool runs(const Instance& instance) {
  return instance.state() == InstanceState::running;
}

void addReplicate(StepList& steps, const VdbPlan& plan) {
  if (!plan.vdb.isReplica()) return;
  steps.push_back({"replicate", "make a replication account on the VDB on " +
                                    plan.vdb.replicateFrom.string() + ", and follow it by GTIDs"});
}

StepList makeSteps(const VdbRequest& request) {
  const VdbPlan plan = checkedClone(request);
  refuseOutsidePaths(plan.mount);
  const std::string keyring =
      plan.instance.keyring.empty() ? "" : "; make its own keyring " + plan.instance.keyring.string();
  StepList steps = {
      {"check-paths", "make sure that no path leads out of " + plan.mount.root().string()},
      {"identity",
       "remove the parent's UUID, TLS keys and persisted variables; rewrite its log indexes" + keyring},
      {"option-file", "write my.cnf for port " + std::to_string(plan.instance.port) + ", server id " +
                          std::to_string(plan.instance.serverId)},
      {"start", "start the server offline: reset replication and binary log, create the account " +
                    plan.instance.adminUser + ", then let sessions in"},
      {"prove", "ask the server for each item of the safe-clone contract"}};
  addReplicate(steps, plan);
  steps.push_back({"publish", "note that the VDB is complete"});
  return steps;
}

StepList verifySteps(const VdbRequest& request, bool rewrite) {
  const VdbPlan plan = completed(request, SnapshotFacts());
  const Step prove = {"prove", "ask the server whether it is this VDB"};
  StepList steps;
  if (!runs(plan.server()))
    steps.push_back(rewrite ? Step{"start", "write my.cnf, then start the server and wait until it answers"}
                            : startStep);
  steps.push_back(prove);
  addReplicate(steps, plan);
  return steps;
}

}  // namespace

StepList planProvision(const VdbRequest& request) {
  const Mount mount(request.mount);
  if (!isVdbMadeHere(mount)) return makeSteps(request);
  refuseOther(request, Instance::require(mount));
  return verifySteps(request, false);
}

StepList planEnable(const VdbRequest& request) {
  return isVdbMadeHere(Mount(request.mount)) ? verifySteps(request, true) : makeSteps(request);
}

StepList planCreateEmpty(const VdbRequest& request) {
  const Mount mount(request.mount);
  if (isVdbMadeHere(mount)) return verifySteps(request, false);
  const VdbPlan plan = completed(request, SnapshotFacts());
  refuseFilled(mount);
  return {{"initialise", "make an empty MySQL " + plan.instance.version.text() + " server on " +
                             mount.root().string() + " with the account " + plan.instance.adminUser},
          startStep,
          {"prove", "ask the server whether it is this VDB"}};
}

StepList planStartVdb(const VdbAccess& access) {
  const Instance vdb = requireVdb(Mount(access.mount));
  StepList steps;
  if (!runs(vdb)) steps.push_back(startStep);
  const VdbFacts facts = *VdbFacts::on(vdb.mount());
  if (facts.isReplica())
    steps.push_back({"replicate", "follow the VDB on " + facts.replicateFrom.string() + " by GTIDs"});
  return steps;
}

StepList planStopVdb(const VdbAccess& access) {
  const auto vdb = vdbOn(Mount(access.mount));
  return vdb && vdb->process() ? StepList{stopStep} : StepList{};
}

StepList planDisable(const VdbAccess& access) {
  StepList steps = planStopVdb(access);
  if (vdbOn(Mount(access.mount)))
    steps.push_back({"wait", "wait until no process has a file of the mount open"});
  return steps;
}

StepList planRemoveVdb(const VdbAccess& access) {
  const Mount mount(access.mount);
  if (!vdbOn(mount)) return {};
  return {{"stop", "stop the server, and wait until nothing holds the mount"},
          {"remove-files", "remove everything of the VDB from " + mount.root().string()}};
}

StepList planVdbPreSnapshot(const VdbSnapshotRequest& request) {
  const Mount mount(request.access.mount);
  const Instance vdb = requireVdb(mount);
  refuseSymbolicLinks(mount);
  StepList steps;
  if (runs(vdb)) {
    const bool stop = request.mode == "stop";
    steps.push_back({"write down", "let InnoDB write its dirty pages, for at most a few seconds"});
    if (stop) steps.push_back({"stop", "shut the server down until post-snapshot"});
  }
  steps.push_back({"describe", "write " + mount.snapshotFile().string()});
  steps.push_back({"sync", "write the file system's caches to the storage"});
  return steps;
}

StepList planVdbPostSnapshot(const VdbAccess& access) {
  const Instance vdb = requireVdb(Mount(access.mount));
  if (!readFacts(vdb.mount().stateFile()).contains("stoppedForSnapshot")) return {};
  return {{"put back", "start the server that pre-snapshot stopped"}};
}

}  // namespace dlpx
