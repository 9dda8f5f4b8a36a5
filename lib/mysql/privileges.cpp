#include "mysql/privileges.h"

#include <cctype>
#include <optional>

#include "base/text.h"
#include "mysql/session.h"

namespace dlpx {

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// "ALL PRIVILEGES" and "ALL" are one; inner white space is one space.
std::string normal(std::string_view privilege) {
  std::string out;
  for (const char c : upper(trim(privilege)))
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  return out == "ALL PRIVILEGES" ? "ALL" : out;
}

// Whether a grant's database pattern (%, _, \ before either) covers the name.
bool covers(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '%') {
    for (size_t skip = 0; skip <= name.size(); ++skip)
      if (covers(pattern.substr(1), name.substr(skip))) return true;
    return false;
  }
  if (name.empty()) return false;
  const bool escaped = pattern[0] == '\\' && pattern.size() > 1;
  if (escaped) pattern.remove_prefix(1);
  if ((escaped || pattern[0] != '_') && pattern[0] != name[0]) return false;
  return covers(pattern.substr(1), name.substr(1));
}

}  // namespace

// Reads one row of SHOW GRANTS.
class GrantReader {
 public:
  GrantReader(std::string_view row, Privileges& into) : row_(row), into_(into) {}

  void read() {
    const bool revoke = word("REVOKE");
    if (!revoke && !word("GRANT")) return;
    skipSpace();
    if (at_ < row_.size() && (row_[at_] == '`' || row_[at_] == '\'')) return readRoles();
    const auto privileges = readPrivileges();
    if (!word("ON")) return;
    readLevel(privileges, revoke);
  }

 private:
  void skipSpace() {
    while (at_ < row_.size() && row_[at_] == ' ') ++at_;
  }
  bool word(std::string_view expected) {
    skipSpace();
    if (upper(row_.substr(at_, expected.size())) != expected) return false;
    const size_t end = at_ + expected.size();
    if (end < row_.size() && std::isalnum(static_cast<unsigned char>(row_[end]))) return false;
    at_ = end;
    return true;
  }
  // A quoted or bare name; its quotes are doubled inside.
  std::string name() {
    skipSpace();
    std::string out;
    if (at_ < row_.size() && (row_[at_] == '`' || row_[at_] == '\'' || row_[at_] == '"')) {
      const char quote = row_[at_++];
      for (; at_ < row_.size(); ++at_) {
        if (row_[at_] == quote && (at_ + 1 >= row_.size() || row_[at_ + 1] != quote)) break;
        if (row_[at_] == quote) ++at_;
        out += row_[at_];
      }
      ++at_;
      return out;
    }
    while (at_ < row_.size() && row_[at_] != '.' && row_[at_] != ' ') out += row_[at_++];
    return out;
  }

  // Up to ON. Those on columns only, "SELECT (`a`)", are left out.
  std::vector<std::string> readPrivileges() {
    std::vector<std::string> out;
    while (at_ < row_.size()) {
      const size_t begin = at_;
      while (at_ < row_.size() && row_[at_] != ',' && row_[at_] != '(' && !atOn()) ++at_;
      const std::string privilege = normal(row_.substr(begin, at_ - begin));
      if (at_ < row_.size() && row_[at_] == '(') {
        skipColumns();
      } else if (!privilege.empty()) {
        out.push_back(privilege);
      }
      if (at_ >= row_.size() || row_[at_] != ',') break;
      ++at_;
    }
    return out;
  }
  bool atOn() const { return upper(row_.substr(at_, 4)) == " ON "; }
  void skipColumns() {
    bool quoted = false;
    for (; at_ < row_.size() && (quoted || row_[at_] != ')'); ++at_)
      if (row_[at_] == '`') quoted = !quoted;
    if (at_ < row_.size()) ++at_;
  }

  void readLevel(const std::vector<std::string>& privileges, bool revoke) {
    if (word("PROCEDURE") || word("FUNCTION") || word("LIBRARY")) return;
    word("TABLE");
    const std::string database = name();
    if (at_ >= row_.size() || row_[at_] != '.') return;  // PROXY ON user@host
    ++at_;
    const bool everything = at_ < row_.size() && row_[at_] == '*';
    const std::string table = name();
    for (const auto& privilege : privileges) set(database, everything ? "" : table, revoke).insert(privilege);
    if (database == "*" && upper(row_).find(" WITH GRANT OPTION") != std::string::npos)
      into_.grantOption_ = true;
  }
  Privileges::Set& set(const std::string& database, const std::string& table, bool revoke) {
    if (revoke) return into_.revoked_[database];
    if (database == "*") return into_.global_;
    return table.empty() ? into_.databases_[database] : into_.tables_[{database, table}];
  }

  void readRoles() {
    while (at_ < row_.size()) {
      const std::string role = name();
      if (at_ >= row_.size() || row_[at_] != '@') return;
      ++at_;
      const std::string host = name();
      into_.roles_.push_back(quoteIdentifier(role) + "@" + quoteIdentifier(host));
      skipSpace();
      if (at_ >= row_.size() || row_[at_] != ',') return;
      ++at_;
    }
  }

  std::string_view row_;
  Privileges& into_;
  size_t at_ = 0;
};

Privileges Privileges::parse(const std::vector<std::string>& grants) {
  Privileges privileges;
  for (const auto& grant : grants) GrantReader(grant, privileges).read();
  return privileges;
}

namespace {

std::vector<std::string> firstColumn(const Rows& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row[size_t{0}].value_or(""));
  return out;
}

}  // namespace

Privileges Privileges::ofCurrentUser(Session& session) {
  const Privileges direct = parse(firstColumn(session.query("SHOW GRANTS FOR CURRENT_USER()")));
  if (direct.roles_.empty()) return direct;
  // Only roles that are active in a session count: the default ones, or all of them.
  const std::string active = session.value("SELECT CURRENT_ROLE()").value_or("NONE");
  if (active.empty() || active == "NONE") return direct;
  Privileges all =
      parse(firstColumn(session.query(std::string("SHOW GRANTS FOR CURRENT_USER() USING ") + active)));
  return all;
}

bool Privileges::has(std::string_view privilege) const {
  return global_.count("ALL") != 0 || global_.count(normal(privilege)) != 0;
}

bool Privileges::hasOn(std::string_view privilege, std::string_view database) const {
  const std::string wanted = normal(privilege);
  const auto revoked = revoked_.find(std::string(database));
  const bool taken =
      revoked != revoked_.end() && (revoked->second.count(wanted) || revoked->second.count("ALL"));
  if (has(wanted) && !taken) return true;
  for (const auto& [pattern, set] : databases_)
    if (covers(pattern, database) && (set.count(wanted) || set.count("ALL"))) return true;
  return false;
}

bool Privileges::hasOn(std::string_view privilege, std::string_view database, std::string_view table) const {
  if (hasOn(privilege, database)) return true;
  const auto found = tables_.find({std::string(database), std::string(table)});
  return found != tables_.end() && (found->second.count(normal(privilege)) || found->second.count("ALL"));
}

std::vector<std::string> Privileges::missing(const std::vector<std::string>& wanted) const {
  std::vector<std::string> out;
  for (const auto& privilege : wanted)
    if (!has(privilege)) out.push_back(privilege);
  return out;
}

}  // namespace dlpx
