#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "mysql/dialect.h"

namespace dlpx {

namespace {

constexpr Version always{0, 0, 0};
constexpr Version replicaNames{8, 0, 26};  // variables with slave and master in their names were renamed

// From which version on a setting has which name; nullptr: there is no such setting, or its default is right.
struct Name {
  Setting setting;
  Version since;
  const char* name;
};

constexpr Name names[] = {
    {Setting::skipReplicaStart, always, "skip_slave_start"},
    {Setting::skipReplicaStart, replicaNames, "skip_replica_start"},
    {Setting::logReplicaUpdates, always, "log_slave_updates"},
    {Setting::logReplicaUpdates, replicaNames, "log_replica_updates"},
    {Setting::replicaParallelWorkers, always, "slave_parallel_workers"},
    {Setting::replicaParallelWorkers, replicaNames, "replica_parallel_workers"},
    {Setting::replicaParallelType, {5, 7, 2}, "slave_parallel_type"},
    {Setting::replicaParallelType, replicaNames, "replica_parallel_type"},
    {Setting::replicaParallelType,
     {8, 0, 27},
     nullptr},  // LOGICAL_CLOCK is the default, and the only one later
    {Setting::replicaPreserveCommitOrder, {5, 7, 5}, "slave_preserve_commit_order"},
    {Setting::replicaPreserveCommitOrder, replicaNames, "replica_preserve_commit_order"},
    {Setting::replicaNetTimeout, always, "slave_net_timeout"},
    {Setting::replicaNetTimeout, replicaNames, "replica_net_timeout"},
    {Setting::replicaLoadTmpdir, always, "slave_load_tmpdir"},
    {Setting::replicaLoadTmpdir, replicaNames, "replica_load_tmpdir"},
    {Setting::redoLogCapacity, always, "innodb_log_file_size"},
    {Setting::redoLogCapacity, {8, 0, 30}, "innodb_redo_log_capacity"},
    {Setting::superReadOnly, {5, 7, 8}, "super_read_only"},
    {Setting::binlogExpireSeconds, always, "expire_logs_days"},
    {Setting::binlogExpireSeconds, {8, 0, 1}, "binlog_expire_logs_seconds"},
    {Setting::disableBinlog, {8, 0, 3}, "skip_log_bin"},  // off by default before
    {Setting::mysqlx, {8, 0, 11}, "mysqlx"},
    {Setting::persistedGlobalsLoad, {8, 0, 0}, "persisted_globals_load"},
    {Setting::upgradeMode, {8, 0, 16}, "upgrade"},
    {Setting::relayLogInfoTable, always, "relay_log_info_repository"},
    {Setting::relayLogInfoTable, {8, 0, 2}, nullptr},  // TABLE is the default
    {Setting::sourceInfoTable, always, "master_info_repository"},
    {Setting::sourceInfoTable, {8, 0, 2}, nullptr},
    {Setting::adminAddress, {8, 0, 14}, "admin_address"},
    {Setting::nativePassword, {8, 4, 0}, "mysql_native_password"},
    {Setting::nativePassword, {9, 0, 0}, nullptr},
};

std::string nameOf(Setting setting, const Version& version) {
  const char* found = nullptr;
  for (const auto& [known, since, name] : names)
    if (known == setting && version >= since) found = name;
  return found == nullptr ? std::string() : std::string(found);
}

uint64_t wholeNumber(std::string_view value, const std::string& name) {
  uint64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc() || end != value.data() + value.size())
    throw Error(ExitCode::internal, fmt::format("'{}' is no number for {}", value, name));
  return number;
}

// Two files before 8.0.30, in whole megabytes.
std::vector<Option> redoLog(const std::string& name, std::string_view value) {
  if (name != "innodb_log_file_size") return {{name, std::string(value)}};
  constexpr uint64_t megabyte = 1024 * 1024;
  const uint64_t each = std::max<uint64_t>(4, wholeNumber(value, name) / 2 / megabyte) * megabyte;
  return {{"innodb_log_files_in_group", "2"}, {name, std::to_string(each)}};
}

std::vector<Option> binlogExpiry(const std::string& name, std::string_view value) {
  if (name != "expire_logs_days") return {{name, std::string(value)}};
  constexpr uint64_t day = 86'400;
  const uint64_t days = std::min<uint64_t>(99, (wholeNumber(value, name) + day - 1) / day);
  return {{name, std::to_string(days)}};
}

}  // namespace

std::vector<Option> Dialect::option(Setting setting, std::string_view value) const {
  const std::string name = nameOf(setting, version_);
  if (name.empty()) return {};
  switch (setting) {
    case Setting::redoLogCapacity:
      return redoLog(name, value);
    case Setting::binlogExpireSeconds:
      return binlogExpiry(name, value);
    case Setting::disableBinlog:
      return {{name, std::nullopt}};
    case Setting::relayLogInfoTable:
    case Setting::sourceInfoTable:
      return {{name, "TABLE"}};
    case Setting::replicaParallelType:
      return {{name, "LOGICAL_CLOCK"}};
    default:
      return {{name, std::string(value)}};
  }
}

std::string Dialect::variableName(Setting setting) const {
  if (setting == Setting::disableBinlog) return "log_bin";
  return nameOf(setting, version_);
}

}  // namespace dlpx
