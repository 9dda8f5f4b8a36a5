#include "backup/accounts_in_statement.h"

#include <algorithm>

#include "base/text.h"

namespace dlpx {
namespace {

// Words after which a name of an account, or a list of them, comes.
bool leadsToAccounts(const SqlToken& token) {
  constexpr std::string_view words[] = {"USER", "ROLE", "TO", "FROM", "FOR", "EXISTS", "GRANT", "REVOKE"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return token.is(word); });
}

// A host without quotes may have dots: 10.0.0.1.
std::string takeHost(SqlLexer& lexer) {
  SqlToken token = lexer.next();
  if (token.kind != SqlToken::Kind::word) return toLower(token.text());
  std::string host = token.text();
  for (SqlToken more = lexer.peek();
       (more.kind == SqlToken::Kind::word || more.isSymbol('.')) && more.begin == lexer.position();
       more = lexer.peek())
    host += lexer.next().raw;
  return toLower(host);
}

}  // namespace

AccountsInStatement accountsIn(std::string_view statement, SqlReading reading) {
  AccountsInStatement found;
  SqlLexer lexer(statement, reading);
  const bool password = SqlLexer(lexer).take({"SET", "PASSWORD"});
  bool expected = false;
  bool listed = false;  // a comma continues the list
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    const bool function = (token.is("USER") || token.is("CURRENT_USER")) && lexer.peek().isSymbol('(');
    if (function || token.is("CURRENT_USER")) {
      found.current = true;
      expected = false;
    } else if (leadsToAccounts(token)) {
      expected = listed = true;
    } else if (token.is("IF") || token.is("NOT")) {
      continue;
    } else if (token.isSymbol(',')) {
      expected = listed;
    } else if (token.kind == SqlToken::Kind::symbol) {
      expected = false;
    } else {
      const bool hasHost = lexer.peek().isSymbol('@');
      if (hasHost) lexer.next();
      if (expected || hasHost) found.names.push_back({token.text(), hasHost ? takeHost(lexer) : "%"});
      expected = false;
    }
  }
  if (password && found.names.empty()) found.current = true;
  return found;
}

}  // namespace dlpx
