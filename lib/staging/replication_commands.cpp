#include "staging/replication_commands.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "server/changed_variables.h"
#include "staging/account.h"
#include "staging/facts.h"
#include "staging/ingest.h"
#include "staging/lifecycle.h"
#include "staging/mount_use.h"
#include "staging/password_files.h"
#include "staging/replicate.h"
#include "staging/room.h"
#include "staging/snapshot.h"

namespace dlpx {
namespace {

Output describe(const ChannelStatus& status) {
  Output output{status.json(), "replication: " + status.summary() + "\n"};
  if (!status.remedy.empty()) output.text += "remedy: " + status.remedy + "\n";
  return output;
}

void note(const Instance& instance, const ChannelStatus& status) {
  Json seen = {{"at", utcNow()}, {"state", std::string(text(status.state))}, {"summary", status.summary()}};
  if (status.replica.lagSeconds) seen["lagSeconds"] = *status.replica.lagSeconds;
  mergeFacts(instance.mount().stateFile(), {{"lastReplication", seen}}, {0640, instance.owner()});
}

Error onlyAPerson(const ChannelStatus& status) {
  return Error(ExitCode::replication, "replication is " + status.summary(), status.remedy);
}

void requireRoom(const Mount& mount, const ChannelStatus& status) {
  const uint64_t room = freeBytes(mount.root());
  if (room >= leastRoom) return;
  throw Error(ExitCode::noSpace,
              "staging's disk has " + humanBytes(room) + " left; replication is " + status.summary(),
              "give the file system of " + mount.root().string() +
                  " more space: the next run of the worker goes on from there");
}

// The receiver may still try a password that the source has changed, the applier may have met a full disk.
bool maySucceedNow(const ChannelStatus& status, const StagingAccess& access) {
  if (status.errorNumber == 0) return true;
  const Diagnosis diagnosis = diagnose(status.errorNumber, status.error);
  return !diagnosis.permanent || diagnosis.cure == Cure::space ||
         (diagnosis.cure == Cure::password && access.replicationPassword);
}

ChannelStatus heal(Session& session, const StagingFacts& facts, const StagingAccess& access) {
  const ChannelStatus now = Channel(session).status();
  requireRoom(Mount(access.mount), now);
  if (now.state == ChannelState::running) return now;
  if (now.state == ChannelState::notConfigured || now.needsResync) throw onlyAPerson(now);
  if (!maySucceedNow(now, access)) throw onlyAPerson(now);
  log::info("replication is " + now.summary() + ": starting it");
  return startReplication(session, facts, access.replicationUser.value_or(""), access.replicationPassword,
                          Deadline::in(access.timeout));
}

}  // namespace

StagingFacts requireReplicating(const Mount& mount) {
  const StagingFacts facts = StagingFacts::on(mount);
  if (facts.replicates()) return facts;
  throw Error(ExitCode::usage,
              "the staging server on " + mount.root().string() + " has no replication of ours",
              facts.type == StagingType::manual ? "its user fills it: nothing is to be done"
                                                : "resync it without --no-log-sync");
}

Output replicationStatus(const StagingAccess& access) {
  const Instance instance = requireStaging(Mount(access.mount));
  Session session = connectToStaging(instance, access);
  return describe(Channel(session).status());
}

Output replicationStart(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = requireReplicating(mount);
  const FileLock lock = mount.lock("replication start", Deadline::in(Milliseconds(0)));
  Session session = connectToStaging(instance, access);
  const ChannelStatus status = startReplication(session, facts, access.replicationUser.value_or(""),
                                                access.replicationPassword, Deadline::in(access.timeout));
  notePasswordFiles(mount, access.passwordFiles, instance.owner());
  return describe(status);
}

Output replicationStop(const StagingAccess& access) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  requireReplicating(mount);
  const FileLock lock = mount.lock("replication stop", Deadline::in(Milliseconds(0)));
  Session session = connectToStaging(instance, access);
  Channel channel(session);
  channel.stop(adminConnection(instance, *access.adminPassword), Deadline::in(access.timeout));
  return describe(channel.status());
}

Output replicationWait(const StagingAccess& access, const WaitFor& what) {
  const Mount mount(access.mount);
  const Instance instance = requireStaging(mount);
  requireReplicating(mount);
  Session session = connectToStaging(instance, access);
  Channel channel(session);
  const Deadline deadline = Deadline::in(access.timeout);
  if (what.gtids) channel.waitForGtids(*what.gtids, deadline);
  if (what.lag || !what.gtids)
    channel.waitForLag(static_cast<uint64_t>(what.lag.value_or(Milliseconds(0)).count() / 1000), deadline);
  return describe(channel.status());
}

namespace {

// Nothing while another operation is at work there.
std::optional<FileLock> lockForWork(const Mount& mount, std::string& holder) {
  try {
    requireStaging(mount);
    return mount.lock("worker", Deadline::in(Milliseconds(0)));
  } catch (const Error& e) {
    if (e.code() != ExitCode::locked) throw;
    holder = e.what();
    return std::nullopt;
  }
}

}  // namespace

Output work(const StagingAccess& access) {
  const Mount mount(access.mount);
  std::string holder;
  const std::optional<FileLock> lock = lockForWork(mount, holder);
  if (!lock) return {{{"state", "busy"}}, holder + ": nothing to do\n"};
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = StagingFacts::on(mount);
  if (instance.state() != InstanceState::running)
    return {{{"state", std::string(text(instance.state()))}}, "staging does not run: nothing to do\n"};
  Session session = connectToStaging(instance, access);
  { const ChangedVariables leftovers(session, instance); }
  if (!facts.replicates()) return {{{"state", "running"}}, "staging runs\n"};
  if (quiescedLately(mount)) return {{{"state", "quiesced"}}, "a snapshot is being taken: nothing to do\n"};
  try {
    const ChannelStatus status = heal(session, facts, access);
    note(instance, status);
    return describe(status);
  } catch (const Error&) {
    note(instance, Channel(session).status());
    throw;
  }
}

}  // namespace dlpx
