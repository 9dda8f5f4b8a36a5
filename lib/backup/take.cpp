#include "backup/take.h"

#include <memory>

#include "backup/accounts.h"
#include "backup/begun_dump.h"
#include "base/error.h"
#include "base/json_full.h"
#include "base/progress.h"
#include "base/rename.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/undo.h"

namespace dlpx {
namespace {

constexpr std::string_view lastLine = "\n-- Dump completed";
constexpr size_t longestTail = 4096;

fs::path fileFor(const TakeRequest& request) {
  if (!fs::is_directory(request.output)) return request.output;
  const std::string host = replaceAll(request.source.endpoint.host, "/", "_");
  const std::string time = replaceAll(replaceAll(utcNow(), ":", ""), "-", "");
  return request.output /
         ("mysql-" + host + "-" + std::to_string(request.source.endpoint.port) + "-" + time + ".sql.zst");
}

fs::path newFileFor(const TakeRequest& request) {
  const fs::path file = fileFor(request);
  if (fs::exists(file)) {
    throw Error(ExitCode::backup, "file " + file.string() + " is there already",
                "name another file or a directory with --output");
  }
  if (request.databases.empty())
    throw Error(ExitCode::backup, "the source has no databases to back up",
                "grant SELECT on them to the account");
  return file;
}

// mysqldump sends the same for each view, and ends at the first that is invalid.
std::vector<TableName> invalidViews(Session& source, const std::vector<std::string>& databases,
                                    std::vector<std::string>& notes) {
  std::vector<TableName> invalid;
  for (const TableName& view : views(source, databases)) {
    if (!source.tryExecute("SHOW FIELDS FROM " + view.quoted())) continue;
    invalid.push_back(view);
    notes.push_back("view " + view.database + "." + view.name + " is invalid at the source and was left out");
  }
  return invalid;
}

std::string coordinateLines(const Coordinates& coordinates, bool gtids) {
  std::string text = "\n--\n-- Coordinates of this dump\n--\n\n";
  if (coordinates.usesGtid && gtids)
    text += "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ " + quoteString(coordinates.gtids.text()) + ";\n\n";
  if (coordinates.position) {
    text += "-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE=" + quoteString(coordinates.position->file) +
            ", SOURCE_LOG_POS=" + std::to_string(coordinates.position->position) + ";\n\n";
  }
  return text;
}

std::string accountLines(Session& source, std::vector<std::string>& notes) {
  const Accounts accounts = readAccounts(source, {{"root", "localhost"}});
  if (!accounts.unreadable.empty()) {
    notes.push_back("no accounts are in the backup: " + accounts.unreadable);
    return {};
  }
  std::string text = "\n--\n-- Accounts\n--\n\n";
  for (const auto& list : {accounts.create, accounts.grants, accounts.roles})
    for (const std::string& statement : list) text += statement + ";\n";
  return text;
}

// Events may name time zones, which a fresh server does not know.
std::string timeZoneLines(const TakeRequest& request, Session& source, std::vector<std::string>& notes) {
  try {
    if (source.number("SELECT COUNT(*) FROM mysql.time_zone_name") == 0) return {};
    DumpReader reader(
        request.installation, request.source, {},
        {"--single-transaction", "--skip-lock-tables", "--set-gtid-purged=OFF", "--no-tablespaces",
         "--loose-column-statistics=0", "--skip-triggers", "mysql", "time_zone", "time_zone_leap_second",
         "time_zone_name", "time_zone_transition", "time_zone_transition_type"});
    std::string text = "\nUSE `mysql`;\n";
    for (auto part = reader.next(request.deadline); !part.empty(); part = reader.next(request.deadline))
      text += part;
    return text.substr(0, text.rfind(lastLine)) + "\n";
  } catch (const Error& e) {
    if (e.code() == ExitCode::timeout || e.code() == ExitCode::interrupted) throw;
    notes.push_back(std::string("named time zones are not in the backup: ") + e.what());
    return {};
  }
}

// Writes the stream with lines of ours after its head comments and before its last line.
class Annotator {
 public:
  Annotator(CompressedWriter& writer, std::string head, std::string foot)
      : writer_(writer), head_(std::move(head)), foot_(std::move(foot)) {}

  void write(std::string_view bytes) {
    held_.append(bytes);
    if (!begun_) {
      const size_t end = held_.find("\n\n");
      if (end == std::string::npos) return;
      held_.insert(end + 1, head_);
      begun_ = true;
    }
    if (held_.size() <= longestTail) return;
    put(held_.size() - longestTail);
  }

  void finish() {
    const size_t end = held_.rfind(lastLine);
    if (end == std::string::npos || !begun_)
      throw Error(ExitCode::backup, "mysqldump wrote no head or no last line", "use a mysqldump of MySQL");
    held_.insert(end, foot_);
    put(held_.size());
  }

  uint64_t written() const { return written_; }

 private:
  void put(size_t count) {
    writer_.write(std::string_view(held_).substr(0, count));
    written_ += count;
    held_.erase(0, count);
  }

  CompressedWriter& writer_;
  std::string head_;
  std::string foot_;
  std::string held_;
  uint64_t written_ = 0;
  bool begun_ = false;
};

Json sourceJson(Session& source) {
  return {{"address", source.endpoint().text()},
          {"uuid", source.variable("server_uuid")},
          {"version", source.version().text()}};
}

}  // namespace

Json TakeReport::json() const {
  Json json = {{"file", file.string()},
               {"manifest", manifest.string()},
               {"bytes", bytes},
               {"content_bytes", contentBytes},
               {"sha256", sha256},
               {"gtid_set", coordinates.gtids.text()},
               {"uses_gtid", coordinates.usesGtid},
               {"notes", notes}};
  json["position"] = coordinates.position ? Json(coordinates.position->text()) : Json();
  return json;
}

TakeReport takeBackup(const TakeRequest& request) {
  TakeReport report;
  report.file = newFileFor(request);
  report.manifest = report.file.string() + ".json";
  Session source = Session::connect(request.source, ExitCode::backup);
  source.failWith(ExitCode::backup);
  source.execute("SET SESSION wait_timeout = 2147483");
  const Json about = sourceJson(source);
  const std::string accounts = accountLines(source, report.notes);
  const std::string timeZones = timeZoneLines(request, source, report.notes);
  const auto leftOut = invalidViews(source, request.databases, report.notes);
  const fs::path partial = report.file.parent_path() / ("." + report.file.filename().string() + ".partial");
  Undo undo;
  CompressedWriter writer({partial}, request.compression);
  BegunDump begun = beginDump(request, leftOut);
  report.coordinates = begun.coordinates;
  Annotator annotator(writer, coordinateLines(begun.coordinates, request.gtids) + timeZones, accounts);
  Progress progress("taking a backup", estimatedSize(source, request.databases).rows);
  for (auto part = begun.dump->next(request.deadline); !part.empty();
       part = begun.dump->next(request.deadline)) {
    annotator.write(part);
    progress.advance(part.size());
  }
  annotator.finish();
  writer.finish();
  undo.add("file " + partial.string(), [&] { removeTree(partial); });
  report.contentBytes = annotator.written();
  report.bytes = fs::file_size(partial);
  report.sha256 = sha256OfFile(partial);
  renameNew(partial, report.file);
  undo.add("backup " + report.file.string(), [&] { removeTree(report.file); });
  Json manifest = {{"format", 1}, {"taken", utcNow()}, {"source", about}, {"databases", request.databases}};
  manifest.update(report.json());
  // Last: a backup with a manifest is whole.
  writeFile(report.manifest, pretty(manifest), {0640, std::nullopt});
  undo.commit();
  return report;
}

StepList planTake(const TakeRequest& request) {
  const std::string file = newFileFor(request).string();
  return {{"snapshot",
           "open a consistent snapshot of " + request.source.endpoint.text() + " and note its coordinates"},
          {"dump", "write " + std::to_string(request.databases.size()) +
                       " databases, accounts and time zones to " + file},
          {"manifest", "write " + file + ".json with the checksum"}};
}

}  // namespace dlpx
