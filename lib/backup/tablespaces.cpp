#include "backup/tablespaces.h"

#include <filesystem>
#include <set>

#include "base/sha256.h"

namespace dlpx {
namespace {

constexpr unsigned accessDenied = 1227;

// There are none before 5.7.6; INNODB_SYS_TABLESPACES has no ENCRYPTION column before 8.0.
Rows generalTablespaces(Session& server) {
  if (server.version() < Version{5, 7, 6}) return {};
  const bool dictionary = server.version() >= Version{8, 0, 3};
  return server.query(
      std::string_view(std::string("SELECT t.NAME AS name, f.FILE_NAME AS file, t.ZIP_PAGE_SIZE AS block, ") +
                       (dictionary ? "t.ENCRYPTION" : "'N'") + " AS encrypted FROM information_schema." +
                       (dictionary ? "INNODB_TABLESPACES" : "INNODB_SYS_TABLESPACES") +
                       " t JOIN information_schema.FILES f ON f.FILE_ID = t.SPACE "
                       "WHERE t.SPACE_TYPE = 'General' AND t.NAME <> 'mysql' ORDER BY t.NAME"));
}

std::string create(const Row& row) {
  const std::string file = std::filesystem::path(row.text("file")).filename();
  std::string statement = createTablespace(row.text("name"), file);
  if (row.number("block") > 0) statement += " FILE_BLOCK_SIZE = " + row.text("block");
  if (row.text("encrypted") == "Y") statement += " ENCRYPTION = 'Y'";
  return statement;
}

}  // namespace

std::string createTablespace(const std::string& name, const std::string& file) {
  return "CREATE TABLESPACE " + quoteIdentifier(name) + " ADD DATAFILE " + quoteString(file);
}

std::string fileNameOfTablespace(const std::string& name) {
  Sha256 hash;
  hash.update(name);
  return "general_" + hash.finish().substr(0, 16) + ".ibd";
}

std::string tablespaceOf(std::string_view createTable, SqlReading reading) {
  SqlLexer lexer(createTable, reading);
  size_t depth = 0;  // options stand behind the list of columns
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.isSymbol('(')) ++depth;
    if (token.isSymbol(')')) --depth;
    if (depth > 0 || !token.is("TABLESPACE")) continue;
    if (lexer.peek().isSymbol('=')) lexer.next();
    const SqlToken name = lexer.next();
    return name.isName() && name.text().rfind("innodb_", 0) != 0 ? name.text() : "";
  }
  return {};
}

void copyTablespaces(Session& source, Session& target, std::vector<std::string>& notes) {
  std::set<std::string> there;
  for (const Row& row : generalTablespaces(target)) there.insert(row.text("name"));
  try {
    for (const Row& row : generalTablespaces(source))
      if (!there.contains(row.text("name"))) target.execute(std::string_view(create(row)));
  } catch (const SqlError& e) {
    if (e.number() != accessDenied) throw;
    notes.push_back("the source's general tablespaces were not looked for: its account lacks PROCESS");
  }
}

}  // namespace dlpx
