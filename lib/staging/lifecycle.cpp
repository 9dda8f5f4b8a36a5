#include "staging/lifecycle.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "server/changed_variables.h"
#include "staging/account.h"
#include "staging/facts.h"
#include "staging/mount_use.h"
#include "staging/password_files.h"
#include "staging/replicate.h"
#include "staging/swap.h"
#include "staging/user_replication.h"

namespace dlpx {
namespace {

FileLock lockNow(const Mount& mount, const std::string& operation) {
  return mount.lock(operation, Deadline::in(Milliseconds(0)));
}

Output describe(const Instance& instance, InstanceState now, const StagingFacts& facts,
                const std::optional<ChannelStatus>& channel) {
  const std::string state(text(now));
  Output output;
  output.json = {{"state", state},
                 {"active", now == InstanceState::running},
                 {"mount", instance.mount().root().string()},
                 {"port", instance.facts().port},
                 {"version", instance.facts().version.text()},
                 {"staging", facts.json()}};
  output.text = "state: " + state + "\nmount: " + instance.mount().root().string() +
                "\nport: " + std::to_string(instance.facts().port) +
                "\nversion: " + instance.facts().version.text() + "\n";
  if (facts.type == StagingType::replication) output.text += "source: " + facts.source() + "\n";
  if (channel) {
    output.json["replication"] = channel->json();
    output.text += "replication: " + channel->summary() + "\n";
    if (!channel->remedy.empty()) output.text += "remedy: " + channel->remedy + "\n";
  }
  const Json noted = readFacts(instance.mount().stateFile());
  if (!channel && noted.contains("lastReplication")) {
    output.json["lastReplication"] = noted["lastReplication"];
    output.text += "replication, last seen: " + noted["lastReplication"].value("summary", "") + " at " +
                   noted["lastReplication"].value("at", "") + "\n";
  }
  return output;
}

Output nothingThere(const Mount& mount) {
  return {{{"state", "absent"}, {"active", false}, {"mount", mount.root().string()}},
          "no staging server on " + mount.root().string() + "\n"};
}

// Of a manual staging server.
void addUserReplication(Output& output, Session& session) {
  const Json channels = describeChannels(session);
  output.json["userReplication"] = channels;
  for (const Json& each : channels) {
    const std::string name = each.value("channel", "");
    output.text += "the user's replication" + (name.empty() ? "" : ", channel " + name) + ": " +
                   each.value("summary", "") + ", from " + each.value("source", "") + "\n";
  }
}

// A clean stop of the account's repair stopped it, and only the user knows whether it is to run.
void warnOfStandingChannels(const Instance& instance, const StagingAccess& access) {
  Session session = connectToStaging(instance, access);
  for (const auto& [name, status] : channelsOf(session)) {
    if (status.state == ChannelState::stopped)
      log::warning("the restart stopped your replication from " +
                   Endpoint{status.replica.sourceHost, status.replica.sourcePort, {}}.text() +
                   ": START REPLICA on staging lets it go on");
  }
}

// True when the account was put back.
bool repairIfAsked(const Instance& instance, const StagingAccess& access, const Deadline& deadline) {
  if (!access.repairAccount) return false;
  if (!access.adminPassword) connectToStaging(instance, access);  // says that it is needed
  return repairAccount(instance, *access.adminPassword, deadline);
}

// What a killed resync has left beside the data, or, in the middle of its swap, the server there.
// Error{locked} while one goes on.
void clearLeftovers(const Mount& mount, const std::string& operation, const Deadline& deadline) {
  const FileLock beside = lockBeside(mount, operation);
  if (Journal::unfinished(mount.stateFile()).operation.empty()) return clearBeside(mount, deadline);
  if (const auto next = Instance::on(mount.next())) next->stop(deadline, true);
}

// The server runs by now: whoever was called at night has that much.
void requireLogin(const StagingAccess& access, const Instance& instance) {
  if (access.adminPassword) return;
  throw Error(
      ExitCode::replication,
      "staging runs on port " + std::to_string(instance.facts().port) +
          ", but its replication stands: the password of " + instance.facts().adminUser +
          ", who starts it, was not given",
      "repeat with --staging-password-file FILE: the file's name is noted, so that the next start finds "
      "it; --no-log-sync leaves replication off");
}

bool isOurs(MountUse use) {
  return use == MountUse::staging || use == MountUse::unfinished;
}

}  // namespace

Output startStaging(const StagingAccess& access) {
  const Mount mount(access.mount);
  if (!Instance::on(mount)) requireStaging(mount);  // says why not
  const FileLock lock = lockNow(mount, "start");
  undoResync(mount, access);
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = StagingFacts::on(mount);
  const Deadline deadline = Deadline::in(access.timeout);
  const bool repaired = repairIfAsked(instance, access, deadline);
  instance.start({.deadline = deadline});
  if (repaired && !facts.replicates()) warnOfStandingChannels(instance, access);
  if (!facts.replicates() || !access.logSync)
    return describe(instance, InstanceState::running, facts, std::nullopt);
  requireLogin(access, instance);
  Session session = connectToStaging(instance, access);
  const ChangedVariables leftovers(session, instance);
  mergeFacts(mount.stateFile(), {{"quiesced", nullptr}}, {0640, instance.owner()});
  const ChannelStatus channel = startReplication(session, facts, access.replicationUser.value_or(""),
                                                 access.replicationPassword, deadline);
  notePasswordFiles(mount, access.passwordFiles, instance.owner());
  return describe(instance, InstanceState::running, facts, channel);
}

Output stopStaging(const StagingAccess& access) {
  const Mount mount(access.mount);
  const auto instance = Instance::on(mount);
  if (!instance) return nothingThere(mount);
  if (!isOurs(useOf(mount))) requireStaging(mount);  // says why not
  const FileLock lock = lockNow(mount, "stop");
  clearLeftovers(mount, "stop", Deadline::in(access.timeout));
  instance->stop(Deadline::in(access.timeout), access.force);
  return {{{"state", "stopped"}, {"mount", mount.root().string()}, {"port", instance->facts().port}},
          "staging on " + mount.root().string() + " is stopped\n"};
}

Output stagingStatus(const StagingAccess& access) {
  const Mount mount(access.mount);
  const auto instance = Instance::on(mount);
  if (!instance) return nothingThere(mount);
  const Json noted = readFacts(mount.stateFile());
  const StagingFacts facts =
      noted.contains("staging") ? StagingFacts::from(noted["staging"]) : StagingFacts{};
  const InstanceState state = instance->state();
  std::optional<Session> session;
  if (access.adminPassword && state == InstanceState::running)
    session.emplace(connectToStaging(*instance, access));
  const bool manual = facts.type == StagingType::manual;
  std::optional<ChannelStatus> channel;
  if (session && !manual) channel = Channel(*session).status();
  Output output = describe(*instance, state, facts, channel);
  if (session && manual) addUserReplication(output, *session);
  const auto unfinished = Journal::unfinished(mount.stateFile());
  output.json["unfinished"] = unfinished.operation;
  if (!unfinished.operation.empty())
    output.text += "unfinished: " + unfinished.operation + ", step '" + unfinished.step + "'\n";
  return output;
}

Output stagingActive(const StagingAccess& access) {
  const auto instance = Instance::on(Mount(access.mount));
  const std::string word = instance && instance->state() == InstanceState::running ? "ACTIVE" : "INACTIVE";
  return {{{"status", word}}, word + "\n"};
}

Output removeStaging(const StagingAccess& access) {
  const Mount mount(access.mount);
  const MountUse use = useOf(mount);
  if (!mount.exists() && (use == MountUse::missing || use == MountUse::empty)) return nothingThere(mount);
  if (use != MountUse::empty && !isOurs(use)) {
    throw Error(ExitCode::usage,
                "mount " + mount.root().string() + " holds no staging server of ours: nothing was removed",
                "name the right directory with --mount");
  }
  const FileLock lock = lockNow(mount, "remove");
  const FileLock beside = lockBeside(mount, "remove");
  mount.journal("remove").step("stop and clear");
  clearMount(mount, true, Deadline::in(access.timeout));
  return {{{"state", "absent"}, {"mount", mount.root().string()}},
          "staging on " + mount.root().string() + " is removed\n"};
}

Output stagingSize(const StagingAccess& access) {
  const Mount mount(access.mount);
  if (!fs::is_directory(mount.root())) {
    throw Error(ExitCode::usage, "mount " + mount.root().string() + " is not there",
                "name the right directory with --mount");
  }
  const uint64_t bytes = allocatedBytes(mount.root());
  return {{{"bytes", bytes}}, std::to_string(bytes) + "\n"};
}

Output mountSpecification(const fs::path& mount, const std::string& osUser) {
  const Owner owner = ownerOf(osUser);
  return {{{"mountPath", mount.string()}, {"uid", owner.uid}, {"gid", owner.gid}},
          mount.string() + " " + std::to_string(owner.uid) + ":" + std::to_string(owner.gid) + "\n"};
}

}  // namespace dlpx
