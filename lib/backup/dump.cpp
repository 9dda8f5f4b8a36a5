#include "backup/dump.h"

#include <memory>
#include <optional>

#include "backup/begun_dump.h"
#include "backup/fast_load.h"
#include "backup/tablespaces.h"
#include "backup/time_zones.h"
#include "backup/views.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

// FLOAT leaves the server as six digits in every text result: what mysqldump writes is not always what the
// source holds.
void noteFloats(Session& source, const std::vector<std::string>& databases, std::vector<std::string>& notes) {
  const Rows rows = source.query(
      "SELECT DISTINCT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.COLUMNS "
      "WHERE TABLE_SCHEMA IN (?) AND DATA_TYPE = 'float' AND NUMERIC_SCALE IS NULL",
      databases);
  if (rows.empty()) return;
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (names.size() == 5) break;
    names.push_back(row.text("name"));
  }
  const std::string more = rows.size() > names.size() ? " …" : "";
  notes.push_back("mysqldump writes FLOAT with six digits, so FLOAT values may differ from the source's in " +
                  std::to_string(rows.size()) + " table(s): " + join(names, ", ") + more);
}

uint64_t restoreRows(const DumpRequest& request, BegunDump& begun, uint64_t estimate) {
  if (!begun.dump) return 0;
  SqlWriter writer(request.installation, request.target);
  Progress progress("copying by mysqldump", estimate);
  return pump(*begun.dump, writer, progress, request.deadline);
}

}  // namespace

DumpReport dumpInto(const DumpRequest& request) {
  Session source = Session::connect(request.source, ExitCode::backup);
  source.failWith(ExitCode::backup);
  Session target = Session::connect(request.target, ExitCode::restore);
  target.failWith(ExitCode::restore);
  // Both sessions idle while the rows are copied, for hours perhaps.
  source.execute("SET SESSION wait_timeout = 2147483");
  target.execute("SET SESSION sql_log_bin = 0, SESSION wait_timeout = 2147483");
  DumpReport report;
  const std::vector<std::string>& databases = request.databases;
  if (!databases.empty()) noteFloats(source, databases, report.notes);

  FastLoad fast(target);
  copyTablespaces(source, target, report.notes);
  copyTimeZones(request, source, target, report.notes);
  const std::vector<TableName> viewNames = views(source, databases);
  const std::string before = schemaFingerprint(source, databases);
  BegunDump begun = beginDump(request, viewNames);
  report.coordinates = begun.coordinates;
  if (request.atSnapshot) request.atSnapshot();
  report.bytes = restoreRows(request, begun, estimatedSize(source, databases).rows);
  const std::vector<std::string> viewNotes = copyViews(source, target, viewNames);
  report.notes.insert(report.notes.end(), viewNotes.begin(), viewNotes.end());
  if (schemaFingerprint(source, databases) != before) {
    report.notes.push_back(
        "tables, views or stored programs changed at the source during the dump: replication may meet what "
        "is "
        "there already");
  }
  fast.finish();
  if (report.coordinates.usesGtid && toLower(target.variable("gtid_mode")) == "on") {
    setGtidPurged(target, report.coordinates.gtids);
  }
  return report;
}

void setGtidPurged(Session& target, const GtidSet& gtids) {
  const GtidSet executed = GtidSet::parse(target.value("SELECT @@GLOBAL.gtid_executed").value_or(""));
  if (executed == gtids) return;
  if (!executed.empty())
    target.execute(std::string_view(Dialect(target.version()).resetBinaryLogsAndGtids()));
  target.execute("SET GLOBAL gtid_purged = ?", gtids.text());
  const GtidSet now = GtidSet::parse(target.value("SELECT @@GLOBAL.gtid_purged").value_or(""));
  if (now != gtids) {
    throw Error(
        ExitCode::restore,
        "gtid_purged of " + target.endpoint().text() + " is " + now.text() + " and not " + gtids.text(),
        "remove the instance and create it anew");
  }
}

}  // namespace dlpx
