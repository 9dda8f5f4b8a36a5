#include "server/dirty_pages.h"

#include <chrono>
#include <cstdlib>

#include "base/json_full.h"

namespace dlpx {
namespace {

// Redo that takes no noticeable time to recover.
constexpr uint64_t smallAge = 4ULL << 20;
// A capacity that makes the server take checkpoints often (it takes one every 7 s under load otherwise) and
// that leaves writers room. 8.0.30 and newer can change it while running.
constexpr const char* smallCapacity = "16777216";

uint64_t numberAfter(const std::string& text, const std::string& label) {
  const size_t at = text.find("\n" + label);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 1 + label.size(), nullptr, 10);
}

}  // namespace

Checkpoint parseCheckpoint(const std::string& status) {
  return {numberAfter(status, "Log sequence number"), numberAfter(status, "Last checkpoint at")};
}

Checkpoint readCheckpoint(Session& session) {
  for (const Row& row : session.query(std::string_view("SHOW ENGINE INNODB STATUS")))
    return parseCheckpoint(row.text("Status"));
  return {};
}

Json WrittenDown::json() const {
  return {{"checkpointAgeBefore", ageBefore}, {"checkpointAgeAfter", ageAfter}, {"seconds", seconds}};
}

WrittenDown writeDirtyPagesDown(Session& session, ChangedVariables& variables, const Deadline& deadline) {
  const auto begin = std::chrono::steady_clock::now();
  WrittenDown result;
  result.ageBefore = result.ageAfter = readCheckpoint(session).age();
  if (result.ageBefore > smallAge) {
    variables.set({{"innodb_io_capacity_max", "100000"}});
    variables.set({{"innodb_io_capacity", "50000"},
                   {"innodb_max_dirty_pages_pct_lwm", "0"},
                   {"innodb_max_dirty_pages_pct", "0"},
                   {"innodb_redo_log_capacity", smallCapacity}});
    waitUntil(deadline, [&] {
      result.ageAfter = readCheckpoint(session).age();
      return result.ageAfter <= smallAge;
    });
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace dlpx
