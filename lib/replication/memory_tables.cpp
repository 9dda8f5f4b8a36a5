#include "replication/memory_tables.h"

namespace dlpx {

std::vector<std::string> memoryTables(Session& session) {
  std::vector<std::string> tables;
  for (const Row& row : session.query(std::string_view(
           "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.TABLES WHERE ENGINE = 'MEMORY' "
           "AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') "
           "ORDER BY 1, 2 LIMIT 100")))
    tables.push_back(row.text("d") + "." + row.text("t"));
  return tables;
}

void nameMemoryTable(Session& session, ChannelStatus& status) {
  constexpr unsigned keyNotFound = 1032;
  if (status.errorNumber != keyNotFound) return;
  for (const std::string& table : memoryTables(session)) {
    if (status.error.find(" on table " + table + ";") == std::string::npos) continue;
    status.remedy = table +
                    " is a MEMORY table: its rows went when staging was last started, and the source changes "
                    "one of them; let InnoDB keep it at the source, or, when its rows do not matter, put "
                    "replica_exec_mode = IDEMPOTENT into the my.cnf that --my-cnf names; then resync";
    return;
  }
}

}  // namespace dlpx
