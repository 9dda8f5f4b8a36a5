#include "backup/generated_columns.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace dlpx {
namespace {

// Words that begin a part of CREATE TABLE which is no column; all are reserved.
bool beginsKey(const SqlToken& token) {
  constexpr std::string_view words[] = {"PRIMARY", "UNIQUE",     "KEY",     "INDEX", "FULLTEXT",
                                        "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK"};
  return token.kind == SqlToken::Kind::word &&
         std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return token.is(word); });
}

// Names of `(a, b)`, lower case; empty when there is no such list.
std::vector<std::string> listedColumns(SqlLexer& lexer) {
  std::vector<std::string> names;
  if (!lexer.peek().isSymbol('(')) return names;
  lexer.next();
  for (;;) {
    const SqlToken name = lexer.next();
    if (!name.isName()) return names;
    names.push_back(toLower(name.text()));
    if (!lexer.next().isSymbol(',')) return names;
  }
}

// Positions of generated columns in each row.
std::vector<bool> generatedAt(const std::vector<std::string>& names, const TableColumns& columns) {
  std::vector<bool> result;
  for (const std::string& name : names) result.push_back(columns.generated.contains(name));
  return result;
}

}  // namespace

TableColumns columnsOf(std::string_view createTable, SqlReading reading) {
  TableColumns result;
  SqlLexer lexer(createTable, reading);
  unsigned depth = 0;
  bool begins = false;  // of a part
  bool column = false;
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.isSymbol('(')) {
      begins = ++depth == 1;
      continue;
    }
    if (token.isSymbol(')') && --depth == 0) break;
    if (depth != 1) continue;
    if (begins) {
      column = token.isName() && !beginsKey(token);
      if (column) result.names.push_back(toLower(token.text()));
    } else if (column && token.is("AS")) {
      result.generated.insert(result.names.back());
    }
    begins = token.isSymbol(',');
  }
  return result;
}

std::optional<std::string> withoutGenerated(std::string_view insert, const TableColumns& columns,
                                            SqlReading reading) {
  SqlLexer lexer(insert, reading);
  while (!lexer.peek().is("INTO"))
    if (lexer.next().kind == SqlToken::Kind::end) return std::nullopt;
  lexer.next();
  lexer.next();
  if (lexer.peek().isSymbol('.')) {
    lexer.next();
    lexer.next();
  }
  const std::vector<std::string> listed = listedColumns(lexer);
  const std::vector<bool> generated = generatedAt(listed.empty() ? columns.names : listed, columns);
  if (std::find(generated.begin(), generated.end(), true) == generated.end()) return std::nullopt;
  if (!lexer.take({"VALUES"}) && !lexer.take({"VALUE"})) return std::nullopt;

  std::string result;
  size_t copied = 0;  // of the statement
  unsigned depth = 0;
  size_t value = 0;  // that we are in
  size_t begin = 0;  // of it
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    const bool opens = token.isSymbol('(') && ++depth == 1;
    const bool closes = token.isSymbol(')') && --depth == 0;
    const bool ends = closes || (depth == 1 && token.isSymbol(','));
    if (ends) {
      if (value >= generated.size()) return std::nullopt;
      if (generated[value]) {
        result.append(insert.substr(copied, begin - copied)).append("DEFAULT");
        copied = token.begin;
      }
      ++value;
    }
    if (opens) value = 0;
    if (opens || ends) begin = token.begin + 1;
  }
  result.append(insert.substr(copied));
  return result;
}

}  // namespace dlpx
