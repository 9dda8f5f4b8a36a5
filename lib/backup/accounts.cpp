#include "backup/accounts.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

bool isServersOwn(const AccountName& account) {
  return account.host == "localhost" && (account.user == "mysql.sys" || account.user == "mysql.session" ||
                                         account.user == "mysql.infoschema");
}

// `text` from `at`, outside quotes, up to the first `stop`; npos when it is not there.
size_t findUnquoted(std::string_view text, std::string_view stop, size_t at = 0) {
  char quote = 0;
  for (size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '\'')
        ++i;
      else if (c == quote)
        quote = 0;
    } else if (c == '\'' || c == '`' || c == '"') {
      quote = c;
    } else if (text.substr(i, stop.size()) == stop) {
      return i;
    }
  }
  return std::string_view::npos;
}

// CREATE USER without its default roles, which are not granted yet when it runs.
std::string creation(std::string statement) {
  constexpr std::string_view create = "CREATE USER ";
  const size_t from = findUnquoted(statement, " DEFAULT ROLE ");
  if (from != std::string::npos) {
    const size_t to = findUnquoted(statement, " REQUIRE ", from);
    statement.erase(from, to == std::string::npos ? to : to - from);
  }
  return "CREATE USER IF NOT EXISTS " + statement.substr(create.size());
}

void readOne(Session& source, const AccountName& account, Accounts& accounts) {
  const auto create = source.value(std::string_view("SHOW CREATE USER " + account.quoted()));
  accounts.names.push_back(account);
  accounts.create.push_back(creation(create.value_or("")));
  for (const Row& row : source.query(std::string_view("SHOW GRANTS FOR " + account.quoted()))) {
    const std::string grant = row[0].value_or("");
    (startsWith(grant, "GRANT `") ? accounts.roles : accounts.grants).push_back(grant);
  }
}

void readDefaultRoles(Session& source, const std::set<AccountName>& wanted, Accounts& accounts) {
  if (!source.version().atLeast(8, 0)) return;
  for (const Row& row :
       source.query("SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles "
                    "ORDER BY HOST, USER")) {
    const AccountName account{row.text("USER"), row.text("HOST")};
    if (!wanted.contains(account)) continue;
    const std::string role = quoteAccount(row.text("DEFAULT_ROLE_USER"), row.text("DEFAULT_ROLE_HOST"));
    const std::string begin = "SET DEFAULT ROLE ";
    const std::string end = " TO " + account.quoted();
    std::string& last = accounts.roles.empty() ? accounts.roles.emplace_back() : accounts.roles.back();
    if (startsWith(last, begin) && endsWith(last, end)) {
      last.insert(last.size() - end.size(), ", " + role);
    } else {
      accounts.roles.push_back(begin + role + end);
    }
  }
  std::erase(accounts.roles, "");
}

// The server may quote a part of the statement, hash and all.
std::string harmless(const SqlError& error) {
  const std::string text = error.what();
  return text.find(" AS ") == std::string::npos && text.find("0x") == std::string::npos
             ? text
             : "error " + std::to_string(error.number());
}

// "IDENTIFIED WITH 'plugin'"
std::string pluginOf(const std::string& create) {
  constexpr std::string_view with = " IDENTIFIED WITH '";
  const size_t at = create.find(with);
  if (at == std::string::npos) return "";
  const size_t from = at + with.size();
  return " (" + create.substr(from, create.find('\'', from) - from) + ")";
}

class Creator {
 public:
  explicit Creator(Session& target) : target_(target) {}

  void create(const AccountName& account, const std::string& statement) {
    if (const auto error = target_.tryExecute(statement)) {
      refused_.insert(account);
      report_.notes.push_back("account " + account.quoted() + pluginOf(statement) +
                              " was not copied: " + harmless(*error));
    } else {
      ++report_.copied;
    }
  }

  void grant(const std::string& statement) {
    if (concernsRefused(statement)) return;
    const auto error = target_.tryExecute(statement);
    if (!error || grantOneByOne(statement)) return;
    report_.notes.push_back("not granted: " + statement + ": " + harmless(*error));
  }

  AccountsReport report() && { return std::move(report_); }

 private:
  // "… TO `user`@`host` …", "… FROM `user`@`host`", or a role that was refused.
  bool concernsRefused(const std::string& statement) const {
    return std::any_of(refused_.begin(), refused_.end(), [&](const AccountName& account) {
      const std::string backticks = quoteIdentifier(account.user.empty() ? " " : account.user) + "@" +
                                    quoteIdentifier(account.host.empty() ? " " : account.host);
      return statement.find(backticks) != std::string::npos ||
             statement.find(account.quoted()) != std::string::npos;
    });
  }

  // A list of global privileges of which this server does not know all: what it knows is granted.
  bool grantOneByOne(const std::string& statement) {
    constexpr std::string_view begin = "GRANT ";
    const size_t on = findUnquoted(statement, " ON *.*");
    if (!startsWith(statement, begin) || on == std::string::npos) return false;
    const auto privileges = split(statement.substr(begin.size(), on - begin.size()), ',');
    if (privileges.size() < 2) return false;
    const std::string rest = statement.substr(on);
    std::vector<std::string> unknown;
    for (const std::string& privilege : privileges) {
      if (target_.tryExecute(std::string(begin) + trim(privilege) + rest)) unknown.push_back(trim(privilege));
    }
    if (!unknown.empty()) report_.notes.push_back("not granted, unknown here: " + join(unknown, ", ") + rest);
    return true;
  }

  Session& target_;
  AccountsReport report_;
  std::set<AccountName> refused_;
};

}  // namespace

std::string AccountName::quoted() const {
  return quoteAccount(user, host);
}

Accounts readAccounts(Session& source, const std::vector<AccountName>& except) {
  Accounts accounts;
  try {
    if (source.version().atLeast(8, 0, 17)) source.execute("SET SESSION print_identified_with_as_hex = ON");
    std::set<AccountName> wanted;
    for (const Row& row : source.query("SELECT User, Host FROM mysql.user ORDER BY User, Host")) {
      const AccountName account{row.text("User"), row.text("Host")};
      const bool excepted = std::find(except.begin(), except.end(), account) != except.end();
      if (!excepted && !isServersOwn(account)) wanted.insert(account);
    }
    for (const AccountName& account : wanted) readOne(source, account, accounts);
    readDefaultRoles(source, wanted, accounts);
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
    accounts = {};
    accounts.unreadable = e.what();
  }
  return accounts;
}

AccountsReport createAccounts(Session& target, const Accounts& accounts) {
  target.execute("SET SESSION sql_log_bin = 0");
  const bool revokes = std::any_of(accounts.grants.begin(), accounts.grants.end(),
                                   [](const std::string& grant) { return startsWith(grant, "REVOKE "); });
  if (revokes && target.version().atLeast(8, 0, 16)) target.execute("SET GLOBAL partial_revokes = ON");
  Creator creator(target);
  for (size_t i = 0; i < accounts.names.size(); ++i) creator.create(accounts.names[i], accounts.create[i]);
  for (const std::string& statement : accounts.grants) creator.grant(statement);
  for (const std::string& statement : accounts.roles) creator.grant(statement);
  return std::move(creator).report();
}

}  // namespace dlpx
