#include <algorithm>
#include <stdexcept>

#include "backup/archive_reader.h"
#include "backup/coordinates_in_dump.h"
#include "backup/data_directory.h"
#include "backup/inspect.h"
#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t chunk = 256 * 1024;
constexpr size_t tailSize = 1024 * 1024;
constexpr uint64_t readWhole = 16 * 1024 * 1024;    // plain files up to this are read to their end
constexpr uint64_t longestHead = 64 * 1024 * 1024;  // a GTID set may be long

// "-- MySQL dump 10.13  Distrib 9.7.4, …" → what follows the dashes; empty for other comments.
std::string writer(std::string_view comment) {
  const std::string text = trim(comment);
  const bool is = startsWith(text, "-- MySQL dump ") || startsWith(text, "-- MariaDB dump ");
  return is ? text.substr(3) : std::string();
}

// Names of databases in the lines that begin "-- Current Database: `x`", "USE `x`" and "CREATE DATABASE `x`".
class DatabaseFinder {
 public:
  explicit DatabaseFinder(BackupFacts& facts) : facts_(facts) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (line_.size() < keep) line_.append(part.substr(0, keep - line_.size()));
      if (end == std::string_view::npos) return;
      finish();
      bytes.remove_prefix(end + 1);
    }
  }

  // What was fed is a whole line now.
  void finish() {
    if (!inLine_) look();
    inLine_ = false;
    line_.clear();
  }

  // What comes next begins somewhere in a line.
  void skip() {
    line_.clear();
    inLine_ = true;
  }

  void add(const std::string& name) {
    if (!name.empty() &&
        std::find(facts_.databases.begin(), facts_.databases.end(), name) == facts_.databases.end())
      facts_.databases.push_back(name);
  }

 private:
  static constexpr size_t keep = 1024;  // more than all words before a name of 64 letters, and the name

  void look() {
    constexpr std::string_view comment = "-- current database: ";
    const bool current = toLower(std::string_view(line_).substr(0, comment.size())) == comment;
    SqlLexer lexer(std::string_view(line_).substr(current ? comment.size() : 0));
    const bool use = !current && lexer.take({"USE"});
    const bool create =
        !current && !use && (lexer.take({"CREATE", "DATABASE"}) || lexer.take({"CREATE", "SCHEMA"}));
    if (!current && !use && !create) return;
    lexer.take({"IF", "NOT", "EXISTS"});
    const SqlToken name = lexer.next();
    const SqlToken after = lexer.next();
    const bool ends = after.kind == SqlToken::Kind::end || after.isSymbol(';');
    if (name.isName() && (ends || create)) add(name.text());
  }

  BackupFacts& facts_;
  std::string line_;
  bool inLine_ = false;
};

class FileInspector {
  struct Damaged : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

 public:
  explicit FileInspector(const fs::path& path) : stream_(path), databases_(facts_) {
    facts_.path = path;
    facts_.bytes = stream_.fileBytes();
    facts_.compression = stream_.compression();
  }

  BackupFacts inspect() {
    if (stream_.isArchive()) return inspectArchive(facts_, stream_);
    facts_.kind = BackupKind::sqlScript;
    try {
      readHead();
      checkIsSql();
      readRest();
    } catch (const Damaged& damaged) {
      facts_.incompleteBecause = damaged.what();
    }
    judgeEnd();
    facts_.coordinates = coordinates_.coordinates();
    facts_.coordinatesFrom = coordinates_.from();
    return facts_;
  }

 private:
  void refuseXbstream() const {
    if (!startsWith(tail_, "XBSTCK01")) return;
    throw Error(ExitCode::providedBackup, "backup " + facts_.path.string() + " is a stream of XtraBackup",
                "unpack it with xbstream -x -C DIR, run xtrabackup --prepare --target-dir=DIR, and name DIR");
  }

  std::string_view readMore() {
    buffer_.resize(chunk);
    try {
      buffer_.resize(stream_.read(buffer_.data(), buffer_.size()));
    } catch (const Error& e) {
      if (e.code() != ExitCode::providedBackup) throw;
      throw Damaged(e.what());
    }
    facts_.contentBytes += buffer_.size();
    databases_.feed(buffer_);
    tail_.append(buffer_);
    if (tail_.size() > 2 * tailSize) tail_.erase(0, tail_.size() - tailSize);
    return buffer_;
  }

  void readHead() {
    SqlSplitter splitter;
    bool over = false;
    while (!over && facts_.contentBytes < longestHead) {
      const std::string_view bytes = readMore();
      if (bytes.empty()) break;
      refuseXbstream();
      splitter.feed(bytes);
      while (!over) {
        const auto piece = splitter.next();
        if (!piece) break;
        over = !inHead(*piece);
      }
    }
  }

  // False at the first piece that belongs to a table.
  bool inHead(const SqlPiece& piece) {
    if (piece.kind == SqlPiece::Kind::comment) {
      readComment(piece.text);
      coordinates_.observe(piece);
      return true;
    }
    SqlLexer lexer(piece.text);
    if (lexer.take({"CREATE", "TABLE"}) || lexer.take({"INSERT"}) || lexer.take({"DROP", "TABLE"})) {
      statements_ = true;
      return false;
    }
    for (const char* const word : {"SET", "CREATE", "USE", "DROP", "SELECT", "CHANGE", "START", "BEGIN"})
      statements_ = statements_ || SqlLexer(piece.text).take({word});
    coordinates_.observe(piece);
    return true;
  }

  void readComment(const std::string& text) {
    if (const std::string name = writer(text); !name.empty()) {
      facts_.writtenBy = name;
      facts_.kind = BackupKind::mysqldump;
    }
    constexpr std::string_view server = "-- Server version";
    if (startsWith(text, server)) facts_.serverVersion = Version::find(text.substr(server.size()));
    constexpr std::string_view database = "Database: ";
    const size_t at = text.find(database);
    if (startsWith(text, "-- Host: ") && at != std::string::npos)
      databases_.add(trim(text.substr(at + database.size())));
  }

  void checkIsSql() const {
    if (facts_.kind == BackupKind::mysqldump || statements_) return;
    throw Error(
        ExitCode::providedBackup, "backup " + facts_.path.string() + " is of no known kind",
        "name a mysqldump file, a data directory or a tar of it, or a directory of mydumper, MySQL Shell, "
        "CLONE or XtraBackup");
  }

  void readRest() {
    if (facts_.compression == "none" && facts_.bytes > readWhole) {
      facts_.allDatabasesSeen = false;
      facts_.contentBytes = facts_.bytes;
      tail_ = readTail(facts_.path, tailSize);
      databases_.skip();
      databases_.feed(tail_);
      databases_.finish();
      return;
    }
    while (!readMore().empty()) {
    }
    databases_.finish();
  }

  void judgeEnd() {
    readTrailingCoordinates();
    if (!facts_.incompleteBecause.empty()) {
      facts_.completeness = Completeness::incomplete;
      return;
    }
    const std::string end = trim(tail_.size() > 4096 ? tail_.substr(tail_.size() - 4096) : tail_);
    const size_t line = end.rfind('\n');
    const std::string last = line == std::string::npos ? end : end.substr(line + 1);
    if (startsWith(last, "-- Dump completed")) {
      facts_.completeness = Completeness::complete;
    } else if (facts_.kind == BackupKind::mysqldump) {
      facts_.completeness = Completeness::incomplete;
      facts_.incompleteBecause = "its last line is not mysqldump's \"-- Dump completed\"";
    } else {
      facts_.incompleteBecause = "only mysqldump with comments marks the end of its file";
    }
  }

  // Some versions write GTID_PURGED last.
  void readTrailingCoordinates() {
    for (const std::string_view mark : {"\nSET @@GLOBAL.GTID_PURGED", "\n/* SET @@GLOBAL.GTID_PURGED"}) {
      const size_t at = tail_.rfind(mark);
      if (at == std::string::npos || coordinates_.coordinates()) continue;
      SqlSplitter splitter;
      splitter.feed(std::string_view(tail_).substr(at));
      splitter.finish();
      if (const auto piece = splitter.next()) coordinates_.observe(*piece);
    }
  }

  BackupFacts facts_;
  BackupStream stream_;
  DatabaseFinder databases_;
  CoordinatesInDump coordinates_;
  std::string buffer_;
  std::string tail_;
  bool statements_ = false;
};

}  // namespace

BackupFacts inspectFile(const fs::path& path) {
  return FileInspector(path).inspect();
}

}  // namespace dlpx
