#include "backup/script_runner.h"

#include <algorithm>
#include <utility>

#include "backup/accounts_in_statement.h"
#include "backup/deferred_keys.h"
#include "backup/qualified_names.h"
#include "backup/restore_session.h"
#include "backup/schema.h"
#include "backup/tablespaces.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/disk_full.h"

namespace dlpx {
namespace {

using Kind = SqlStatement::Kind;
using Scope = SqlAssignment::Scope;

std::vector<AccountName> keptAccounts(Session& session) {
  std::vector<AccountName> kept{
      {"mysql.sys", "localhost"}, {"mysql.session", "localhost"}, {"mysql.infoschema", "localhost"}};
  const std::string own = session.value("SELECT CURRENT_USER()").value_or("");
  const size_t at = own.rfind('@');
  if (at != std::string::npos) kept.push_back({own.substr(0, at), own.substr(at + 1)});
  return kept;
}

constexpr unsigned unknownDatabase = 1049;
constexpr unsigned missingParentRow = 1452;
constexpr unsigned missingParentKey = 1822;
constexpr unsigned missingParentTable = 1824;
constexpr unsigned missingTablespace = 3510;
constexpr unsigned missingUniqueParentKey = 6125;

}  // namespace

ScriptRunner::ScriptRunner(const FileRestoreRequest& request, Session& control)
    : request_(request),
      control_(control),
      main_(restoreSession(request.target)),
      pool_(request.target, request.connections, restorePreamble(),
            [this](const LoadStatement& text, const SqlError& error) { return failure(text, error); }),
      views_(main_,
             [this](const LoadStatement& text, const SqlError& error) { return failure(text, error); }),
      kept_(keptAccounts(control)),
      system_(control, kept_, request.databases),
      told_(request.backup.databases.begin(), request.backup.databases.end()) {
  for (const std::string& name : userDatabases(control)) told_.insert(name);
}

ScriptRunner::~ScriptRunner() {
  for (const auto& [name, value] : globals_) {
    try {
      const bool number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
      control_.execute(
          std::string_view("SET GLOBAL " + name + " = " + (number ? value : quoteString(value))));
    } catch (const std::exception& e) {
      log::warning("global variable " + name + " could not be put back: " + e.what());
    }
  }
}

Error ScriptRunner::failure(const LoadStatement& text, const SqlError& error) const {
  const std::string where = "line " + std::to_string(text.line) + " of " + request_.backup.path.string();
  const bool full = isDiskFull(error);
  return Error(full ? ExitCode::noSpace : ExitCode::restore, where + " failed: " + error.what(),
               full ? "free space, then repeat the restore"
                    : "mend the cause at the target, or take the backup again, and repeat the restore");
}

void ScriptRunner::note(const std::string& text) {
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(text);
}

bool ScriptRunner::isWanted(const std::string& database) const {
  return request_.databases.empty() || std::find(request_.databases.begin(), request_.databases.end(),
                                                 database) != request_.databases.end();
}

std::string ScriptRunner::databaseOf(const SqlStatement& statement) const {
  return statement.database.empty() ? database_ : statement.database;
}

// A dump of one database names it only in its head.
void ScriptRunner::needDatabase() {
  if (!database_.empty()) return;
  const auto& found = request_.backup.databases;
  if (found.size() != 1) {
    throw Error(ExitCode::providedBackup,
                "backup " + request_.backup.path.string() + " does not say into which database it belongs",
                "take it with mysqldump --databases");
  }
  createDatabase(found[0]);
  use(found[0], {sql("USE !", found[0]), 0});
}

void ScriptRunner::createDatabase(const std::string& name) {
  main_.execute("CREATE DATABASE IF NOT EXISTS !", name);
  note("the dump does not create its database " + name + ": it has the server's default character set");
}

// A dump without a head (--compact) leaves the checks on, and a child may come before its parent.
void ScriptRunner::inOrder(const LoadStatement& text) {
  auto error = main_.tryExecute(text.text);
  if (error && (error->number() == missingParentTable || error->number() == missingParentRow)) {
    const std::string checks = main_.value("SELECT @@SESSION.foreign_key_checks").value_or("1");
    main_.execute("SET SESSION foreign_key_checks = 0");
    error = main_.tryExecute(text.text);
    main_.execute(std::string_view("SET SESSION foreign_key_checks = " + checks));
    if (!error) note("foreign keys were not checked where a table or row comes before the one it refers to");
  }
  if (error) throw failure(text, *error);
}

void ScriptRunner::settle() {
  closeTable();
  pool_.waitForAll();
}

void ScriptRunner::closeTable() {
  if (!keys_.text.empty()) pool_.afterRows(openTable_, std::move(keys_));
  keys_ = {};
  openTable_.clear();
}

void ScriptRunner::run(SqlPiece piece, SqlReading reading) {
  if (coordinates_.observe(piece) || piece.kind == SqlPiece::Kind::comment) return;
  if (!piece.terminated && request_.backup.kind == BackupKind::mysqldump) {
    throw Error(ExitCode::providedBackup,
                "the statement at line " + std::to_string(piece.line) + " of " +
                    request_.backup.path.string() + " does not end",
                "take the backup again");
  }
  ++statements_;
  const SqlStatement statement = classify(piece.text, reading);
  if (statement.needsDatabase()) needDatabase();
  // Moved, not copied: a row may be of any size.
  dispatch(statement, {std::move(piece.text), piece.line}, reading);
}

void ScriptRunner::dispatch(const SqlStatement& statement, LoadStatement text, SqlReading reading) {
  const bool sameTable = statement.kind == Kind::rows || statement.kind == Kind::keys ||
                         statement.kind == Kind::lock || statement.kind == Kind::set ||
                         statement.kind == Kind::transaction;
  if (!sameTable) closeTable();
  switch (statement.kind) {
    case Kind::set:
      return runSet(std::move(text), reading);
    case Kind::use:
      return use(statement.database, text);
    case Kind::coordinates:
    case Kind::replica:
    case Kind::flush:
    case Kind::lock:
    case Kind::transaction:
      return;
    case Kind::account:
      return runAccount(text, reading);
    default:
      break;
  }
  const std::string database = databaseOf(statement);
  if (statement.kind == Kind::createDatabase) told_.insert(database);
  if (statement.kind == Kind::other && namesUnwanted(text, reading)) return;
  if (isSystemDatabase(database)) return runSystem(statement, std::move(text));
  if (!isWanted(database) && !database.empty()) {
    if (statement.kind == Kind::other)
      note("statements under USE of a database that is not wanted were left out");
    return;
  }
  switch (statement.kind) {
    case Kind::rows:
      return loadRows(statement, std::move(text), reading);
    case Kind::createTable:
      return createTable(statement, std::move(text), reading);
    case Kind::keys:
      if (spread_.contains(database + "." + statement.name)) return;  // of no meaning to InnoDB
      pool_.waitForRows(database + "." + statement.name);
      return inOrder(text);
    case Kind::dropTable:
    case Kind::trigger:
      pool_.waitForRows(database + "." + statement.name);
      return inOrder(text);
    case Kind::createDatabase:
    case Kind::program:
      return inOrder(text);
    case Kind::view:
      return views_.create(database, statement.name, std::move(text));
    default:
      settle();
      return inOrder(text);
  }
}

// Only what is known to be a database counts: table.column looks the same.
bool ScriptRunner::namesUnwanted(const LoadStatement& text, SqlReading reading) {
  for (const std::string& name : qualifiersIn(text.text, reading)) {
    if (toLower(name) != "mysql" && (isWanted(name) || !told_.contains(name))) continue;
    note("line " + std::to_string(text.line) + " was left out: it names database " + name +
         ", which is not restored");
    return true;
  }
  return false;
}

void ScriptRunner::runSet(LoadStatement text, SqlReading reading) {
  const auto assignments = parseSet(text.text, reading).value_or(std::vector<SqlAssignment>{});
  allowInvalidDates(text.text, assignments);
  for (const SqlAssignment& assignment : assignments) {
    // Ours to decide: nothing of a restore goes to the binary log, and each statement is a transaction.
    if (assignment.name == "sql_log_bin" || assignment.name == "autocommit") {
      if (assignments.size() > 1 && assignment.scope != Scope::user) {
        throw Error(ExitCode::restore,
                    "line " + std::to_string(text.line) + " sets " + assignment.name +
                        " together with other variables",
                    "change the script to set it alone");
      }
      if (assignment.scope != Scope::user) return;
    }
    if (assignment.scope == Scope::global || assignment.scope == Scope::persist) {
      if (assignments.size() == 1) return runGlobal(assignment, text);
      for (const SqlAssignment& each : assignments)
        if (each.scope == Scope::global || each.scope == Scope::persist)
          globals_.insert(globals_.begin(), {each.name, control_.variable(each.name)});
      return inOrder(text);
    }
  }
  inOrder(text);
  pool_.remember(text.text);
}

void ScriptRunner::runGlobal(const SqlAssignment& assignment, const LoadStatement& text) {
  // Without it the new tables would keep the statistics of empty ones: those of the dump are not restored.
  if (assignment.name == "innodb_stats_auto_recalc") return;
  if (assignment.name == "gtid_slave_pos") return;  // MariaDB's mysqldump --gtid; MySQL has no such variable
  if (assignment.scope == Scope::persist) {
    note("line " + std::to_string(text.line) + " was left out: it persists " + assignment.name +
         " in the server");
    return;
  }
  globals_.insert(globals_.begin(), {assignment.name, control_.variable(assignment.name)});
  inOrder(text);
}

void ScriptRunner::use(const std::string& database, const LoadStatement& text) {
  if (toLower(database_) == "mysql" && toLower(database) != "mysql") system_.bringTimeZones();
  database_ = database;
  told_.insert(database);
  if (isSystemDatabase(database)) {
    if (toLower(database) == "mysql") main_.execute("USE !", system_.schema());
    return;
  }
  if (!isWanted(database)) return;
  if (const auto error = main_.tryExecute(text.text)) {
    if (error->number() != unknownDatabase) throw failure(text, *error);
    createDatabase(database);
    inOrder(text);
  }
  pool_.remember(text.text);
}

void ScriptRunner::runSystem(const SqlStatement& statement, LoadStatement text) {
  if (toLower(databaseOf(statement)) != "mysql") return;
  if (statement.kind == Kind::program || statement.kind == Kind::view || statement.kind == Kind::trigger) {
    note("programs and views of the mysql schema were not restored");
    return;
  }
  if (toLower(database_) != "mysql") return;
  text.text = system_.adapted(statement, text.text);
  if (!text.text.empty()) inOrder(text);
}

void ScriptRunner::createTable(const SqlStatement& statement, LoadStatement text, SqlReading reading) {
  const std::string table = databaseOf(statement) + "." + statement.name;
  const bool known = request_.backup.kind == BackupKind::mysqldump;
  const bool plain = text.text.find("/*") == std::string::npos;
  DeferredKeys keys = known ? deferKeys(text.text, reading) : DeferredKeys{text.text, {}};
  const LoadStatement create{keys.create, text.line};
  try {
    createInTablespace(create, reading);
  } catch (const SqlError& e) {
    if (e.number() != missingParentKey && e.number() != missingUniqueParentKey &&
        e.number() != missingParentTable)
      throw failure(text, e);
    // A key that is built last is needed at once: the parent's, or this table's own by a child that is there.
    settle();
    keys.add.clear();
    inOrder(text);
  }
  openTable_ = table;
  computed_.erase(table);
  if (TableColumns columns = columnsOf(text.text, reading); !columns.generated.empty())
    computed_.emplace(table, std::move(columns));
  const bool innodb = text.text.find("ENGINE=InnoDB") != std::string::npos;
  if (known && plain && innodb && text.text.find("\n  PRIMARY KEY (") != std::string::npos)
    spread_.insert(table);
  if (!keys.add.empty()) {
    const TableName name{databaseOf(statement), statement.name};
    keys_ = {"ALTER TABLE " + name.quoted() + " " + keys.add, text.line};
  }
}

// A dump does not tell of general tablespaces; its tables take them for granted.
void ScriptRunner::createInTablespace(const LoadStatement& create, SqlReading reading) {
  const auto error = main_.tryExecute(create.text);
  if (!error) return;
  const std::string name = error->number() == missingTablespace ? tablespaceOf(create.text, reading) : "";
  if (name.empty()) throw *error;
  main_.execute(std::string_view(createTablespace(name, fileNameOfTablespace(name))));
  note("general tablespace " + name + " was made for the tables that are in it");
  main_.execute(std::string_view(create.text));
}

void ScriptRunner::loadRows(const SqlStatement& statement, LoadStatement text, SqlReading reading) {
  const std::string table = databaseOf(statement) + "." + statement.name;
  if (const auto found = computed_.find(table); found != computed_.end())
    if (auto plain = withoutGenerated(text.text, found->second, reading)) text.text = std::move(*plain);
  if (request_.backup.kind != BackupKind::mysqldump) {
    settle();
    return inOrder(text);
  }
  if (table != openTable_) closeTable();
  if (statement.ordered) loadInOrder(table);
  pool_.load(table, std::move(text), spread_.contains(table));
}

// The table's rows go through one connection from now on, and its keys are there.
void ScriptRunner::loadInOrder(const std::string& table) {
  const bool spread = spread_.erase(table) > 0;
  if (table != openTable_) {
    if (spread) settle();
    return;
  }
  if (spread) pool_.waitForRows(table);
  if (!keys_.text.empty()) inOrder(std::exchange(keys_, {}));
}

bool ScriptRunner::concernsKept(const LoadStatement& text, SqlReading reading) const {
  const AccountsInStatement found = accountsIn(text.text, reading);
  return found.current || std::any_of(kept_.begin(), kept_.end(), [&](const AccountName& account) {
           return std::find(found.names.begin(), found.names.end(), account) != found.names.end();
         });
}

void ScriptRunner::runAccount(const LoadStatement& text, SqlReading reading) {
  if (concernsKept(text, reading)) return;
  accounts_ = true;
  if (const auto error = main_.tryExecute(text.text))
    note("line " + std::to_string(text.line) + ", which changes an account, was refused: error " +
         std::to_string(error->number()));
}

void ScriptRunner::finish() {
  settle();
  for (const std::string& each : system_.createPrograms()) note(each);
  for (const std::string& each : views_.createAll()) note(each);
  for (const std::string& each : system_.finish()) note(each);
}

}  // namespace dlpx
