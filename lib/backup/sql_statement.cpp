#include "backup/sql_statement.h"

namespace dlpx {
namespace {

using Kind = SqlStatement::Kind;

// name or database.name
bool takeName(SqlLexer& lexer, SqlStatement& result) {
  const SqlToken first = lexer.next();
  if (!first.isName()) return false;
  result.name = first.text();
  if (!lexer.peek().isSymbol('.')) return true;
  lexer.next();
  const SqlToken second = lexer.next();
  if (!second.isName()) return false;
  result.database = result.name;
  result.name = second.text();
  return true;
}

void takeParentheses(SqlLexer& lexer) {
  unsigned depth = 0;
  do {
    const SqlToken token = lexer.next();
    if (token.kind == SqlToken::Kind::end) return;
    if (token.isSymbol('(')) ++depth;
    if (token.isSymbol(')')) --depth;
  } while (depth > 0);
}

// INSERT or REPLACE, also as --insert-ignore and --delayed-insert write it.
SqlStatement insert(SqlLexer lexer, bool replace) {
  SqlStatement result;
  result.ordered = replace;
  while (lexer.peek().is("IGNORE") || lexer.peek().is("DELAYED"))
    result.ordered = lexer.next().is("IGNORE") || result.ordered;
  if (!lexer.take({"INTO"}) || !takeName(lexer, result)) return {};
  if (lexer.peek().isSymbol('(')) takeParentheses(lexer);
  if (!lexer.take({"VALUES"}) && !lexer.take({"VALUE"})) return {};
  if (!lexer.next().isSymbol('(')) return {};
  result.kind = Kind::rows;
  return result;
}

SqlStatement createTable(SqlLexer lexer) {
  SqlStatement result;
  lexer.take({"IF", "NOT", "EXISTS"});
  if (!takeName(lexer, result) || !lexer.next().isSymbol('(') || lexer.peek().is("LIKE")) return {};
  result.kind = Kind::createTable;
  return result;
}

SqlStatement trigger(SqlLexer lexer) {
  SqlStatement result;
  lexer.take({"IF", "NOT", "EXISTS"});
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (!token.is("ON")) continue;
    if (takeName(lexer, result)) result.kind = Kind::trigger;
    return result.kind == Kind::trigger ? result : SqlStatement{};
  }
  return {};
}

bool isProgram(const SqlToken& token) {
  return token.is("PROCEDURE") || token.is("FUNCTION") || token.is("EVENT");
}

SqlStatement program(SqlLexer lexer) {
  SqlStatement result;
  lexer.take({"IF", "NOT", "EXISTS"}) || lexer.take({"IF", "EXISTS"});
  if (!takeName(lexer, result)) return {};
  return {Kind::program, result.database, {}};
}

// CREATE [OR REPLACE] [ALGORITHM = …] [DEFINER = …] [SQL SECURITY …] what …
SqlStatement create(SqlLexer lexer) {
  if (lexer.take({"TABLE"})) return createTable(lexer);
  if (lexer.take({"DATABASE"}) || lexer.take({"SCHEMA"})) {
    lexer.take({"IF", "NOT", "EXISTS"});
    return {Kind::createDatabase, lexer.next().text(), {}};
  }
  if (lexer.take({"USER"}) || lexer.take({"ROLE"})) return {Kind::account, {}, {}};
  if (lexer.take({"AGGREGATE"})) return {};
  for (unsigned i = 0; i < 20; ++i) {
    const SqlToken token = lexer.next();
    if (token.is("TRIGGER")) return trigger(lexer);
    if (token.is("VIEW")) {
      SqlStatement result;
      lexer.take({"IF", "NOT", "EXISTS"});
      if (takeName(lexer, result)) result.kind = Kind::view;
      return result;
    }
    if (isProgram(token)) return program(lexer);
    if (token.is("TABLE") || token.is("INDEX") || token.kind == SqlToken::Kind::end) break;
  }
  return {};
}

SqlStatement drop(SqlLexer lexer) {
  const SqlToken what = lexer.next();
  if (what.is("USER") || what.is("ROLE")) return {Kind::account, {}, {}};
  if (isProgram(what)) return program(lexer);
  if (what.is("DATABASE") || what.is("SCHEMA")) {
    lexer.take({"IF", "EXISTS"});
    return {Kind::dropDatabase, lexer.next().text(), {}};
  }
  if (!what.is("TABLE") && !what.is("VIEW")) return {};
  SqlStatement result;
  if (!lexer.take({"IF", "EXISTS"}) || !takeName(lexer, result)) return {};
  if (lexer.next().kind == SqlToken::Kind::end) result.kind = Kind::dropTable;
  return result;
}

SqlStatement alter(SqlLexer lexer) {
  SqlStatement result;
  if (lexer.take({"DATABASE"}) || lexer.take({"SCHEMA"}))
    return {Kind::createDatabase, lexer.next().text(), {}};
  if (lexer.take({"USER"})) return {Kind::account, {}, {}};
  if (!lexer.take({"TABLE"}) || !takeName(lexer, result)) return {};
  if (lexer.take({"DISABLE", "KEYS"}) || lexer.take({"ENABLE", "KEYS"})) result.kind = Kind::keys;
  return result;
}

SqlStatement set(SqlLexer lexer, std::string_view statement, SqlReading reading) {
  if (lexer.take({"DEFAULT", "ROLE"}) || lexer.take({"PASSWORD"})) return {Kind::account, {}, {}};
  return {parseSet(statement, reading) ? Kind::set : Kind::other, {}, {}};
}

bool isReplicaWord(SqlLexer& lexer) {
  return lexer.take({"SLAVE"}) || lexer.take({"REPLICA"}) || lexer.take({"ALL", "SLAVES"});
}

}  // namespace

bool SqlStatement::needsDatabase() const {
  switch (kind) {
    case Kind::rows:
    case Kind::createTable:
    case Kind::dropTable:
    case Kind::view:
    case Kind::trigger:
    case Kind::program:
      return database.empty();
    default:
      return false;
  }
}

SqlStatement classify(std::string_view statement, SqlReading reading) {
  SqlLexer lexer(statement, reading);
  const SqlToken first = lexer.next();
  if (first.is("INSERT") || first.is("REPLACE")) return insert(lexer, first.is("REPLACE"));
  if (first.is("SET")) return set(lexer, statement, reading);
  if (first.is("CREATE")) return create(lexer);
  if (first.is("DROP")) return drop(lexer);
  if (first.is("ALTER")) return alter(lexer);
  if (first.is("USE")) return {Kind::use, lexer.next().text(), {}};
  if (first.is("LOCK") || first.is("UNLOCK"))
    return {lexer.take({"TABLES"}) || lexer.take({"TABLE"}) ? Kind::lock : Kind::other, {}, {}};
  if (first.is("GRANT") || first.is("REVOKE")) return {Kind::account, {}, {}};
  if (first.is("RENAME") && lexer.take({"USER"})) return {Kind::account, {}, {}};
  if (first.is("CHANGE")) return {Kind::coordinates, {}, {}};
  if (first.is("STOP") || first.is("RESET"))
    return {isReplicaWord(lexer) ? Kind::replica : Kind::other, {}, {}};
  if (first.is("START")) {
    if (lexer.take({"TRANSACTION"})) return {Kind::transaction, {}, {}};
    return {isReplicaWord(lexer) ? Kind::replica : Kind::other, {}, {}};
  }
  if (first.is("BEGIN") || first.is("COMMIT")) return {Kind::transaction, {}, {}};
  if (first.is("FLUSH")) return {Kind::flush, {}, {}};
  return {};
}

}  // namespace dlpx
