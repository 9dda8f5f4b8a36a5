#include "staging/source_facts.h"

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

uint64_t toNumber(const std::string& value) {
  return std::strtoull(value.c_str(), nullptr, 10);
}

std::string orOff(const std::string& value) {
  return value.empty() ? "OFF" : value;
}

uint64_t expirySeconds(Session& source) {
  const std::string seconds = source.variable("binlog_expire_logs_seconds");
  if (const uint64_t given = toNumber(seconds); given != 0) return given;
  return toNumber(source.variable("expire_logs_days")) * 86400;
}

// Needs REPLICATION CLIENT; without it the privileges' check tells.
std::string binlogFilter(Session& source, const Dialect& dialect) {
  try {
    for (const Row& row : source.query(std::string_view(dialect.showBinaryLogStatus()))) {
      const std::string only = row.text("Binlog_Do_DB"), without = row.text("Binlog_Ignore_DB");
      if (!only.empty()) return "only " + only;
      if (!without.empty()) return "all but " + without;
    }
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
  }
  return "";
}

}  // namespace

SourceFacts readSource(Session& source, const std::vector<std::string>& databases) {
  SourceFacts facts;
  facts.version = source.version();
  const Dialect dialect(facts.version);
  facts.uuid = source.variable("server_uuid");
  facts.serverId = static_cast<uint32_t>(toNumber(source.variable("server_id")));
  facts.binaryLog = toLower(source.variable("log_bin")) == "on" || source.variable("log_bin") == "1";
  facts.binlogFormat = source.variable("binlog_format");
  facts.gtidMode = orOff(source.variable("gtid_mode"));
  facts.gtidConsistency = orOff(source.variable("enforce_gtid_consistency"));
  facts.binlogExpirySeconds = expirySeconds(source);
  facts.binlogFilter = binlogFilter(source, dialect);
  facts.sqlMode = source.variable("sql_mode");
  facts.encrypted = source.encrypted();
  facts.privileges = Privileges::ofCurrentUser(source);
  facts.databases = chosenDatabases(source, databases);
  facts.size = estimatedSize(source, facts.databases);
  return facts;
}

}  // namespace dlpx
