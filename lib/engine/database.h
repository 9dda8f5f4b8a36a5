#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/files.h"

struct sqlite3;

namespace dlpx {

// A value of a row: NULL, an integer or a text.
using SqlValue = std::variant<std::nullptr_t, int64_t, std::string>;
using SqlRow = std::vector<SqlValue>;

int64_t integerOf(const SqlValue& value);                      // 0 for anything else
std::optional<int64_t> integerIfThere(const SqlValue& value);  // nothing for NULL
std::string textOf(const SqlValue& value);                     // "" for anything else
SqlValue orNull(const std::optional<int64_t>& value);

// An SQLite file of mode 0600 that several processes may use: waits up to 10 s for a writer, and what is
// committed survives a power failure. Throws Error{storage} (noSpace, where the disk is full) with SQLite's
// words.
class Database {
 public:
  enum class Use {
    file,
    copy  // in memory, of what the file holds now: it stays as it is; a missing one is empty
  };
  explicit Database(const fs::path& file, Use use = Use::file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::vector<SqlRow> query(const std::string& sql, const std::vector<SqlValue>& values = {});
  // Returns the rowid of the last insert.
  int64_t execute(const std::string& sql, const std::vector<SqlValue>& values = {});
  // All of `work` or nothing; others wait meanwhile.
  void transaction(const std::function<void()>& work);

 private:
  void open(const fs::path& file);
  void copyFromFile();
  void fail(const std::string& what);

  fs::path file_;
  sqlite3* handle_ = nullptr;
};

}  // namespace dlpx
