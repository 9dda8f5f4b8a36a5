#include "backup/definitions.h"

#include "backup/sql_lexer.h"
#include "base/text.h"

namespace dlpx {
namespace {

// Outside of quotes: a comment may say the same.
std::string withoutCounter(std::string create) {
  constexpr std::string_view mark = " AUTO_INCREMENT=";
  const size_t options = create.rfind("\n)");
  const size_t at = options == std::string::npos ? options : create.find(mark, options);
  const size_t comment = options == std::string::npos ? options : create.find(" COMMENT='", options);
  if (at == std::string::npos || at > comment) return create;
  const size_t end = create.find_first_not_of("0123456789", at + mark.size());
  return create.erase(at, end == std::string::npos ? end : end - at);
}

// A column that has its collation from its table says so as "COLLATE c"; created from that very text, as
// "CHARACTER SET s COLLATE c". A collation has one character set.
std::string withoutImpliedCharacterSets(const std::string& create) {
  std::string result;
  size_t copied = 0;
  SqlLexer lexer(create);
  for (SqlToken token = lexer.peek(); token.kind != SqlToken::Kind::end; token = lexer.peek()) {
    if (!token.is("CHARACTER")) {
      lexer.next();
      continue;
    }
    lexer.next();
    if (!lexer.take({"SET"})) continue;
    lexer.next();
    const SqlToken collate = lexer.peek();
    if (!collate.is("COLLATE")) continue;
    result += create.substr(copied, token.begin - copied);
    copied = collate.begin;
  }
  return result + create.substr(copied);
}

class DefinitionReader {
 public:
  DefinitionReader(Session& session, bool texts) : session_(session), texts_(texts) {}

  void read(const std::string& database) {
    for (const Row& row : session_.query("SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM "
                                         "information_schema.TABLES WHERE TABLE_SCHEMA = ?",
                                         database)) {
      const bool view = row.text("type") == "VIEW";
      addCreated(view ? "view" : "table", database, row.text("name"), view ? "Create View" : "Create Table");
    }
    for (const Row& row : session_.query("SELECT ROUTINE_NAME AS name, LOWER(ROUTINE_TYPE) AS type FROM "
                                         "information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
                                         database)) {
      const bool function = row.text("type") == "function";
      addCreated(row.text("type"), database, row.text("name"),
                 function ? "Create Function" : "Create Procedure");
    }
    addRows("trigger", database,
            "SELECT TRIGGER_NAME AS name, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, "
            "ACTION_STATEMENT, "
            "ACTION_TIMING, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM "
            "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?");
    addRows("event", database,
            "SELECT EVENT_NAME AS name, DEFINER, TIME_ZONE, EVENT_DEFINITION, EVENT_TYPE, EXECUTE_AT, "
            "INTERVAL_VALUE, "
            "INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT FROM "
            "information_schema.EVENTS WHERE "
            "EVENT_SCHEMA = ?");
  }

  std::map<std::string, std::string> found() && { return std::move(found_); }

 private:
  // SHOW CREATE fails for a view that is invalid: on both sides alike.
  void addCreated(const std::string& kind, const std::string& database, const std::string& name,
                  const std::string& column) {
    std::string& text = found_[kind + " " + database + "." + name];
    if (!texts_) return;
    try {
      const Rows rows = session_.query(std::string_view(
          "SHOW CREATE " + kind + " " + quoteIdentifier(database) + "." + quoteIdentifier(name)));
      text = rows.at(0).text(column);
      for (const char* const also : {"sql_mode", "character_set_client", "collation_connection"})
        if (rows.at(0).has(also)) text += "\n" + rows.at(0).text(also);
      if (kind == "table") text = withoutImpliedCharacterSets(withoutCounter(text));
    } catch (const SqlError& e) {
      if (e.connectionLost()) throw;
      text = "error " + std::to_string(e.number());
    }
  }

  void addRows(const std::string& kind, const std::string& database, const std::string& query) {
    for (const Row& row : session_.query(std::string_view(query), database)) {
      std::string& text = found_[kind + " " + database + "." + row.text("name")];
      for (size_t i = 1; texts_ && i < row.size(); ++i) text += row[i].value_or("NULL") + "\n";
    }
  }

  Session& session_;
  bool texts_;
  std::map<std::string, std::string> found_;
};

}  // namespace

std::map<std::string, std::string> definitions(Session& session, const std::vector<std::string>& databases,
                                               bool texts) {
  DefinitionReader reader(session, texts);
  session.execute("USE information_schema");  // names of the current database are not qualified
  for (const std::string& database : databases) reader.read(database);
  return std::move(reader).found();
}

}  // namespace dlpx
