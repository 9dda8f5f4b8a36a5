#include "backup/copy.h"

#include <algorithm>
#include <thread>

#include "backup/copy_pool.h"
#include "backup/copy_ranges.h"
#include "backup/copy_schema.h"
#include "backup/fast_load.h"
#include "backup/tablespaces.h"
#include "backup/time_zones.h"
#include "backup/views.h"
#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

constexpr uint64_t smallestPiece = 8ULL << 20;
constexpr uint64_t largestPiece = 64ULL << 20;
constexpr unsigned schemaReads = 5;

void tell(Session& session, const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) session.execute(std::string_view(statement));
}

Session sourceSession(const ConnectionOptions& options) {
  Session session = Session::connect(options, ExitCode::backup);
  session.failWith(ExitCode::backup);
  tell(session, copySourceState());
  return session;
}

// The tables, their definitions and sessions in the snapshot, all of one state of the source.
struct Begun {
  std::vector<CopyTable> tables;
  CopySchema schema;
  std::vector<Session> sessions;
  Coordinates coordinates;
  std::string fingerprint;
};

void beginSnapshots(const CopyRequest& request, Begun& begun) {
  const unsigned connections = request.connections > 0 ? request.connections : copyConnections();
  begun.sessions.clear();
  for (unsigned i = 0; i < connections; ++i) begun.sessions.push_back(sourceSession(request.source));
  const auto open = [&](const Deadline& deadline) {
    for (Session& session : begun.sessions) {
      if (deadline.expired()) throw Error(ExitCode::timeout, "snapshots took too long to begin");
      session.execute("START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */");
    }
  };
  begun.coordinates =
      takeSnapshots(request.source, request.databases, open, request.deadline, request.limits);
  // The rows' bytes as they are stored. Not before: metadata would come so, too.
  for (Session& session : begun.sessions) session.execute("SET SESSION character_set_results = NULL");
}

// Definitions have no snapshot: they are read again until they did not change around it.
Begun begin(const CopyRequest& request, Session& source, const std::vector<TableName>& viewNames) {
  for (unsigned attempt = 1; attempt <= schemaReads; ++attempt) {
    Begun begun;
    begun.fingerprint = schemaFingerprint(source, request.databases);
    begun.tables = copyTables(source, request.databases);
    begun.schema = readSchema(request, source, begun.tables, viewNames);
    beginSnapshots(request, begun);
    if (schemaFingerprint(source, request.databases) == begun.fingerprint) return begun;
  }
  throw Error(ExitCode::backup,
              "tables or stored programs of the source changed during each of " +
                  std::to_string(schemaReads) + " attempts to read them",
              "repeat the command when nobody alters them");
}

uint64_t totalBytes(const std::vector<CopyTable>& tables) {
  uint64_t bytes = 0;
  for (const CopyTable& table : tables) bytes += table.bytes;
  return bytes;
}

std::deque<CopyPiece> piecesOf(Session& session, const std::vector<CopyTable>& tables, size_t connections) {
  const uint64_t pieceBytes = std::clamp(totalBytes(tables) / (connections * 8), smallestPiece, largestPiece);
  std::deque<CopyPiece> pieces;
  for (const CopyTable& table : tables) {
    if (!table.ownsRows()) continue;
    for (std::string& where : rangesOf(session, table, pieceBytes))
      pieces.push_back({&table, std::move(where)});
  }
  return pieces;
}

uint64_t copyAllRows(const CopyRequest& request, Begun& begun) {
  if (begun.tables.empty()) return 0;
  std::deque<CopyPiece> pieces = piecesOf(begun.sessions.front(), begun.tables, begun.sessions.size());
  CopyPool pool(request.source, std::move(begun.sessions), request.target);
  Progress progress("copying by parallel connections", totalBytes(begun.tables));
  return pool.run(std::move(pieces), begun.schema.keys(), progress, request.deadline);
}

void noteEngines(const std::vector<CopyTable>& tables, std::vector<std::string>& notes) {
  std::vector<std::string> names;
  for (const CopyTable& table : tables)
    if (!table.isInnoDb()) names.push_back(table.name.database + "." + table.name.name);
  if (names.empty()) return;
  const size_t count = names.size();
  if (count > 5) names.resize(5);
  notes.push_back(
      std::to_string(count) +
      " table(s) are not InnoDB and have no snapshot; what was written to them during the copy may "
      "be there already when it is replicated: " +
      join(names, ", ") + (count > names.size() ? " …" : ""));
}

}  // namespace

unsigned copyConnections() {
  return std::clamp(std::thread::hardware_concurrency(), 2U, 8U);
}

MethodVerdict copyFits(Session& source, const std::vector<std::string>& databases) {
  MethodVerdict verdict{.fits = true};
  verdict.bytes = estimatedSize(source, databases).rows;
  const uint64_t needed = copyConnections() + 4;  // the snapshot's, mysqldump's, and one that kills
  const uint64_t allowed = source.number("SELECT @@SESSION.max_user_connections");
  if (allowed > 0 && allowed < needed) {
    verdict.fits = false;
    verdict.reason = "the account may open " + std::to_string(allowed) + " connections and needs " +
                     std::to_string(needed);
    verdict.remedy = "raise MAX_USER_CONNECTIONS of the account";
    return verdict;
  }
  for (const CopyTable& table : copyTables(source, databases)) {
    if (!table.columns.empty()) continue;
    verdict.fits = false;
    verdict.reason = "table " + table.name.quoted() + " has generated columns only";
    return verdict;
  }
  return verdict;
}

DumpReport copyInto(const CopyRequest& request) {
  Session source = sourceSession(request.source);
  Session target = Session::connect(request.target, ExitCode::restore);
  target.failWith(ExitCode::restore);
  tell(target, copyTargetState());
  DumpReport report;
  FastLoad fast(target, {{"local_infile", "ON"}});
  copyTablespaces(source, target, report.notes);
  copyTimeZones(request, source, target, report.notes);
  const std::vector<TableName> viewNames = views(source, request.databases);
  Begun begun = begin(request, source, viewNames);
  report.coordinates = begun.coordinates;
  if (request.atSnapshot) request.atSnapshot();
  noteEngines(begun.tables, report.notes);
  createTables(target, begun.schema);
  report.bytes = copyAllRows(request, begun);
  createPrograms(request, begun.schema);
  const std::vector<std::string> viewNotes = copyViews(source, target, viewNames);
  report.notes.insert(report.notes.end(), viewNotes.begin(), viewNotes.end());
  if (schemaFingerprint(source, request.databases) != begun.fingerprint) {
    report.notes.push_back(
        "tables, views or stored programs changed at the source during the copy: replication may meet what "
        "is there already");
  }
  fast.finish();
  if (report.coordinates.usesGtid && toLower(target.variable("gtid_mode")) == "on") {
    setGtidPurged(target, report.coordinates.gtids);
  }
  return report;
}

}  // namespace dlpx
