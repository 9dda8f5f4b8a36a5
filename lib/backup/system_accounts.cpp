#include <algorithm>
#include <map>
#include <set>

#include "backup/system_tables.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// "Create_tmp_table_priv" → CREATE TEMPORARY TABLES
std::string privilegeOfColumn(const std::string& column) {
  static const std::map<std::string, std::string> odd{{"CREATE TMP TABLE", "CREATE TEMPORARY TABLES"},
                                                      {"SHOW DB", "SHOW DATABASES"},
                                                      {"REPL SLAVE", "REPLICATION SLAVE"},
                                                      {"REPL CLIENT", "REPLICATION CLIENT"}};
  const std::string name = upper(replaceAll(column.substr(0, column.size() - 5), "_", " "));
  const auto found = odd.find(name);
  return found == odd.end() ? name : found->second;
}

bool yes(const Row& row, std::string_view column) {
  return row.has(column) && upper(row.text(column)) == "Y";
}

class TableReader {
 public:
  TableReader(Session& session, const std::string& schema, const std::vector<AccountName>& except)
      : session_(session), schema_(schema), except_(except) {}

  Accounts read() {
    session_.execute("USE !", schema_);
    users();
    databases();
    tables();
    columns();
    programs();
    dynamic();
    roles();
    return std::move(accounts_);
  }

 private:
  Rows rows(const std::string& table) {
    if (session_.number(
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
            schema_, table) == 0)
      return {};
    return session_.query("SELECT * FROM !", table);
  }

  bool leftOut(const AccountName& account) const {
    const bool own = account.host == "localhost" && startsWith(account.user, "mysql.");
    return own || std::find(except_.begin(), except_.end(), account) != except_.end();
  }

  void grant(std::vector<std::string> privileges, const std::string& on, const AccountName& account) {
    if (leftOut(account)) return;
    const auto option = std::find(privileges.begin(), privileges.end(), "GRANT");
    const bool passOn = option != privileges.end();
    if (passOn) privileges.erase(option);
    if (privileges.empty() && !passOn) return;
    if (privileges.empty()) privileges.push_back("USAGE");
    accounts_.grants.push_back("GRANT " + join(privileges, ", ") + " ON " + on + " TO " + account.quoted() +
                               (passOn ? " WITH GRANT OPTION" : ""));
  }

  static std::vector<std::string> privileges(const Row& row) {
    std::vector<std::string> result;
    for (const std::string& column : row.columns())
      if (endsWith(toLower(column), "_priv") && yes(row, column)) result.push_back(privilegeOfColumn(column));
    return result;
  }

  // 'Select,Insert,Create View' of a SET column.
  static std::vector<std::string> listed(const std::string& set) {
    std::vector<std::string> result;
    for (const std::string& word : split(set, ','))
      if (!word.empty()) result.push_back(upper(word));
    return result;
  }

  std::string authentication(const Row& row) const {
    std::string plugin = row.has("plugin") ? row.text("plugin") : "";
    std::string hash = row.has("authentication_string") ? row.text("authentication_string") : "";
    if (hash.empty() && row.has("Password")) hash = row.text("Password");
    if (plugin.empty()) plugin = "mysql_native_password";
    std::string clause = " IDENTIFIED WITH " + quoteString(plugin);
    if (!hash.empty())
      clause += " AS " + (session_.version().atLeast(8, 0, 17) ? hexLiteral(hash) : quoteString(hash));
    return clause;
  }

  static std::string requirement(const Row& row) {
    const std::string type = upper(row.text("ssl_type"));
    if (type == "ANY") return " REQUIRE SSL";
    if (type == "X509") return " REQUIRE X509";
    std::string clause;
    for (const auto& [column, word] :
         {std::pair{"x509_issuer", " ISSUER "}, {"x509_subject", " SUBJECT "}, {"ssl_cipher", " CIPHER "}})
      if (type == "SPECIFIED" && !row.text(column).empty()) clause += word + quoteString(row.text(column));
    return clause.empty() ? clause : " REQUIRE" + clause;
  }

  static std::string limits(const Row& row) {
    std::string clause;
    for (const auto& [column, word] : {std::pair{"max_questions", " MAX_QUERIES_PER_HOUR "},
                                       {"max_updates", " MAX_UPDATES_PER_HOUR "},
                                       {"max_connections", " MAX_CONNECTIONS_PER_HOUR "},
                                       {"max_user_connections", " MAX_USER_CONNECTIONS "}})
      if (row.has(column) && row.number(column) > 0) clause += word + std::to_string(row.number(column));
    return clause.empty() ? clause : " WITH" + clause;
  }

  void users() {
    for (const Row& row : rows("user")) {
      const AccountName account{row.text("User"), row.text("Host")};
      if (leftOut(account)) continue;
      accounts_.names.push_back(account);
      accounts_.create.push_back("CREATE USER IF NOT EXISTS " + account.quoted() + authentication(row) +
                                 requirement(row) + limits(row) +
                                 (yes(row, "password_expired") ? " PASSWORD EXPIRE" : "") +
                                 (yes(row, "account_locked") ? " ACCOUNT LOCK" : ""));
      grant(privileges(row), "*.*", account);
    }
  }

  void databases() {
    for (const Row& row : rows("db"))
      grant(privileges(row), quoteIdentifier(row.text("Db")) + ".*", {row.text("User"), row.text("Host")});
  }

  void tables() {
    for (const Row& row : rows("tables_priv"))
      grant(listed(row.text("Table_priv")),
            quoteIdentifier(row.text("Db")) + "." + quoteIdentifier(row.text("Table_name")),
            {row.text("User"), row.text("Host")});
  }

  void columns() {
    for (const Row& row : rows("columns_priv")) {
      std::vector<std::string> list = listed(row.text("Column_priv"));
      for (std::string& privilege : list) privilege += " (" + quoteIdentifier(row.text("Column_name")) + ")";
      grant(list, quoteIdentifier(row.text("Db")) + "." + quoteIdentifier(row.text("Table_name")),
            {row.text("User"), row.text("Host")});
    }
  }

  void programs() {
    for (const Row& row : rows("procs_priv"))
      grant(listed(row.text("Proc_priv")),
            upper(row.text("Routine_type")) + " " + quoteIdentifier(row.text("Db")) + "." +
                quoteIdentifier(row.text("Routine_name")),
            {row.text("User"), row.text("Host")});
  }

  void dynamic() {
    for (const Row& row : rows("global_grants")) {
      std::vector<std::string> list{row.text("PRIV")};
      if (yes(row, "WITH_GRANT_OPTION")) list.push_back("GRANT");
      grant(list, "*.*", {row.text("USER"), row.text("HOST")});
    }
  }

  void roles() {
    for (const Row& row : rows("role_edges")) {
      const AccountName to{row.text("TO_USER"), row.text("TO_HOST")};
      if (leftOut(to)) continue;
      accounts_.roles.push_back("GRANT " + quoteAccount(row.text("FROM_USER"), row.text("FROM_HOST")) +
                                " TO " + to.quoted() +
                                (yes(row, "WITH_ADMIN_OPTION") ? " WITH ADMIN OPTION" : ""));
    }
    std::map<AccountName, std::vector<std::string>> defaults;
    for (const Row& row : rows("default_roles"))
      defaults[{row.text("USER"), row.text("HOST")}].push_back(
          quoteAccount(row.text("DEFAULT_ROLE_USER"), row.text("DEFAULT_ROLE_HOST")));
    for (const auto& [account, names] : defaults)
      if (!leftOut(account))
        accounts_.roles.push_back("SET DEFAULT ROLE " + join(names, ", ") + " TO " + account.quoted());
  }

  Session& session_;
  const std::string& schema_;
  const std::vector<AccountName>& except_;
  Accounts accounts_;
};

}  // namespace

Accounts accountsInTables(Session& session, const std::string& schema,
                          const std::vector<AccountName>& except) {
  return TableReader(session, schema, except).read();
}

}  // namespace dlpx
