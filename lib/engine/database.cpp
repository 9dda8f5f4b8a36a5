#include "engine/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <memory>
#include <utility>

#include "base/error.h"

namespace dlpx {
namespace {

struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementCloser>;

int bind(sqlite3_stmt* statement, int place, const SqlValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return sqlite3_bind_int64(statement, place, *number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text(statement, place, text->data(), static_cast<int>(text->size()),
                             SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(statement, place);
}

SqlValue column(sqlite3_stmt* statement, int place) {
  switch (sqlite3_column_type(statement, place)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return static_cast<int64_t>(sqlite3_column_int64(statement, place));
    default:
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, place)),
                         static_cast<size_t>(sqlite3_column_bytes(statement, place)));
  }
}

}  // namespace

int64_t integerOf(const SqlValue& value) {
  return integerIfThere(value).value_or(0);
}

std::optional<int64_t> integerIfThere(const SqlValue& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::string textOf(const SqlValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

SqlValue orNull(const std::optional<int64_t>& value) {
  return value ? SqlValue(*value) : SqlValue(nullptr);
}

Database::Database(const fs::path& file, Use use) : file_(file) {
  if (use == Use::file) {
    openFile(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);  // SQLite gives its side files the mode of this one
    open(file);
    query("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
  } else {
    open(":memory:");
    if (fs::exists(file)) copyFromFile();
  }
  execute("PRAGMA foreign_keys=ON");
}

Database::~Database() {
  sqlite3_close(handle_);
}

std::vector<SqlRow> Database::query(const std::string& sql, const std::vector<SqlValue>& values) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) fail(sql);
  const Statement statement(prepared);
  for (size_t i = 0; i < values.size(); ++i) {
    if (bind(prepared, static_cast<int>(i) + 1, values[i]) != SQLITE_OK) fail(sql);
  }
  std::vector<SqlRow> rows;
  int state = sqlite3_step(prepared);
  for (; state == SQLITE_ROW; state = sqlite3_step(prepared)) {
    SqlRow& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(prepared); ++i) row.push_back(column(prepared, i));
  }
  if (state != SQLITE_DONE) fail(sql);
  return rows;
}

int64_t Database::execute(const std::string& sql, const std::vector<SqlValue>& values) {
  query(sql, values);
  return sqlite3_last_insert_rowid(handle_);
}

void Database::open(const fs::path& file) {
  if (sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) fail("open");
  sqlite3_busy_timeout(handle_, 10000);
}

void Database::copyFromFile() {
  // The last to close it would write into the file what another, who was killed, has left in its log.
  const bool logIsThere = fs::exists(file_.string() + "-wal");
  sqlite3* const copy = handle_;
  open(file_);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> source(std::exchange(handle_, copy), sqlite3_close);
  if (logIsThere) sqlite3_db_config(source.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_backup* const backup = sqlite3_backup_init(handle_, "main", source.get(), "main");
  if (backup == nullptr) fail("read");
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) fail("read");
}

void Database::transaction(const std::function<void()>& work) {
  execute("BEGIN IMMEDIATE");
  try {
    work();
    execute("COMMIT");
  } catch (...) {
    if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void Database::fail(const std::string& what) {
  const int code = sqlite3_errcode(handle_);
  const std::string problem =
      "catalogue " + file_.string() + ": " + sqlite3_errmsg(handle_) + " (" + what + ")";
  if (code == SQLITE_FULL) throw Error(ExitCode::noSpace, problem, "free space, then repeat the command");
  if (code == SQLITE_BUSY)
    throw Error(ExitCode::locked, problem, "repeat the command when the others have ended");
  throw Error(ExitCode::storage, problem, "check the file and its directory, or restore them from a backup");
}

}  // namespace dlpx
