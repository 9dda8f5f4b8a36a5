#include "vdb/options.h"

#include <unistd.h>

#include <algorithm>

#include "mysql/dialect.h"
#include "server/server_options.h"

namespace dlpx {

const char* const vdbLogBin = "../log/mysql-bin";

namespace {

constexpr uint64_t megabyte = 1ULL << 20;

void add(std::vector<Option>& options, const std::vector<Option>& more) {
  options.insert(options.end(), more.begin(), more.end());
}

// A VDB owns its redo log from the first start on: its capacity is most of the disk that a fresh one holds.
// It can be raised while the server runs, for long writes.
uint64_t redoCapacity(VdbProfile profile) {
  return (profile == VdbProfile::small ? 8 : 16) * megabyte;
}

void addSmall(std::vector<Option>& options) {
  add(options, {{"performance-schema", "OFF"},
                {"max-connections", "50"},
                {"table-open-cache", "400"},
                {"table-definition-cache", "400"},
                {"innodb-log-buffer-size", std::to_string(4 * megabyte)}});
}

uint64_t memoryOfHost() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

uint64_t bufferPoolFor(VdbProfile profile, uint64_t memory) {
  if (profile == VdbProfile::small) return 64 * megabyte;
  // Recovery reads into it, and takes 30 % longer with the 128 MB of the server's own default.
  const uint64_t part = memory / 8 / (128 * megabyte) * (128 * megabyte);
  return std::clamp<uint64_t>(part, 128 * megabyte, 512 * megabyte);
}

std::vector<Option> vdbOptions(const VdbPlan& plan, const ParentSettings& parent) {
  const Dialect dialect(plan.instance.version);
  std::vector<Option> options = parent.kept;
  options.push_back({"log-bin", parent.logBin.empty() ? vdbLogBin : parent.logBin});
  add(options, dialect.option(Setting::binlogExpireSeconds, "259200"));
  options.push_back({"read-only", "OFF"});
  add(options, dialect.option(Setting::superReadOnly, "OFF"));
  add(options, dialect.option(Setting::skipReplicaStart, "ON"));
  options.push_back({"event-scheduler", plan.vdb.events ? "ON" : "OFF"});
  options.push_back({"loose-group-replication-start-on-boot", "OFF"});
  add(options, dialect.option(Setting::redoLogCapacity, std::to_string(redoCapacity(plan.vdb.profile))));
  options.push_back(
      {"innodb-buffer-pool-size", std::to_string(bufferPoolFor(plan.vdb.profile, memoryOfHost()))});
  options.push_back({"innodb-buffer-pool-load-at-startup", "OFF"});
  if (plan.vdb.profile == VdbProfile::small) addSmall(options);
  return options;
}

void writeVdbOptionFile(const VdbPlan& plan, const ParentSettings& parent) {
  writeOptionFile(plan.server(), {.bindAddress = plan.vdb.bindAddress,
                                  .starter = plan.starter,
                                  .role = vdbOptions(plan, parent),
                                  .chosen = plan.vdb.settings});
}

}  // namespace dlpx
