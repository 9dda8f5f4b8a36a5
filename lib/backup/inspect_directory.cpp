#include <algorithm>

#include "backup/archive_reader.h"
#include "backup/data_directory.h"
#include "backup/inspect.h"
#include "backup/physical_settings.h"
#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "process/proc.h"

namespace dlpx {
namespace {

// "name = value" of the lines of an INI-like file, "" when it is not there.
std::string setting(const std::string& content, const std::string& name) {
  for (const std::string& line : split(content, '\n')) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos || toLower(trim(line.substr(0, equals))) != toLower(name)) continue;
    std::string value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

Coordinates coordinatesOf(const std::string& file, const std::string& position, const std::string& gtids) {
  Coordinates result;
  if (!file.empty()) result.position = BinlogPosition{file, std::strtoull(position.c_str(), nullptr, 10)};
  result.gtids = GtidSet::parse(gtids);
  result.usesGtid = !result.gtids.empty();
  return result;
}

void incomplete(BackupFacts& facts, const std::string& why) {
  facts.completeness = Completeness::incomplete;
  facts.incompleteBecause = why;
}

void inspectMysqlShell(BackupFacts& facts) {
  facts.kind = BackupKind::mysqlShell;
  const Json about = readJson(facts.path / "@.json");
  facts.writtenBy = about.value("dumper", "MySQL Shell");
  facts.serverVersion = Version::find(about.value("serverVersion", ""));
  if (about.contains("schemas") && about["schemas"].is_array())
    for (const Json& name : about["schemas"])
      if (name.is_string()) facts.databases.push_back(name.get<std::string>());
  const std::string file = about.value("binlogFile", "");
  const std::string gtids = about.value("gtidExecuted", "");
  if (!file.empty() || !gtids.empty()) {
    const uint64_t position = about.value("binlogPosition", uint64_t{0});
    facts.coordinates = coordinatesOf(file, std::to_string(position), gtids);
    facts.coordinatesFrom = "@.json";
  }
  facts.completeness = Completeness::complete;
  if (!fs::exists(facts.path / "@.done.json")) incomplete(facts, "@.done.json is missing");
}

// Both its forms: "[source]" with "File = …" (0.13 and newer), and "SHOW MASTER STATUS:" with "Log: …".
void inspectMydumper(BackupFacts& facts, const std::string& metadata) {
  facts.kind = BackupKind::mydumper;
  facts.writtenBy = "mydumper";
  const std::string ini =
      replaceAll(replaceAll(replaceAll(metadata, "\tLog:", "\tFile ="), "\tPos:", "\tPosition ="),
                 "\tGTID:", "\tExecuted_Gtid_Set =");
  const std::string plain = replaceAll(ini, "\n# ", "\n");
  std::string file = setting(plain, "File");
  std::string position = setting(plain, "Position");
  if (file.empty()) {
    file = setting(plain, "SOURCE_LOG_FILE");
    position = setting(plain, "SOURCE_LOG_POS");
  }
  const std::string gtids = setting(plain, "Executed_Gtid_Set");
  if (!file.empty() || !gtids.empty()) {
    facts.coordinates = coordinatesOf(file, position, gtids);
    facts.coordinatesFrom = "metadata";
  }
  for (const auto& entry : fs::directory_iterator(facts.path)) {
    const std::string name = entry.path().filename().string();
    const size_t end = name.find("-schema-create.sql");
    if (end != std::string::npos) facts.databases.push_back(name.substr(0, end));
  }
  std::sort(facts.databases.begin(), facts.databases.end());
  facts.completeness = Completeness::complete;
  if (metadata.find("Finished dump at") == std::string::npos) incomplete(facts, "its metadata tells no end");
}

void readDataDirectory(BackupFacts& facts) {
  const auto history = readFileIfThere(facts.path / "mysql_upgrade_history");
  const auto info = readFileIfThere(facts.path / "mysql_upgrade_info");
  if (history) facts.serverVersion = versionInHistory(*history);
  if (!facts.serverVersion && fs::exists(facts.path / "mysql.ibd")) {
    char first[32] = {};
    BackupStream(facts.path / "mysql.ibd").read(first, sizeof(first));
    facts.serverVersion = versionOfTablespace({first, sizeof(first)});
  }
  if (!facts.serverVersion && info) facts.serverVersion = versionInHistory(*info);
  for (const auto& entry : fs::directory_iterator(facts.path)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name[0] != '#' && name[0] != '.')
      facts.databases.push_back(databaseOfDirectory(name));
  }
  std::sort(facts.databases.begin(), facts.databases.end());
}

void readLastBinaryLog(BackupFacts& facts) {
  for (const auto& entry : fs::directory_iterator(facts.path)) {
    if (entry.path().extension() != ".index") continue;
    const std::string name = lastLogIn(readFile(entry.path()));
    if (!name.empty() && fs::is_regular_file(facts.path / name))
      setEndOfLog(facts, name, fs::file_size(facts.path / name));
  }
}

void inspectDataDirectory(BackupFacts& facts) {
  facts.kind = BackupKind::dataDirectory;
  facts.writtenBy = "mysqld";
  facts.completeness = Completeness::complete;
  readDataDirectory(facts);
  if (fs::exists(facts.path / "#clone")) {
    facts.kind = BackupKind::cloneDirectory;
    facts.writtenBy = "CLONE";
    if (fs::exists(facts.path / "#clone/#status_in_progress")) incomplete(facts, "CLONE did not end");
  }
  for (const ProcessFacts& process : processesNamed("mysqld")) {
    if (process.directory == fs::canonical(facts.path))
      incomplete(facts, "a server runs on it (pid " + std::to_string(process.pid) + ")");
  }
  facts.serverSettings = settingsOfDataFiles(facts.path);
  if (facts.kind == BackupKind::dataDirectory) readLastBinaryLog(facts);
  if (!facts.coordinates) facts.notes.push_back("its GTIDs are known once a server runs on it");
}

// The parts of "binlog_pos = filename 'b.000002', position '157', GTID of the last change 'uuid:1-3'".
std::string quotedAfter(const std::string& text, const std::string& word) {
  const size_t at = text.find(word + " '");
  if (at == std::string::npos) return {};
  const size_t begin = at + word.size() + 2;
  return text.substr(begin, text.find('\'', begin) - begin);
}

// xtrabackup_binlog_info has the GTID set over several lines.
void readXtrabackupCoordinates(BackupFacts& facts, const std::string& info) {
  std::string file, position, gtids;
  if (const auto where = readFileIfThere(facts.path / "xtrabackup_binlog_info")) {
    const auto parts = split(trim(*where), '\t');
    file = parts[0];
    position = parts.size() > 1 ? parts[1] : "";
    gtids = parts.size() > 2 ? parts[2] : "";
    facts.coordinatesFrom = "xtrabackup_binlog_info";
  } else if (const size_t at = info.find("binlog_pos = "); at != std::string::npos) {
    const std::string line = info.substr(at, info.find("\ninnodb_from_lsn", at) - at);
    file = quotedAfter(line, "filename");
    position = quotedAfter(line, "position");
    gtids = quotedAfter(line, "GTID of the last change");
    facts.coordinatesFrom = "xtrabackup_info";
  }
  if (file.empty()) {
    facts.coordinatesFrom.clear();
    return;
  }
  gtids.erase(std::remove(gtids.begin(), gtids.end(), '\n'), gtids.end());
  facts.coordinates = coordinatesOf(file, position, gtids);
}

std::string packedFileIn(const fs::path& directory) {
  for (const char* const suffix : {".zst", ".lz4", ".qp", ".xbcrypt"})
    if (fs::exists(directory / (std::string("ibdata1") + suffix)) ||
        fs::exists(directory / (std::string("mysql.ibd") + suffix)))
      return suffix;
  return {};
}

void judgeXtrabackup(BackupFacts& facts, const std::string& type) {
  const std::string prepare = "run xtrabackup --prepare --target-dir=" + facts.path.string();
  if (const std::string suffix = packedFileIn(facts.path); !suffix.empty()) {
    const bool encrypted = suffix == ".xbcrypt";
    incomplete(facts,
               "its files are " + std::string(encrypted ? "encrypted" : "compressed") + " (" + suffix + ")");
    facts.remedy = std::string("run xtrabackup ") + (encrypted ? "--decrypt=ALGORITHM" : "--decompress") +
                   " --target-dir=" + facts.path.string() + ", then " + prepare + ", and repeat the command";
  } else if (type == "incremental") {
    incomplete(facts, "it is an increment of another backup (backup_type = incremental)");
    facts.remedy = "apply it to its full backup by xtrabackup --prepare, and name that one";
  } else if (type != "full-prepared") {
    incomplete(facts, "it is not prepared (backup_type = " + type + ")");
    facts.remedy = prepare + ", and repeat the command";
  }
}

void inspectXtrabackup(BackupFacts& facts, const std::string& checkpoints) {
  facts.kind = BackupKind::xtrabackup;
  facts.writtenBy = "XtraBackup";
  facts.completeness = Completeness::complete;
  readDataDirectory(facts);
  judgeXtrabackup(facts, setting(checkpoints, "backup_type"));
  const std::string info = readFileIfThere(facts.path / "xtrabackup_info").value_or("");
  if (const std::string tool = setting(info, "tool_version"); !tool.empty()) facts.writtenBy += " " + tool;
  if (!facts.serverVersion) facts.serverVersion = Version::find(setting(info, "server_version"));
  readXtrabackupCoordinates(facts, info);
  facts.serverSettings = fs::exists(facts.path / "backup-my.cnf")
                             ? settingsOfXtrabackup(facts.path / "backup-my.cnf")
                             : settingsOfDataFiles(facts.path);
  for (const Option& option : facts.serverSettings)
    if (option.name == "innodb_data_file_path")
      for (const std::string& file : systemTablespaceFiles(option.value.value_or("")))
        if (facts.completeness == Completeness::complete && !fs::exists(facts.path / file))
          incomplete(facts, file + " is missing");
}

}  // namespace

BackupFacts inspectDirectory(const fs::path& path) {
  BackupFacts facts;
  facts.path = path;
  facts.bytes = allocatedBytes(path);
  const auto checkpoints = readFileIfThere(path / "xtrabackup_checkpoints");
  const auto metadata = readFileIfThere(path / "metadata");
  if (checkpoints) {
    inspectXtrabackup(facts, *checkpoints);
  } else if (fs::exists(path / "@.json")) {
    inspectMysqlShell(facts);
  } else if (metadata && metadata->find("tarted dump at") != std::string::npos) {
    inspectMydumper(facts, *metadata);
  } else if (fs::exists(path / "metadata.partial")) {
    inspectMydumper(facts, readFile(path / "metadata.partial"));
    incomplete(facts, "mydumper did not end");
  } else if (fs::exists(path / "ibdata1") &&
             (fs::exists(path / "mysql.ibd") || fs::is_directory(path / "mysql"))) {
    inspectDataDirectory(facts);
  } else {
    throw Error(ExitCode::providedBackup, "directory " + path.string() + " is no backup of a known kind",
                "name a data directory, or a directory of mydumper, MySQL Shell, CLONE or XtraBackup");
  }
  return facts;
}

}  // namespace dlpx
