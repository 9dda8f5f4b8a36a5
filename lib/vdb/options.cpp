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

// A VDB owns its redo log from the first start on: with 16 MB it would be a third of the disk that a fresh
// one holds. This is the least that 8.0.30 takes; it can be raised while the server runs, for long writes.
constexpr uint64_t redoCapacity = 8 * megabyte;

void addSmall(std::vector<Option>& options) {
  add(options, {{"performance-schema", "OFF"},
                {"max-connections", "50"},
                {"table-open-cache", "400"},
                {"table-definition-cache", "400"},
                {"open-files-limit", "1024"},
                {"innodb-read-io-threads", "1"},
                {"innodb-write-io-threads", "1"},
                {"innodb-log-buffer-size", std::to_string(megabyte)}});
}

// The doublewrite files are written anew, and so a VDB's own, from its first start on. (ibtmp1 cannot begin
// smaller than 12 MB.)
Option doublewritePages() {
  return {"loose-innodb-doublewrite-pages", "16"};
}

uint64_t memoryOfHost() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

uint64_t bufferPoolFor(VdbProfile profile, uint64_t memory) {
  if (profile == VdbProfile::small) return 32 * megabyte;
  // Recovery reads into it, and takes 30 % longer with the 128 MB of the server's own default.
  const uint64_t part = memory / 8 / (128 * megabyte) * (128 * megabyte);
  return std::clamp<uint64_t>(part, 128 * megabyte, 512 * megabyte);
}

// Whatever the parent's are: the first write of a replicable VDB must have one.
void addGtids(std::vector<Option>& options) {
  std::erase_if(options, [](const Option& option) {
    const std::string key = optionKey(option.name);
    return key == optionKey("gtid-mode") || key == optionKey("enforce-gtid-consistency");
  });
  add(options, {{"gtid-mode", "ON"}, {"enforce-gtid-consistency", "ON"}});
}

void addReadOnly(std::vector<Option>& options, const Dialect& dialect, bool replica) {
  const std::string word = replica ? "ON" : "OFF";
  options.push_back({"read-only", word});
  add(options, dialect.option(Setting::superReadOnly, word));
  if (!replica) return;
  options.push_back({"relay-log-recovery", "ON"});
  add(options, dialect.option(Setting::relayLogInfoTable));
  add(options, dialect.option(Setting::sourceInfoTable));
}

std::vector<Option> vdbOptions(const VdbPlan& plan, const ParentSettings& parent) {
  const Dialect dialect(plan.instance.version);
  std::vector<Option> options = parent.kept;
  options.push_back({"log-bin", parent.logBin.empty() ? vdbLogBin : parent.logBin});
  add(options, dialect.option(Setting::binlogExpireSeconds, "259200"));
  if (plan.vdb.replicable) addGtids(options);
  addReadOnly(options, dialect, plan.vdb.isReplica());
  add(options, dialect.option(Setting::skipReplicaStart, "ON"));
  options.push_back({"event-scheduler", plan.vdb.events ? "ON" : "OFF"});
  options.push_back({"loose-group-replication-start-on-boot", "OFF"});
  add(options, dialect.option(Setting::redoLogCapacity, std::to_string(redoCapacity)));
  options.push_back(
      {"innodb-buffer-pool-size", std::to_string(bufferPoolFor(plan.vdb.profile, memoryOfHost()))});
  options.push_back({"innodb-buffer-pool-load-at-startup", "OFF"});
  options.push_back(doublewritePages());
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
