#include <algorithm>
#include <ctime>
#include <set>

#include "base/error.h"
#include "engine/workflow_checks.h"

namespace dlpx {
namespace {

std::time_t secondsOf(const std::string& utc) {
  std::tm parts = {};
  strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return timegm(&parts);
}

int64_t hourOf(const SnapshotRecord& snapshot) {
  return secondsOf(snapshot.created) / 3600;
}
// Days and weeks since 1970 began on a Thursday: weeks are counted from Mondays.
int64_t dayOf(const SnapshotRecord& snapshot) {
  return secondsOf(snapshot.created) / 86400;
}
int64_t weekOf(const SnapshotRecord& snapshot) {
  return (dayOf(snapshot) + 3) / 7;
}

// Keeps the newest of each period, of as many periods as asked.
void keepPeriods(const std::vector<SnapshotRecord>& newestFirst, int64_t periods,
                 int64_t (*periodOf)(const SnapshotRecord&), std::set<int64_t>& kept) {
  std::set<int64_t> seen;
  for (const SnapshotRecord& snapshot : newestFirst) {
    if (static_cast<int64_t>(seen.size()) == periods) return;
    if (seen.insert(periodOf(snapshot)).second) kept.insert(snapshot.id);
  }
}

std::set<int64_t> keptBy(const RetentionPolicy& policy, const std::vector<SnapshotRecord>& newestFirst) {
  std::set<int64_t> kept;
  const int64_t last = std::max<int64_t>(policy.keepLast, 1);
  for (size_t i = 0; i < newestFirst.size() && static_cast<int64_t>(i) < last; ++i)
    kept.insert(newestFirst[i].id);
  keepPeriods(newestFirst, policy.keepHourly, hourOf, kept);
  keepPeriods(newestFirst, policy.keepDaily, dayOf, kept);
  keepPeriods(newestFirst, policy.keepWeekly, weekOf, kept);
  if (!policy.keepFor) return kept;
  const std::time_t oldest = std::time(nullptr) - policy.keepFor->count();
  for (const SnapshotRecord& snapshot : newestFirst) {
    if (secondsOf(snapshot.created) >= oldest) kept.insert(snapshot.id);
  }
  return kept;
}

void chooseFrom(Engine& engine, const EngineObject& object, const RetentionPolicy& policy,
                RetentionResult& result) {
  std::vector<SnapshotRecord> snapshots = engine.catalogue().snapshots(object);
  std::reverse(snapshots.begin(), snapshots.end());
  const std::set<int64_t> kept = keptBy(policy, snapshots);
  const auto replica = engine.catalogue().findReplica(object.name);  // its snapshots go with these
  for (const SnapshotRecord& snapshot : snapshots) {
    if (kept.contains(snapshot.id)) continue;
    const std::string full = object.name + "@" + snapshot.name;
    // What goes as well does not hold it.
    std::vector<std::string> holders = engine.catalogue().dependents(snapshot);
    std::erase_if(holders, [&](const std::string& holder) {
      return std::find(result.removed.begin(), result.removed.end(), holder) != result.removed.end();
    });
    if (!holders.empty()) {
      result.inUse.push_back(full);
      continue;
    }
    result.removed.push_back(full);
    if (replica && engine.catalogue().findSnapshot(*replica, snapshot.name))
      result.removed.push_back(replica->name + "@" + snapshot.name);
  }
}

}  // namespace

RetentionResult chooseForRemoval(Engine& engine, const std::optional<std::string>& name,
                                 const RetentionPolicy& policy) {
  if (policy.keepLast == 0 && policy.keepHourly == 0 && policy.keepDaily == 0 && policy.keepWeekly == 0 &&
      !policy.keepFor) {
    throw Error(ExitCode::usage, "no rule says what to keep",
                "give one or more of --keep-last, --keep-hourly, --keep-daily, --keep-weekly and --keep-for");
  }
  if (name) requireNoReplica(engine.catalogue().object(*name), "retention");
  RetentionResult result;
  std::vector<EngineObject> objects =
      name ? std::vector{engine.catalogue().object(*name)} : engine.catalogue().objects();
  // VDBs before what they were made from: their own snapshots hold their parents'.
  std::reverse(objects.begin(), objects.end());
  for (const EngineObject& object : objects) {
    if (object.pending == Pending::none && object.settings.replicaOf.empty())
      chooseFrom(engine, object, policy, result);
  }
  return result;
}

RetentionResult applyRetention(Engine& engine, const std::optional<std::string>& name,
                               const RetentionPolicy& policy) {
  const RetentionResult result = chooseForRemoval(engine, name, policy);
  for (const std::string& snapshot : result.removed) {
    const EngineObject object = engine.catalogue().object(snapshot.substr(0, snapshot.find('@')));
    if (object.settings.replicaOf.empty()) remove(engine, snapshot);
  }
  return result;
}

}  // namespace dlpx
