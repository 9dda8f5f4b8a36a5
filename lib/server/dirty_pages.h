#pragma once

#include <cstdint>

#include "base/deadline.h"
#include "base/json.h"
#include "mysql/session.h"
#include "server/changed_variables.h"

namespace dlpx {

// How much redo a crash recovery would have to read.
struct Checkpoint {
  uint64_t current = 0;  // log sequence number written
  uint64_t last = 0;     // of the last checkpoint
  uint64_t age() const { return current > last ? current - last : 0; }
};
Checkpoint readCheckpoint(Session& session);
// From the text of SHOW ENGINE INNODB STATUS; public for tests.
Checkpoint parseCheckpoint(const std::string& status);

struct WrittenDown {
  uint64_t ageBefore = 0;
  uint64_t ageAfter = 0;
  double seconds = 0;
  Json json() const;
};

// Makes InnoDB write its dirty pages and keep little redo while all runs, so that the recovery of a clone is
// short and its redo small. Returns when the checkpoint's age is small or the deadline has passed, whichever
// comes first: being late is no error. The variables stay changed until `variables` puts them back.
WrittenDown writeDirtyPagesDown(Session& session, ChangedVariables& variables, const Deadline& deadline);

}  // namespace dlpx
