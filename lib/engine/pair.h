#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/operation.h"

namespace dlpx {

// A VDB and its replica, where it has one: under lock, loaded and repaired, for a workflow that works on
// both.
class Pair {
 public:
  using Parts = std::vector<Operation*>;

  // Of what is in the catalogue. Throws Error{usage} for the name of a replica.
  static Pair load(Engine& engine, const std::string& name, const std::string& operation);
  // As load; a replica by its own name is worked on alone.
  static Pair loadOrReplica(Engine& engine, const std::string& name, const std::string& operation);
  // Locked only: for what is still to be made.
  Pair(Engine& engine, const std::string& name, const std::string& operation, bool withReplica);

  Operation& primary() { return *operations_.front(); }
  // The replica can only follow a primary that runs, and must never be ahead of it: it is started last, and
  // stopped, snapshotted and removed first.
  Parts primaryFirst() const;
  Parts replicaFirst() const;

 private:
  std::vector<std::unique_ptr<Operation>> operations_;
};

}  // namespace dlpx
