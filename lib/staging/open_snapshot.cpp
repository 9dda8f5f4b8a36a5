#include "staging/open_snapshot.h"

#include <ctime>

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"

namespace dlpx {
namespace {

constexpr const char* fact = "openSnapshot";

int64_t now() {
  return static_cast<int64_t>(std::time(nullptr));
}

int64_t longest(const Json& pair) {
  constexpr int64_t quarterOfAnHour = 900;
  constexpr int64_t day = 86'400;
  return pair.value("mode", "") == text(SnapshotMode::stop) ? day : quarterOfAnHour;
}

// Null: none, or one that has lapsed.
Json openPair(const Mount& mount) {
  const Json facts = readFacts(mount.stateFile());
  if (!facts.contains(fact)) return {};
  const Json& pair = facts[fact];
  return pair.value("since", int64_t{0}) + longest(pair) > now() ? pair : Json();
}

Error stillOpen(const Mount& mount, const Json& pair) {
  return Error(ExitCode::locked,
               "a snapshot of " + mount.root().string() + " is being taken, since " +
                   std::to_string(now() - pair.value("since", now())) +
                   " s: post-snapshot has not come yet, and its data must not be replaced",
               "repeat the command when it has come; when whoever took the snapshot is gone, first run "
               "dlpx-mysql-stage post-snapshot --mount " +
                   mount.root().string());
}

}  // namespace

void noteSnapshotOpen(const Mount& mount, SnapshotMode mode, Owner owner) {
  mergeFacts(mount.stateFile(), {{fact, {{"mode", std::string(text(mode))}, {"since", now()}}}},
             {0640, owner});
}

void noteSnapshotOver(const Mount& mount, Owner owner) {
  if (readFacts(mount.stateFile()).contains(fact))
    mergeFacts(mount.stateFile(), {{fact, nullptr}}, {0640, owner});
}

bool snapshotIsOpen(const Mount& mount) {
  return !openPair(mount).is_null();
}

void refuseOpenSnapshot(const Mount& mount) {
  if (const Json pair = openPair(mount); !pair.is_null()) throw stillOpen(mount, pair);
}

FileLock lockBetweenSnapshots(const Mount& mount, const std::string& operation, const Deadline& deadline) {
  for (;;) {
    {
      FileLock lock = mount.lock(operation, deadline);
      if (!snapshotIsOpen(mount)) return lock;
    }
    log::info("the new data is complete, and waits for the snapshot of the old that is being taken");
    if (!waitUntil(
            deadline, [&] { return !snapshotIsOpen(mount); }, Milliseconds(500)))
      refuseOpenSnapshot(mount);
  }
}

}  // namespace dlpx
