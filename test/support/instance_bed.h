#pragma once

#include <string>

#include "server/instance.h"
#include "support/scratch.h"

namespace dlpx::test {

// An instance on a scratch mount (or on `root`) with an empty data directory and its my.cnf. What is kept
// about the host lies in the scratch, too. Its server is stopped at the end.
struct InstanceBed {
  Scratch scratch;
  Mount mount;
  Instance instance{mount, facts()};

  InstanceBed() : InstanceBed(fs::path()) {}
  explicit InstanceBed(const fs::path& root);
  ~InstanceBed();
  InstanceBed(const InstanceBed&) = delete;
  InstanceBed& operator=(const InstanceBed&) = delete;

  // The accounts of a new server: manager@localhost, with a password that is hard to quote.
  static std::string firstStatements();
  static Secret password();
  void initialise() const;

  static InstanceFacts facts();
};

}  // namespace dlpx::test
