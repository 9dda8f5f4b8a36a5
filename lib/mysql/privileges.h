#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

class Session;

// What an account may do, from SHOW GRANTS. Names have no case; roles count when they are active.
class Privileges {
 public:
  // Of the session's own account, its granted roles included (8.0 and newer).
  static Privileges ofCurrentUser(Session& session);
  // From the rows of SHOW GRANTS. Rows that are not understood grant nothing.
  static Privileges parse(const std::vector<std::string>& grants);

  // Globally, ON *.*: "REPLICATION CLIENT", "BACKUP_ADMIN". True for all after GRANT ALL on *.*. SUPER does
  // not stand for the dynamic privileges that replaced it.
  bool has(std::string_view privilege) const;
  // On the whole database: global or database grant (with its % and _ patterns), less partial revokes.
  bool hasOn(std::string_view privilege, std::string_view database) const;
  // On one table: as hasOn, or a grant on the table itself (a grant on some columns does not count).
  bool hasOn(std::string_view privilege, std::string_view database, std::string_view table) const;
  // Of `wanted`, those that has() denies, in that order.
  std::vector<std::string> missing(const std::vector<std::string>& wanted) const;

  // "`role`@`%`" as granted.
  const std::vector<std::string>& roles() const { return roles_; }
  bool hasGrantOption() const { return grantOption_; }

 private:
  using Set = std::set<std::string>;
  friend class GrantReader;

  Set global_;
  std::map<std::string, Set> databases_;  // by the pattern as granted
  std::map<std::string, Set> revoked_;    // partial revokes, by database
  std::map<std::pair<std::string, std::string>, Set> tables_;
  std::vector<std::string> roles_;
  bool grantOption_ = false;
};

}  // namespace dlpx
