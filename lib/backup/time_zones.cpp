#include "backup/time_zones.h"

#include "backup/dump_stream.h"
#include "base/error.h"

namespace dlpx {
namespace {

bool hasTimeZones(Session& session) {
  return session.number("SELECT COUNT(*) FROM (SELECT 1 FROM mysql.time_zone_name LIMIT 1) AS t") > 0;
}

}  // namespace

void copyTimeZones(const DumpRequest& request, Session& source, Session& target,
                   std::vector<std::string>& notes) {
  try {
    if (!hasTimeZones(source) || hasTimeZones(target)) return;
    DumpReader reader(request.installation, request.source, {},
                      {"--single-transaction", "--skip-lock-tables", "--set-gtid-purged=OFF",
                       "--no-tablespaces", "--loose-column-statistics=0", "--no-create-info",
                       "--skip-triggers", "--skip-add-locks", "mysql", "time_zone", "time_zone_leap_second",
                       "time_zone_name", "time_zone_transition", "time_zone_transition_type"});
    SqlWriter writer(request.installation, request.target);
    writer.write("USE mysql;\n", request.deadline);
    Progress progress("copying time zones");
    pump(reader, writer, progress, request.deadline);
  } catch (const Error& e) {
    if (e.code() == ExitCode::timeout || e.code() == ExitCode::interrupted) throw;
    notes.push_back(std::string("named time zones were not copied: ") + e.what());
  }
}

}  // namespace dlpx
