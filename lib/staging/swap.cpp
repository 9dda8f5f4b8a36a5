#include "staging/swap.h"

#include <future>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/undo.h"
#include "server/keyring.h"
#include "server/registry.h"
#include "staging/account.h"
#include "staging/password_files.h"
#include "staging/replicate.h"
#include "staging/user_replication.h"

namespace dlpx {
namespace {

constexpr Seconds timeToUndo(60);
constexpr const char* operation = "resync";

// Relative to the mount. The data comes first: where it is tells how far a swap came. A description of the
// old data must not describe the new.
const std::vector<fs::path>& parts() {
  static const std::vector<fs::path> names = {
      "data", "log", "tmp", "my.cnf", "mysqld_error.log", fs::path(".dlpx-mysql") / "snapshot.json"};
  return names;
}

fs::path noteOfBefore(const Mount& mount) {
  return mount.previous().control() / "before.json";
}

void renameIfThere(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(from))) return;
  fs::rename(from, to, error);
  if (error)
    throw systemError(ExitCode::storage, "cannot rename " + from.string() + " to " + to.string(),
                      error.value());
}

void syncPlaces(const Mount& mount) {
  for (const Mount& place : {mount.next(), mount.previous(), mount}) {
    for (const fs::path& directory : {place.control(), place.root()})
      if (fs::is_directory(directory)) syncPath(directory);
  }
}

void moveIn(const Mount& mount) {
  for (const fs::path& part : parts()) {
    renameIfThere(mount.root() / part, mount.previous().root() / part);
    renameIfThere(mount.next().root() / part, mount.root() / part);
  }
  syncPlaces(mount);
}

// Also from the middle of moveIn(), and of itself.
void moveBack(const Mount& mount) {
  for (const fs::path& part : parts()) {
    if (!fs::exists(mount.previous().root() / part)) continue;
    renameIfThere(mount.root() / part, mount.next().root() / part);
    renameIfThere(mount.previous().root() / part, mount.root() / part);
  }
  syncPlaces(mount);
}

// What the server does that is to be put back as it was: of a user's replication, too.
Json runningBefore(const Instance& old, const StagingAccess& access) {
  Json before = {{"facts", readFacts(old.mount().stateFile())},
                 {"running", old.state() == InstanceState::running},
                 {"channels", Json::array()}};
  if (!before["running"].get<bool>()) return before;
  try {
    Session session = connectToStaging(old, access);
    before["channels"] = runningChannels(session);
  } catch (const Error& e) {
    log::warning(std::string("what the old staging server replicates cannot be asked: ") + e.what());
  }
  return before;
}

void noteBefore(const Mount& mount, const Json& before, Owner owner) {
  removeTree(mount.previous().root());
  makeDirectory(mount.previous().root(), {0750, owner});
  makeDirectory(mount.previous().control(), {0750, owner});
  writeFile(noteOfBefore(mount), pretty(before), {0640, owner});
}

void resumeOld(const Instance& old, const Json& before, const StagingAccess& access) {
  if (!before.value("running", false)) return;
  old.start({.deadline = Deadline::in(access.timeout)});
  if (before["channels"].empty()) return;
  Session session = connectToStaging(old, access);
  const StagingFacts facts = StagingFacts::on(old.mount());
  if (facts.replicates()) {
    startReplication(session, facts, access.replicationUser.value_or(""), access.replicationPassword,
                     Deadline::in(access.timeout));
  } else {
    resumeChannels(session, before["channels"]);
  }
}

// Its error log stays for whoever asks why.
void dropData(const Mount& next) {
  if (const auto server = Instance::on(next)) server->stop(Deadline::in(timeToUndo), true);
  for (const fs::path& directory : {next.data(), next.log()}) removeTree(directory);
}

void putOldBack(const Mount& mount, const StagingAccess& access) {
  const InterruptShield shield;
  const Json before = readJson(noteOfBefore(mount));
  const auto now = Instance::on(mount);
  if (now && fs::exists(mount.previous().data())) now->stop(Deadline::in(timeToUndo), true);
  moveBack(mount);
  // Now: on a disk that it has filled, nothing could be noted, and the old server could not start.
  dropData(mount.next());
  mergeFacts(mount.stateFile(), before["facts"], {0640, ownerOf(mount.control())});
  if (const fs::path made = before.value("newKeyring", ""); !made.empty()) removeTree(made.parent_path());
  const Instance old = Instance::require(mount);
  if (now && now->facts().port != old.facts().port) registry::forget(now->facts().port, mount.root());
  registry::enter(old.facts().port, mount.root());
  // Before the start: the data is whole again, and a start that fails is told by any later command.
  mount.journal(operation).finish();
  try {
    resumeOld(old, before, access);
  } catch (const Error& e) {
    log::warning(std::string("the old staging server is back, but does not do all that it did: ") + e.what() +
                 "; " + e.remedy());
  }
}

// Both servers' master keys: the old data may come back, and its snapshots are read with them.
void uniteKeyrings(const Instance& instance, const fs::path& old, const fs::path& built) {
  const fs::path& own = instance.facts().keyring;
  if (own.empty()) return;
  Keyring all;
  for (const fs::path& file : {own, old, built})
    if (!file.empty() && fs::exists(file)) all.add(Keyring::read(file, ExitCode::serverStart));
  writeKeyring(own, all, instance.owner());
}

// One on the mount that is not used any more would come into each snapshot. One elsewhere opens those that
// were taken.
void dropKeyring(const Mount& mount, const InstanceFacts& old, const InstanceFacts& now) {
  if (old.keyring == keyringFile(mount, {}) && now.keyring != old.keyring)
    removeTree(old.keyring.parent_path());
}

// The new server's own settings: until now it had no port.
Instance settle(const StagingRequest& request, const Plan& plan, const Instance& old,
                const InstanceFacts& built) {
  const Mount& mount = old.mount();
  const Instance instance(mount, stagingInstance(request, plan));
  mergeFacts(mount.stateFile(),
             {{"changedVariables", nullptr},
              {"quiesced", nullptr},
              {"openSnapshot", nullptr},
              {"lastReplication", nullptr}},
             {0640, instance.owner()});
  instance.record();
  uniteKeyrings(instance, old.facts().keyring, built.keyring);
  writeStagingOptions(instance, request, plan);
  return instance;
}

ChannelStatus startNew(const StagingRequest& request, const Instance& instance, const StagingFacts& facts) {
  const Deadline deadline = Deadline::in(request.timeout);
  instance.start({.deadline = deadline});
  Session session = instance.connect(request.adminUser, request.adminPassword);
  if (!facts.replicates()) return {};
  return startReplication(session, facts, request.replicationUser, request.replicationPassword, deadline);
}

// At the same time: a server whose replication runs waits two seconds for its threads to go.
void stopBoth(const Instance& one, const Instance& other, const Deadline& deadline) {
  std::future<void> stopped = std::async(std::launch::async, [&] { one.stop(deadline); });
  other.stop(deadline);
  stopped.get();
}

}  // namespace

BuiltStaging swapIn(const StagingRequest& request, const Plan& plan, BuiltStaging built) {
  const Mount mount(request.mount);
  const Instance old = Instance::require(mount);
  const StagingAccess access = accessOf(request);
  Json before = runningBefore(old, access);
  if (const fs::path keyring = stagingInstance(request, plan).keyring; !fs::exists(keyring))
    before["newKeyring"] = keyring.string();
  noteBefore(mount, before, old.owner());
  Journal journal = mount.journal(operation);
  Undo undo;
  undo.add("the staging server that was there", [&] { putOldBack(mount, access); });
  journal.step("stop the old data");
  stopBoth(built.instance, old, Deadline::in(request.timeout));
  journal.step("swap");
  moveIn(mount);
  journal.step("settle");
  const Instance instance = settle(request, plan, old, built.instance.facts());
  journal.step("start the new data");
  built.channel = startNew(request, instance, built.facts);
  journal.step("publish");
  mergeFacts(mount.stateFile(), {{"staging", built.facts.json()}}, {0640, instance.owner()});
  notePasswordFiles(mount, request.passwordFiles, instance.owner());
  // Last: from here on the new data is staging's, and the old is only in the way.
  journal.finish();
  undo.commit();
  dropKeyring(mount, old.facts(), instance.facts());
  if (old.facts().port != request.port) registry::forget(old.facts().port, mount.root());
  return {instance, built.facts, built.channel, built.notes};
}

void undoResync(const Mount& mount, const StagingAccess& access) {
  if (Journal::unfinished(mount.stateFile()).operation != operation) return;
  log::info("a resync was interrupted while it replaced the data: putting back what was there");
  putOldBack(mount, access);
}

}  // namespace dlpx
