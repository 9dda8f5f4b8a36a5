#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/journal.h"
#include "base/json.h"

namespace dlpx {

// The steps of a workflow on a mount: journalled before their effects, timed for the report.
class Steps {
 public:
  explicit Steps(Journal journal) : journal_(std::move(journal)) {}

  void begin(const std::string& name);
  // The workflow's commit point: the journal entry goes.
  void finish();
  // Seconds of each step, in order, and of all.
  Json seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void endCurrent();

  Journal journal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point stepBegan_ = start_;
  std::string current_;
  std::vector<std::pair<std::string, double>> done_;
};

// What was done for each item of the safe-clone contract (design section 9).
class ContractReport {
 public:
  void add(unsigned item, const std::string& done);
  // [{item, requirement, done: [...]}], all eight items.
  Json json() const;

 private:
  std::vector<std::pair<unsigned, std::string>> done_;
};

}  // namespace dlpx
