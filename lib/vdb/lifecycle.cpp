#include "vdb/lifecycle.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "process/proc.h"
#include "server/keyring.h"
#include "server/registry.h"
#include "server/vacancy.h"
#include "vdb/facts.h"
#include "vdb/replica.h"

namespace dlpx {
namespace {

const Milliseconds noWait(0);

Output told(const Instance& vdb, const std::string& state) {
  Output output;
  output.json = sourceConfig(vdb);
  output.json["state"] = state;
  output.text = "VDB on " + vdb.mount().root().string() + " " + state + "\n";
  return output;
}

std::vector<ProcessFacts> othersUsing(const Mount& mount) {
  std::vector<ProcessFacts> users = processesUsing(mount.root());
  std::erase_if(users, [](const ProcessFacts& process) { return process.pid == getpid(); });
  return users;
}

std::string describe(const std::vector<ProcessFacts>& processes) {
  std::vector<std::string> names;
  for (const ProcessFacts& process : processes)
    names.push_back(process.executable.filename().string() + " (pid " + std::to_string(process.pid) + ")");
  return join(names, ", ");
}

void waitUntilUnused(const Mount& mount, const Deadline& deadline) {
  if (waitUntil(deadline, [&] { return othersUsing(mount).empty(); })) return;
  throw Error(ExitCode::stop,
              "mount " + mount.root().string() + " is held by " + describe(othersUsing(mount)),
              "end what uses the mount, then repeat the command");
}

void stopServer(const Mount& mount, const VdbAccess& access, bool force) {
  const auto vdb = vdbOn(mount);
  if (!vdb) return;
  vdb->stop(Deadline::in(access.timeout), force);
  registry::forget(vdb->facts().port, mount.root());
}

bool isHalfMade(const Mount& mount) {
  const auto facts = VdbFacts::on(mount);
  return facts && !facts->complete;
}

// The control directory, with the facts that make the mount a VDB's, goes last: a removal that was killed
// goes on where it stopped.
void emptyMount(const Mount& mount) {
  if (const auto vdb = Instance::on(mount)) removeKeyring(mount, vdb->facts());
  for (const auto& entry : fs::directory_iterator(mount.root())) {
    if (entry.path() != mount.control() && !belongsToStorage(entry.path())) removeTree(entry.path());
  }
  const fs::path socketDirectory = mount.socket().parent_path();
  if (socketDirectory != mount.root()) removeTree(socketDirectory);
  removeTree(mount.control());
}

}  // namespace

std::optional<Instance> vdbOn(const Mount& mount) {
  const auto facts = VdbFacts::on(mount);
  if (!facts || !facts->madeHere(mount)) return std::nullopt;
  return Instance::on(mount);
}

Output startVdb(const VdbAccess& access) {
  const Mount mount(access.mount);
  requireVdb(mount);  // before a lock is left in a directory that is none of ours
  const FileLock lock = mount.lock("start", Deadline::in(noWait));
  const Instance vdb = requireVdb(mount);
  vdb.start({.deadline = Deadline::in(access.timeout)});
  vdb.record();
  const VdbFacts facts = *VdbFacts::on(mount);
  if (access.password) {
    Session session = vdb.connect(access.user.value_or(vdb.facts().adminUser), *access.password);
    const std::string noted = facts.serverUuid;
    if (session.variable("server_uuid") != noted) {
      throw Error(ExitCode::connectAfterRestart, "the server on " + mount.root().string() + " is not the VDB",
                  "look at auto.cnf in " + mount.data().string());
    }
  }
  if (facts.isReplica()) followPrimary(vdb, facts, access);
  return told(vdb, "runs");
}

Output stopVdb(const VdbAccess& access) {
  const Mount mount(access.mount);
  if (!fs::is_directory(mount.control()))
    return {{{"state", "stopped"}}, "no VDB on " + mount.root().string()};
  const FileLock lock = mount.lock("stop", Deadline::in(noWait));
  stopServer(mount, access, access.force || isHalfMade(mount));
  return {{{"state", "stopped"}}, "VDB on " + mount.root().string() + " is stopped\n"};
}

Output vdbStatus(const VdbAccess& access) {
  const Mount mount(access.mount);
  const auto vdb = vdbOn(mount);
  if (!vdb) {
    throw Error(ExitCode::usage, "no VDB on mount " + mount.root().string(),
                "name the right directory with --mount, or create one: dlpx-mysql-vdb provision");
  }
  const VdbFacts facts = *VdbFacts::on(mount);
  const std::string state = std::string(text(vdb->state())) + (facts.complete ? "" : " (half made)");
  Output output = told(*vdb, state);
  const auto process = vdb->process();
  output.json["complete"] = facts.complete;
  output.json["pid"] = process ? Json(process->pid) : Json();
  output.json["version"] = vdb->facts().version.text();
  output.json["serverUuid"] = facts.serverUuid;
  output.json["user"] = vdb->facts().adminUser;
  output.json["socket"] = mount.socket().string();
  output.json["snapshot"] = {{"id", facts.snapshotId}, {"time", facts.snapshotTime}};
  output.json["provisionedAt"] = facts.provisionedAt;
  if (facts.isReplica()) output.json["replication"] = replicationOf(*vdb, facts, access);
  const Journal::Unfinished unfinished = Journal::unfinished(mount.stateFile());
  if (!unfinished.operation.empty())
    output.json["unfinished"] = {{"operation", unfinished.operation}, {"step", unfinished.step}};
  output.text = "state:     " + state + "\nport:      " + std::to_string(vdb->facts().port) +
                "\nversion:   " + vdb->facts().version.text() + "\nsocket:    " + mount.socket().string() +
                "\nsnapshot:  " + facts.snapshotId + " of " + facts.snapshotTime + "\n";
  if (facts.isReplica())
    output.text += "replica:   of " + facts.replicateFrom.string() + ", " +
                   output.json["replication"].value("summary", "") + "\n";
  return output;
}

Output vdbActive(const VdbAccess& access) {
  const Mount mount(access.mount);
  const auto vdb = vdbOn(mount);
  const bool active = vdb && !isHalfMade(mount) && vdb->state() == InstanceState::running;
  const std::string word = active ? "ACTIVE" : "INACTIVE";
  Output output{word, word + "\n"};
  const auto facts = VdbFacts::on(mount);
  if (active && facts->isReplica())
    output.json = {{"status", word}, {"replication", replicationOf(*vdb, *facts, access)}};
  return output;
}

Output disableVdb(const VdbAccess& access) {
  const Mount mount(access.mount);
  if (!fs::is_directory(mount.control()))
    return {{{"state", "disabled"}}, "no VDB on " + mount.root().string()};
  const FileLock lock = mount.lock("disable", Deadline::in(noWait));
  stopServer(mount, access, access.force || isHalfMade(mount));
  waitUntilUnused(mount, Deadline::in(access.timeout));
  return {{{"state", "disabled"}},
          "VDB on " + mount.root().string() + " is stopped, and nothing holds the mount\n"};
}

Output removeVdb(const VdbAccess& access) {
  const Mount mount(access.mount);
  const Output removed{{{"state", "removed"}}, "the VDB on " + mount.root().string() + " is removed\n"};
  if (isVacant(mount)) {
    removeTree(mount.control());
    return removed;
  }
  if (!VdbFacts::on(mount) || !VdbFacts::on(mount)->madeHere(mount)) {
    // A clone whose provisioning never began, or somebody's staging: its files are not ours to remove.
    waitUntilUnused(mount, Deadline::in(noWait));
    return {
        {{"state", "no-vdb"}},
        "no VDB was made on " + mount.root().string() + ": nothing runs there, and nothing was removed\n"};
  }
  const FileLock lock = mount.lock("remove", Deadline::in(noWait));
  Journal journal = mount.journal("remove");
  journal.step("stop");
  stopServer(mount, access, true);
  waitUntilUnused(mount, Deadline::in(access.timeout));
  journal.step("remove-files");
  emptyMount(mount);
  return removed;
}

Output vdbSize(const VdbAccess& access) {
  const uint64_t bytes = allocatedBytes(access.mount);
  return {{{"bytes", bytes}}, std::to_string(bytes) + "\n"};
}

Output vdbMountSpecification(const fs::path& mount, const std::string& osUser) {
  const Owner owner = ownerOf(osUser);
  const Mount place(mount);
  return {{{"mountPath", place.root().string()}, {"uid", owner.uid}, {"gid", owner.gid}},
          place.root().string() + " for " + osUser + "\n"};
}

}  // namespace dlpx
