#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/journal.h"
#include "base/undo.h"
#include "engine/engine.h"

namespace dlpx {

// One operation on one dSource or VDB: its lock, its journal, its hooks. What workflows are written in.
class Operation {
 public:
  // Locks the name. Nothing is written yet.
  Operation(Engine& engine, const std::string& name, const std::string& operation);

  ~Operation();

  Engine& engine() { return engine_; }
  Catalogue& catalogue() { return engine_.catalogue(); }
  const std::string& name() const { return name_; }

  // The object, as the catalogue has it when work begins and as the workflow changes it.
  EngineObject object;
  // Reads the object and repairs what a killed operation has left; see recover().
  void load();
  // The pool of the object.
  Pool& pool();
  fs::path mount() { return pool().pathOf(name_); }

  // The next step begins. The log has how long the one before took.
  void step(const std::string& step);
  void finish();
  // The object is no more: its files in the home go.
  void forget();

  // A hook of the object's kind: "pre-snapshot" is linked/pre-snapshot for a dSource.
  HookResult hook(const std::string& operation, const HookEnvironment& more = {});
  // The user's own hook at this point, where there is one.
  void userHook(const std::string& point);
  // Asks who must own the mount, and gives it to them.
  void prepareMount();
  // What the status hook says: {status: "ACTIVE", …}.
  Json status();
  // "ACTIVE": the object's server answers.
  bool isActive();

 private:
  void logStep(const std::string& end);
  HookEnvironment environment();
  void prepareHooks();
  void writeConfig();

  Engine& engine_;
  std::string name_;
  FileLock lock_;
  Journal journal_;
  std::string step_;  // the one that runs
  std::chrono::steady_clock::time_point stepBegan_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<HookRunner> hooks_;
};

// Pool snapshots without a row in the catalogue go; a replacement that was not committed is taken back; a
// set-aside dataset of a committed one goes. Called under the object's lock.
void recover(Operation& operation);
// Stops the object's server by its hooks, where it has a dataset to run on.
void stopServer(Operation& operation);
// The object's storage and row go. The row goes last: whatever fails before, the same call goes on.
void removeAll(Operation& operation);
// The dataset that was set aside comes back and serves again, where its user wants it to.
void putBack(Operation& operation);

std::string asideName(const std::string& name);

// pre-snapshot → the pool's snapshot → post-snapshot. The record is not in the catalogue yet: the caller
// writes it with what else it commits, and calls undo.commit() then. Without a name it gets the time as one.
SnapshotRecord takeSnapshot(Operation& operation, bool resync, Undo& undo, const std::string& name = {});
std::string newSnapshotName(Operation& operation);

}  // namespace dlpx
