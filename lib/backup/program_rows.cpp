#include "backup/program_rows.h"

#include <cstdio>
#include <set>

#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

std::string without(const std::string& modes, const std::set<std::string>& gone) {
  std::vector<std::string> left;
  for (const std::string& mode : split(modes, ','))
    if (!gone.contains(mode)) left.push_back(mode);
  return join(left, ",");
}

// The modes that 8.0 no longer knows; what the old combinations stand for is listed beside them.
std::string modesOf8(const std::string& modes) {
  return without(modes, {"NO_AUTO_CREATE_USER", "NO_FIELD_OPTIONS", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS",
                         "POSTGRESQL", "ORACLE", "MSSQL", "DB2", "MAXDB", "MYSQL323", "MYSQL40", "NOT_USED"});
}

std::string literal(const std::string& text, const std::string& modes) {
  const std::string quoted = replaceAll(text, "'", "''");
  const bool plain = modes.find("NO_BACKSLASH_ESCAPES") != std::string::npos;
  return "'" + (plain ? quoted : replaceAll(quoted, "\\", "\\\\")) + "'";
}

std::string definer(const std::string& account) {
  const size_t at = account.rfind('@');
  if (at == std::string::npos) return {};
  return "DEFINER=" + quoteIdentifier(account.substr(0, at)) + "@" + quoteIdentifier(account.substr(at + 1)) +
         " ";
}

class ProgramRows {
 public:
  ProgramRows(Session& server, const std::string& schema, const std::vector<std::string>& databases)
      : server_(server),
        schema_(schema),
        databases_(databases),
        mode_(server.value("SELECT @@SESSION.sql_mode").value_or("")),
        zone_(server.value("SELECT @@SESSION.time_zone").value_or("")) {
    server_.execute("SET SESSION sql_mode = ''");
  }
  ~ProgramRows() {
    try {
      reset();
      server_.execute("SET SESSION sql_mode = ?", mode_);
    } catch (const std::exception&) {  // the connection is gone, and the settings with it
    }
  }
  ProgramRows(const ProgramRows&) = delete;
  ProgramRows& operator=(const ProgramRows&) = delete;

  void create(const std::string& table, const std::string& view) {
    if (server_.number(
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
            schema_, table) == 0)
      return;
    const bool routines = table == "proc";
    const std::string type = routines ? "p.type" : "'EVENT'";
    const std::string same = routines ? " AND v.ROUTINE_TYPE = p.type" : "";
    std::string list =
        "SELECT p.db AS db, p.name AS name, " + type + " AS type, p.character_set_client AS charset FROM " +
        quoteIdentifier(schema_) + "." + quoteIdentifier(table) +
        " p JOIN information_schema.SCHEMATA s ON s.SCHEMA_NAME = p.db " +
        "WHERE p.db NOT IN ('mysql', 'sys') AND NOT EXISTS (SELECT 1 FROM information_schema." + view +
        "S v WHERE v." + view + "_SCHEMA = p.db AND v." + view + "_NAME = p.name" + same + ")";
    if (!databases_.empty()) list += sql(" AND p.db IN (?)", databases_);
    for (const Row& row : server_.query(std::string_view(list + " ORDER BY 1, 2"))) createOne(table, row);
  }

  std::vector<std::string> notes;

 private:
  // Body and parameters are kept in the bytes of their creator's client: the whole statement is sent in them.
  void createOne(const std::string& table, const Row& key) {
    const std::string charset = key.text("charset");
    const std::string name = key.text("db") + "." + key.text("name");
    const auto failed = [&](const std::string& why) {
      notes.push_back(toLower(key.text("type")) + " " + name + " was not created from its row in mysql." +
                      table + ": " + why);
    };
    if (charset.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      return failed("its character set " + charset + " is none");
    const auto in = [&](const std::string& column) {
      return "CAST(CONVERT(CONVERT(p." + column + " USING utf8mb4) USING " + charset + ") AS BINARY) AS " +
             column;
    };
    const std::string own =
        table == "proc"
            ? in("returns") + ", p.param_list, p.is_deterministic, p.sql_data_access, p.security_type"
            : "p.execute_at, p.interval_value, p.interval_field, p.starts, p.ends, p.status, "
              "p.on_completion, p.time_zone";
    try {
      const Rows rows = server_.query(std::string_view(
          "SELECT " + in("db") + ", " + in("name") + ", " + in("definer") + ", " + in("comment") +
          ", p.body, p.sql_mode, p.collation_connection, p.db_collation, " + own + " FROM " +
          quoteIdentifier(schema_) + "." + quoteIdentifier(table) + " p WHERE p.db = " +
          quoteString(key.text("db")) + " AND p.name = " + quoteString(key.text("name")) +
          (table == "proc" ? " AND p.type = " + quoteString(key.text("type")) : "")));
      if (!rows.empty()) run(key, rows[0], table == "proc" ? routine(key, rows[0]) : event(rows[0]));
    } catch (const SqlError& e) {
      if (e.connectionLost()) throw;
      failed(e.what());
    }
    reset();
  }

  void run(const Row& key, const Row& row, const std::string& create) {
    const std::string database = key.text("db");
    const std::string collation =
        server_
            .value("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
                   database)
            .value_or("");
    const std::string had = row.has("db_collation") ? row.text("db_collation") : "";
    const bool other = !had.empty() && had != collation;
    if (other) server_.execute("ALTER DATABASE ! COLLATE ?", database, had);
    auto error = server_.tryExecute(sql("USE !", database));
    if (!error)
      error = server_.tryExecute(
          sql("SET SESSION sql_mode = ?, character_set_client = ?, collation_connection = ?",
              modesOf8(row.text("sql_mode")), key.text("charset"), row.text("collation_connection")));
    if (!error) error = server_.tryExecute(create);
    reset();
    if (other) server_.execute("ALTER DATABASE ! COLLATE ?", database, collation);
    if (error) throw *error;
  }

  void reset() {
    server_.execute("SET NAMES utf8mb4");
    server_.execute("SET SESSION sql_mode = ''");
    server_.execute("SET SESSION time_zone = ?", zone_);
  }

  static std::string comment(const Row& row) {
    const std::string text = row.text("comment");
    return text.empty() ? text : " COMMENT " + literal(text, row.text("sql_mode"));
  }

  static std::string routine(const Row& key, const Row& row) {
    std::string text = "CREATE " + definer(row.text("definer")) + key.text("type") + " " +
                       quoteIdentifier(row.text("db")) + "." + quoteIdentifier(row.text("name")) + "(" +
                       row.text("param_list") + ")";
    if (key.text("type") == "FUNCTION") text += " RETURNS " + row.text("returns");
    if (row.text("is_deterministic") == "YES") text += " DETERMINISTIC";
    text += " " + replaceAll(row.text("sql_data_access"), "_", " ") + " SQL SECURITY " +
            row.text("security_type") + comment(row);
    return text + "\n" + row.text("body");
  }

  // The row has UTC; a schedule is read in the session's zone, which is kept with the event.
  std::string local(const std::string& utc) {
    return quoteString(
        server_.value("SELECT CONVERT_TZ(?, '+00:00', @@SESSION.time_zone)", utc).value_or(utc));
  }

  void enterZone(const Row& row) {
    const std::string zone = row.text("time_zone");
    if (!server_.tryExecute(sql("SET SESSION time_zone = ?", zone))) return;
    server_.execute("SET SESSION time_zone = '+00:00'");
    notes.push_back("time zone " + zone + " is not known here: the event " + row.text("name") +
                    " has +00:00 instead");
  }

  std::string event(const Row& row) {
    enterZone(row);
    std::string text = "CREATE " + definer(row.text("definer")) + "EVENT " + quoteIdentifier(row.text("db")) +
                       "." + quoteIdentifier(row.text("name")) + " ON SCHEDULE ";
    if (row["execute_at"]) {
      text += "AT " + local(row.text("execute_at"));
    } else {
      text += "EVERY " + eventInterval(row.number("interval_value"), row.text("interval_field")) + " " +
              row.text("interval_field");
      if (row["starts"]) text += " STARTS " + local(row.text("starts"));
      if (row["ends"]) text += " ENDS " + local(row.text("ends"));
    }
    const std::string status = row.text("status");
    const bool replica = server_.version().atLeast(8, 2, 0);
    text +=
        row.text("on_completion") == "PRESERVE" ? " ON COMPLETION PRESERVE" : " ON COMPLETION NOT PRESERVE";
    text += status == "ENABLED"    ? " ENABLE"
            : status == "DISABLED" ? " DISABLE"
                                   : std::string(" DISABLE ON ") + (replica ? "REPLICA" : "SLAVE");
    return text + comment(row) + " DO " + row.text("body");
  }

  Session& server_;
  const std::string& schema_;
  const std::vector<std::string>& databases_;
  std::string mode_;
  std::string zone_;
};

}  // namespace

std::string eventInterval(unsigned long long stored, const std::string& field) {
  const auto two = [&](unsigned long long unit, char separator) {
    return "'" + std::to_string(stored / unit) + separator + std::to_string(stored % unit) + "'";
  };
  const auto clock = [](unsigned long long value) {
    char text[8];
    std::snprintf(text, sizeof(text), "%02llu", value % 100);
    return std::string(text);
  };
  if (field == "QUARTER") return std::to_string(stored / 3);
  if (field == "WEEK") return std::to_string(stored / 7);
  if (field == "YEAR_MONTH") return two(12, '-');
  if (field == "DAY_HOUR") return two(24, ' ');
  if (field == "HOUR_MINUTE" || field == "MINUTE_SECOND") return two(60, ':');
  if (field == "DAY_MINUTE")
    return "'" + std::to_string(stored / 1440) + " " + clock(stored / 60 % 24) + ":" + clock(stored % 60) +
           "'";
  const std::string seconds = clock(stored / 60 % 60) + ":" + clock(stored % 60) + "'";
  if (field == "HOUR_SECOND") return "'" + std::to_string(stored / 3600) + ":" + seconds;
  if (field == "DAY_SECOND")
    return "'" + std::to_string(stored / 86400) + " " + clock(stored / 3600 % 24) + ":" + seconds;
  return std::to_string(stored);
}

std::vector<std::string> createProgramsOfRows(Session& server, const std::string& schema,
                                              const std::vector<std::string>& databases) {
  ProgramRows rows(server, schema, databases);
  rows.create("proc", "ROUTINE");
  rows.create("event", "EVENT");
  return rows.notes;
}

}  // namespace dlpx
