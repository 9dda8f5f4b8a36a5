#include <algorithm>
#include <functional>

#include "backup/clone.h"
#include "backup/schema.h"
#include "base/text.h"
#include "mysql/privileges.h"
#include "server/keyring.h"

namespace dlpx {
namespace {

struct Question {
  Session& source;
  const ConnectionOptions& options;
  const Installation& installation;
  const std::vector<std::string>& databases;
  uint64_t freeBytes;
  MethodVerdict& verdict;

  // Always false: for `return no(…)`.
  bool no(std::string reason, std::string remedy = {}) const {
    verdict.reason = std::move(reason);
    verdict.remedy = std::move(remedy);
    return false;
  }
};

bool connectionFits(const Question& ask) {
  if (!ask.options.endpoint.socket.empty())
    return ask.no("the source is reached through a Unix socket and CLONE needs TCP",
                  "name the source by host and port");
  if (ask.options.ssl == SslMode::verifyIdentity)
    return ask.no("CLONE cannot check the host name in the source's certificate",
                  "use --source-ssl-mode verify_ca");
  return true;
}

bool versionsFit(const Question& ask) {
  const Version& donor = ask.source.version();
  const Version& ours = ask.installation.version;
  if (canClone(donor, ours)) return true;
  return ask.no("the source is " + donor.text() + " and the staging installation " + ours.text(),
                "install a MySQL of the source's series, " + donor.series());
}

bool everythingIsWanted(const Question& ask) {
  if (ask.databases.empty() || ask.databases == userDatabases(ask.source)) return true;
  return ask.no("CLONE copies all databases and only some are wanted", "use --databases ALL");
}

bool accountMay(const Question& ask) {
  const auto missing = Privileges::ofCurrentUser(ask.source).missing({"BACKUP_ADMIN", "SELECT", "PROCESS"});
  if (missing.empty()) return true;
  return ask.no("user " + ask.options.user + " lacks " + join(missing, ", ") + " at the source",
                "grant " + join(missing, ", ") + " ON *.* to it");
}

bool pluginIsActive(const Question& ask) {
  const auto status =
      ask.source.value("SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'");
  if (status != "ACTIVE")
    return ask.no("the clone plugin is not active at the source",
                  "let its administrator run INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
  return true;
}

// A recipient must have every plugin of its donor.
bool pluginsAreHere(const Question& ask) {
  for (const Row& row : ask.source.query("SELECT PLUGIN_NAME, PLUGIN_LIBRARY FROM information_schema.PLUGINS "
                                         "WHERE PLUGIN_LIBRARY IS NOT NULL AND PLUGIN_STATUS = 'ACTIVE' "
                                         "AND PLUGIN_TYPE <> 'KEYRING'")) {
    if (!ask.installation.hasPlugin(row.text("PLUGIN_LIBRARY")))
      return ask.no("the staging installation lacks the source's plugin " + row.text("PLUGIN_NAME") + " (" +
                        row.text("PLUGIN_LIBRARY") + ")",
                    "install " + row.text("PLUGIN_LIBRARY"));
  }
  return true;
}

bool onlyInnoDb(const Question& ask) {
  const Rows rows = ask.source.query(
      "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name, ENGINE FROM information_schema.TABLES "
      "WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' "
      "AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema', 'ndbinfo') "
      "ORDER BY 1");
  if (rows.empty()) return true;
  constexpr size_t shown = 10;
  std::vector<std::string> names;
  for (const Row& row : rows)
    if (names.size() < shown) names.push_back(row.text("name") + " (" + row.text("ENGINE") + ")");
  const std::string rest = rows.size() > shown ? " and " + std::to_string(rows.size() - shown) + " more" : "";
  return ask.no("CLONE copies the rows of InnoDB tables only, and these are not: " + join(names, ", ") +
                rest);
}

std::string whatIsEncrypted(Session& source) {
  for (const char* variable : {"innodb_redo_log_encrypt", "innodb_undo_log_encrypt"}) {
    if (toLower(source.variable(variable)) == "on") return variable;
  }
  const auto name =
      source.value("SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y' LIMIT 1");
  return name ? "tablespace " + *name : "";
}

// CLONE sends the tablespaces' keys in clear inside the connection; the recipient's keyring wraps them anew.
bool encryptionFits(const Question& ask) {
  const std::string what = whatIsEncrypted(ask.source);
  if (what.empty()) return true;
  if (!ask.source.encrypted())
    return ask.no("the source is encrypted (" + what + ") and the connection to it does not use TLS",
                  "use --source-ssl-mode required, and let the source offer TLS");
  const std::string why = noKeyringBecause(ask.installation);
  if (why.empty()) return true;
  return ask.no("the source is encrypted (" + what + ") and " + why,
                "use a MySQL with component_keyring_file for staging, with --basedir");
}

// Undo, system and temporary files are made where the recipient's own settings say; others keep their path.
bool filesAreInside(const Question& ask) {
  const std::string data = ask.source.variable("datadir");
  for (const Row& row : ask.source.query(
           "SELECT FILE_NAME FROM information_schema.FILES "
           "WHERE FILE_TYPE = 'TABLESPACE' AND TABLESPACE_NAME <> 'innodb_system' AND FILE_NAME LIKE '/%'")) {
    const std::string file = row.text("FILE_NAME");
    if (!startsWith(file, data)) return ask.no("file " + file + " lies outside the source's data directory");
  }
  return true;
}

bool spaceIsEnough(const Question& ask) {
  ask.verdict.bytes = ask.source.number("SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_TABLESPACES");
  constexpr uint64_t own = 400'000'000;  // the recipient's own files, and redo of the donor beside them
  const uint64_t needed = ask.verdict.bytes + ask.verdict.bytes / 10 + own;
  if (ask.freeBytes >= needed) return true;
  return ask.no("it needs about " + humanBytes(needed) + " and " + humanBytes(ask.freeBytes) + " are free",
                "free space on the mount");
}

std::string atLeastTwoMegabytes(const std::string& bytes) {
  constexpr uint64_t needed = 2 * 1024 * 1024;
  return std::stoull(bytes) < needed ? std::to_string(needed) : bytes;
}

}  // namespace

MethodVerdict cloneFits(Session& source, const ConnectionOptions& options, const Installation& installation,
                        const std::vector<std::string>& databases, uint64_t freeBytes) {
  MethodVerdict verdict;
  const Question ask{source, options, installation, databases, freeBytes, verdict};
  verdict.fits = connectionFits(ask) && versionsFit(ask) && everythingIsWanted(ask) && accountMay(ask) &&
                 pluginIsActive(ask) && pluginsAreHere(ask) && onlyInnoDb(ask) && encryptionFits(ask) &&
                 filesAreInside(ask) && spaceIsEnough(ask);
  return verdict;
}

std::vector<Option> cloneRecipientOptions(Session& source) {
  std::vector<Option> options;
  for (const char* name : {"innodb_page_size", "innodb_data_file_path", "lower_case_table_names",
                           "character_set_server", "collation_server"}) {
    const std::string value = source.variable(name);
    if (!value.empty()) options.push_back({name, value});
  }
  options.push_back({"max_allowed_packet", atLeastTwoMegabytes(source.variable("max_allowed_packet"))});
  for (const Row& row : source.query(
           "SELECT PLUGIN_NAME, PLUGIN_LIBRARY FROM information_schema.PLUGINS "
           "WHERE PLUGIN_LIBRARY IS NOT NULL AND PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_NAME <> 'clone' "
           "AND PLUGIN_TYPE <> 'KEYRING'")) {
    options.push_back({"plugin-load-add", row.text("PLUGIN_NAME") + "=" + row.text("PLUGIN_LIBRARY")});
  }
  options.push_back({"plugin-load-add", "mysql_clone.so"});
  return options;
}

}  // namespace dlpx
