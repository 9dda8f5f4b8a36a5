#pragma once

#include <string>
#include <string_view>

#include "backup/sql_lexer.h"

namespace dlpx {

// What a statement of a dump is to a restore. Only what is understood has a kind of its own.
struct SqlStatement {
  enum class Kind {
    rows,            // INSERT [IGNORE] or REPLACE INTO t [(columns)] VALUES (…
    set,             // of variables
    use,             // USE database
    createDatabase,  // also ALTER DATABASE
    dropDatabase,
    createTable,  // with a list of columns, not LIKE, not SELECT
    dropTable,    // DROP TABLE or DROP VIEW IF EXISTS x, one name
    lock,         // LOCK TABLES, UNLOCK TABLES
    keys,         // ALTER TABLE t DISABLE KEYS, ENABLE KEYS
    view,
    trigger,
    program,      // CREATE or DROP of a procedure, function or event
    account,      // CREATE USER, GRANT, SET PASSWORD and the like
    coordinates,  // CHANGE MASTER TO and its new spelling
    replica,      // START, STOP or RESET of SLAVE or REPLICA
    transaction,  // START TRANSACTION, BEGIN, COMMIT
    flush,
    other,
  };
  Kind kind = Kind::other;
  std::string database;  // as written before the dot, or of USE, CREATE and DROP DATABASE; else empty
  std::string name;      // of the table; of a trigger its table's
  bool ordered = false;  // rows that keys which are there already decide on: INSERT IGNORE, REPLACE

  // True for what needs a current database when none is written.
  bool needsDatabase() const;
};

// Reads the first words only: cheap for statements of any size.
SqlStatement classify(std::string_view statement, SqlReading reading = {});

}  // namespace dlpx
