#include "backup/qualified_names.h"

namespace dlpx {

std::set<std::string> qualifiersIn(std::string_view statement, SqlReading reading) {
  std::set<std::string> found;
  SqlLexer lexer(statement, reading);
  bool behindDot = false;
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.isName() && !behindDot && lexer.peek().isSymbol('.')) found.insert(token.text());
    behindDot = token.isSymbol('.');
  }
  return found;
}

}  // namespace dlpx
