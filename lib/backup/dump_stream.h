#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/schema.h"
#include "base/deadline.h"
#include "base/progress.h"
#include "mysql/session.h"
#include "process/command.h"
#include "server/installation.h"

namespace dlpx {

// For a dump of these databases with routines, events and triggers, from a snapshot of InnoDB's.
std::vector<std::string> wholeDumpArguments(const std::vector<std::string>& databases);

// A running mysqldump whose output we read.
class DumpReader {
 public:
  // `arguments` follow the option file; `ignored` are left out of the dump.
  DumpReader(const Installation& installation, const ConnectionOptions& source,
             const std::vector<TableName>& ignored, const std::vector<std::string>& arguments);

  // Reads until the first statement that mysqldump writes after its transaction has begun, or to the end of a
  // dump that is smaller than its buffer. Throws Error{timeout} at the deadline, Error{backup} with
  // mysqldump's words when it fails.
  void waitForSnapshot(const Deadline& deadline);
  // The next bytes; empty at the end, which is a complete dump: Error{backup} otherwise.
  std::string_view next(const Deadline& deadline);

 private:
  bool readMore(const Deadline& deadline);
  void checkEnd(const Deadline& deadline);

  SecretFile options_;
  Child child_;
  std::string head_;    // read by waitForSnapshot
  std::string buffer_;  // of next()
  std::string tail_;    // the last bytes that were read
};

// A running mysql client that executes what it is given.
class SqlWriter {
 public:
  SqlWriter(const Installation& installation, const ConnectionOptions& target);

  // Throws Error{restore} with the client's words when a statement failed.
  void write(std::string_view bytes, const Deadline& deadline);
  // Returns when all was executed.
  void finish(const Deadline& deadline);

 private:
  Error failure(const Deadline& deadline);

  SecretFile options_;
  Child child_;
};

// All of the dump to the target; returns the bytes.
uint64_t pump(DumpReader& from, SqlWriter& to, Progress& progress, const Deadline& deadline);

}  // namespace dlpx
