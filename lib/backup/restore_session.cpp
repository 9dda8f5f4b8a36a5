#include "backup/restore_session.h"

#include <algorithm>

#include "base/text.h"

namespace dlpx {

using Scope = SqlAssignment::Scope;

std::vector<std::string> restorePreamble() {
  return {
      "SET SESSION sql_log_bin = 0",
      // A dump without a head (--compact) sets no mode of its own, and its dates are what the source allowed.
      "SET SESSION sql_mode = CONCAT(REPLACE(REPLACE(@@sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', "
      "''), "
      "',ALLOW_INVALID_DATES')",
      "SET SESSION innodb_strict_mode = 0, SESSION net_read_timeout = 86400, SESSION wait_timeout = 2147483",
      "/*!80013 SET SESSION sql_require_primary_key = 0 */",
      "/*!80027 SET SESSION innodb_ddl_threads = 1, SESSION innodb_ddl_buffer_size = 67108864 */",
      "/*!80030 SET SESSION sql_generate_invisible_primary_key = 0 */",
      "/*!80400 SET SESSION restrict_fk_on_non_standard_key = 0 */"};
}

Session restoreSession(const ConnectionOptions& target) {
  Session session = Session::connect(target, ExitCode::restore);
  session.failWith(ExitCode::restore);
  for (const std::string& statement : restorePreamble()) session.execute(std::string_view(statement));
  return session;
}

void allowInvalidDates(std::string& text, const std::vector<SqlAssignment>& assignments) {
  const auto isHead = [](const SqlAssignment& each) {
    return each.scope == Scope::user && each.name == "old_sql_mode";
  };
  const bool head = std::any_of(assignments.begin(), assignments.end(), isHead);
  for (const SqlAssignment& each : assignments) {
    const std::string& mode = each.value;
    if (each.scope != Scope::session || each.name != "sql_mode" || mode.size() < 2 || mode.front() != '\'')
      continue;
    if (!head && toLower(mode) != "'no_auto_value_on_zero'") continue;
    const size_t at = text.rfind(mode);
    if (at == std::string::npos) continue;
    text.insert(at + mode.size() - 1, mode.size() > 2 ? ",ALLOW_INVALID_DATES" : "ALLOW_INVALID_DATES");
  }
}

}  // namespace dlpx
