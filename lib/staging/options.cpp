#include "staging/options.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

// Redo that a VDB has to read at its first start, and to own: little. Loads run without redo or at the
// donor's speed.
constexpr uint64_t redoCapacity = 128ULL << 20;

void add(std::vector<Option>& options, const std::vector<Option>& more) {
  options.insert(options.end(), more.begin(), more.end());
}

// What the backup's own files need counts more than what the source has now.
void imposeBackup(std::vector<Option>& options, const std::vector<Option>& settings) {
  for (const Option& setting : settings) {
    std::erase_if(options,
                  [&](const Option& other) { return optionKey(other.name) == optionKey(setting.name); });
    options.push_back(setting);
  }
}

void addReplica(std::vector<Option>& options, const StagingRequest& request, const Plan& plan,
                const Dialect& dialect) {
  options.push_back({"read-only", "ON"});
  add(options, dialect.option(Setting::superReadOnly, "ON"));
  options.push_back({"relay-log-recovery", "ON"});
  add(options, dialect.option(Setting::relayLogInfoTable));
  add(options, dialect.option(Setting::sourceInfoTable));
  add(options, dialect.option(Setting::replicaParallelType));
  add(options, dialect.option(Setting::replicaParallelWorkers, "4"));
  add(options, dialect.option(Setting::replicaPreserveCommitOrder, "ON"));
  const bool strict = plan.source->gtidMode != "OFF";
  options.push_back({"gtid-mode", plan.source->gtidMode});
  options.push_back({"enforce-gtid-consistency", strict ? "ON" : plan.source->gtidConsistency});
  for (const std::string& database :
       request.databases.empty() ? std::vector<std::string>{} : plan.source->databases)
    options.push_back({"replicate-wild-do-table", escapeLike(database) + ".%"});
}

OptionFile starterOf(const StagingRequest& request) {
  return request.starter.empty() ? OptionFile() : OptionFile::read(request.starter);
}

bool setsPerformanceSchema(const OptionFile& starter) {
  for (const std::string& group : starter.groups()) {
    for (const Option& option : starter.options(group))
      if (startsWith(optionKey(option.name), "performance_schema")) return true;
  }
  return false;
}

// Statistics by statement and account, of which a staging server has next to none: to allot their tables
// takes a third of each start, and most of the memory of an idle server.
void addSmallPerformanceSchema(std::vector<Option>& options) {
  for (const char* table :
       {"accounts", "hosts", "users", "error", "digests", "events_statements_history_long",
        "events_stages_history_long", "events_waits_history_long", "events_transactions_history_long"})
    options.push_back({"performance_schema_" + std::string(table) + "_size", "0"});
}

// The user may replicate from any source: both kinds of transactions are taken.
void addManual(std::vector<Option>& options, const OptionFile& starter) {
  if (starter.has("mysqld", "gtid-mode")) return;
  options.push_back({"gtid-mode", "OFF_PERMISSIVE"});
  if (!starter.has("mysqld", "enforce-gtid-consistency"))
    options.push_back({"enforce-gtid-consistency", "OFF"});
}

}  // namespace

std::vector<Option> stagingOptions(const StagingRequest& request, const Plan& plan) {
  const Dialect dialect(plan.installation.version);
  std::vector<Option> options = plan.recipient;
  if (plan.backup) imposeBackup(options, plan.backup->serverSettings);
  add(options, dialect.option(Setting::skipReplicaStart, "ON"));
  add(options, dialect.option(Setting::persistedGlobalsLoad, "OFF"));
  add(options, dialect.option(Setting::redoLogCapacity, std::to_string(redoCapacity)));
  options.push_back({"event-scheduler", "OFF"});
  options.push_back({"local-infile", "OFF"});
  const OptionFile starter = starterOf(request);
  if (plan.installation.version.atLeast(8, 0) && !setsPerformanceSchema(starter))
    addSmallPerformanceSchema(options);
  options.push_back({"loose-group-replication-start-on-boot", "OFF"});
  if (dialect.appliesInOrderWithoutBinlog()) {
    add(options, dialect.option(Setting::disableBinlog));
  } else {
    options.push_back({"log-bin", "../log/mysql-bin"});
    add(options, dialect.option(Setting::logReplicaUpdates, "ON"));
  }
  if (request.type == StagingType::replication) {
    addReplica(options, request, plan, dialect);
  } else {
    addManual(options, starter);
  }
  return options;
}

uint64_t loadingPool() {
  const uint64_t memory =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return std::clamp<uint64_t>(memory / 8, 128ULL << 20, 2048ULL << 20);
}

std::vector<std::string> loadingOptions(const Version& version) {
  std::vector<std::string> options = {"--read-only=OFF",
                                      "--innodb-buffer-pool-size=" + std::to_string(loadingPool()),
                                      "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF"};
  if (!Dialect(version).variableName(Setting::superReadOnly).empty())
    options.push_back("--super-read-only=OFF");
  return options;
}

std::vector<std::string> cloningOptions() {
  return {"--plugin-load-add=mysql_clone.so"};
}

}  // namespace dlpx
