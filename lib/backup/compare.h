#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/schema.h"
#include "base/json.h"
#include "mysql/session.h"

namespace dlpx {

struct CompareRequest {
  // As many connections on both sides; pairs compare tables in parallel. Transactions that are open on them
  // (a snapshot) are read in.
  std::vector<Session>& source;
  std::vector<Session>& target;
  std::vector<std::string> databases;
  // False: FLOAT is compared as it is printed, with six digits, because mysqldump copied no more.
  bool exactFloats = true;
};

struct CompareReport {
  struct Difference {
    std::string object;  // "table shop.orders", "view shop.v"
    std::string what;    // "3,000 rows at the source, 2,999 here"
  };
  uint64_t tables = 0;
  uint64_t rows = 0;      // at the source
  uint64_t programs = 0;  // views, routines, triggers, events
  std::vector<Difference> differences;
  std::vector<std::string> notes;  // what was not compared, and why

  Json json() const;
};

// Compares the databases of two servers: which tables, views, routines, triggers and events there are, their
// definitions (only between servers of one series: others print them otherwise), and the rows of every table
// by count and checksums that the same statement computes on both sides, whatever order they are in. Not
// compared are the rows of MEMORY tables, AUTO_INCREMENT counters and whether an event is enabled. Reads
// only.
CompareReport compareDatabases(const CompareRequest& request);

// The statement that computes count and checksums of a table; columns are asked from `session`. Public for
// tests.
std::string checksumStatement(Session& session, const TableName& table, bool exactFloats);

}  // namespace dlpx
