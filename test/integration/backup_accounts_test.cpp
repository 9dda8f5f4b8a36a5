#include "backup/accounts.h"

#include "base/text.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// Without the hash of caching_sha2_password: SHOW CREATE USER is the same when the hash is.
std::string accountText(Session& server, const std::string& account) {
  server.execute("SET SESSION print_identified_with_as_hex = ON");
  std::string text = server.value(std::string_view("SHOW CREATE USER " + account)).value_or("");
  for (const Row& row : server.query(std::string_view("SHOW GRANTS FOR " + account))) text += "\n" + *row[0];
  return text;
}

}  // namespace

TEST_CASE("accounts arrive with passwords, roles, default roles, partial revokes and odd names") {
  MysqlServer source({"9.7", {"partial-revokes=ON"}});
  MysqlServer target;
  Session root = source.root();
  for (const char* statement :
       {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT, v INT)", "CREATE ROLE reader, 'wri ter'@'10.%'",
        "GRANT SELECT ON shop.* TO reader", "GRANT INSERT ON *.* TO 'wri ter'@'10.%'",
        "CREATE USER 'it''s'@'%' IDENTIFIED BY 'p\\\\a\\'s\"s' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 "
        "PASSWORD EXPIRE INTERVAL 90 DAY COMMENT 'has a DEFAULT ROLE in words'",
        "GRANT reader, 'wri ter'@'10.%' TO 'it''s'@'%'",
        "ALTER USER 'it''s'@'%' DEFAULT ROLE reader, 'wri ter'@'10.%'",
        "GRANT UPDATE (v), SELECT ON shop.t TO 'it''s'@'%' WITH GRANT OPTION",
        "CREATE USER admin@localhost IDENTIFIED BY 'a' ACCOUNT LOCK",
        "GRANT ALL ON *.* TO admin@localhost WITH GRANT OPTION",
        "REVOKE DELETE ON shop.* FROM admin@localhost", "CREATE USER ''@'10.0.0.1'",
        "CREATE USER kept@localhost IDENTIFIED BY 'x'"})
    root.execute(std::string_view(statement));
  const ConnectionOptions reader = createAccount(source, "SELECT");
  Session session = Session::connect(reader);
  const Accounts accounts = readAccounts(session, {{"root", "localhost"}, {"kept", "localhost"}});
  CHECK(accounts.unreadable == "");
  CHECK(accounts.names.size() == 6);

  Session copy = target.root();
  copy.execute("CREATE DATABASE shop");
  copy.execute("CREATE TABLE shop.t (id INT, v INT)");
  const std::string before = copy.value("SELECT @@gtid_executed").value_or("");
  const AccountsReport report = createAccounts(copy, accounts);
  INFO(join(report.notes, "\n"));
  CHECK(report.notes.empty());
  CHECK(report.copied == 6);
  for (const AccountName& account : accounts.names)
    CHECK(accountText(copy, account.quoted()) == accountText(root, account.quoted()));
  CHECK(copy.value("SELECT @@gtid_executed").value_or("") == before);
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'kept'") == 0);
  const Session asUser = Session::connect(target.tcpOptions("it's", Secret("p\\a's\"s")));
}

TEST_CASE("what a target refuses of the accounts is noted without a hash, and the rest is there") {
  MysqlServer source({"9.7", {"plugin-load-add=auth_socket.so"}});
  MysqlServer target;
  Session root = source.root();
  root.execute("CREATE USER native@'%' IDENTIFIED WITH auth_socket");
  root.execute("GRANT SELECT ON *.* TO native@'%'");
  root.execute("CREATE USER fine@'%' IDENTIFIED BY 'secret words'");
  Accounts accounts = readAccounts(root, {{"root", "localhost"}});
  accounts.grants.push_back("GRANT BACKUP_ADMIN,FROM_ANOTHER_WORLD,CLONE_ADMIN ON *.* TO `fine`@`%`");
  Session copy = target.root();
  const AccountsReport report = createAccounts(copy, accounts);
  INFO(join(report.notes, "\n"));
  REQUIRE(report.notes.size() == 2);
  CHECK_THAT(report.notes[0], Catch::Contains("'native'@'%'") && Catch::Contains("auth_socket"));
  CHECK_THAT(report.notes[1], Catch::Contains("FROM_ANOTHER_WORLD"));
  for (const std::string& note : report.notes) CHECK_THAT(note, !Catch::Contains("0x"));
  CHECK(report.copied == 1);
  CHECK_THAT(accountText(copy, "fine@'%'"),
             Catch::Contains("BACKUP_ADMIN") && Catch::Contains("CLONE_ADMIN"));
}

TEST_CASE("accounts that may not be read are reported with the reason and are no failure") {
  MysqlServer source;
  Session session = Session::connect(createAccount(source, "PROCESS"));
  const Accounts accounts = readAccounts(session, {});
  CHECK(accounts.names.empty());
  CHECK_THAT(accounts.unreadable, Catch::Contains("SELECT command denied"));
}
