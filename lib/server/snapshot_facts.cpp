#include "server/snapshot_facts.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "server/keyring.h"

namespace dlpx {
namespace {

const char* const notSystem =
    " table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema', 'ndbinfo')"
    " AND table_type = 'BASE TABLE'";
constexpr size_t longestList = 100;

uint64_t toNumber(const std::string& value) {
  return std::strtoull(value.c_str(), nullptr, 10);
}

void readTables(Session& session, SnapshotFacts& facts) {
  const std::string where = std::string(" FROM information_schema.tables WHERE") + notSystem;
  for (const Row& row : session.query(
           std::string_view("SELECT table_schema AS d, COUNT(*) AS n" + where + " GROUP BY table_schema")))
    facts.tables[row.text("d")] = row.number("n");
  for (const Row& row :
       session.query(std::string_view("SELECT engine AS e, COUNT(*) AS n" + where + " GROUP BY engine")))
    facts.engines[row.text("e")] = row.number("n");
  const std::string others = "SELECT table_schema AS d, table_name AS t, engine AS e" + where +
                             " AND (engine IS NULL OR engine <> 'InnoDB') ORDER BY 1, 2";
  for (const Row& row : session.query(std::string_view(others))) {
    const std::string table = row.text("d") + "." + row.text("t");
    auto& list = row.text("e") == "MEMORY" ? facts.memoryTables : facts.otherTables;
    if (list.size() < longestList)
      list.push_back(row.text("e") == "MEMORY" ? table : table + " (" + row.text("e") + ")");
  }
}

uint64_t countEncrypted(Session& session) {
  if (!session.version().atLeast(8, 0)) return 0;
  return session.number("SELECT COUNT(*) FROM information_schema.innodb_tablespaces WHERE encryption = 'Y'");
}

Error notOwnable(const std::string& what) {
  return Error(ExitCode::unsafeClone, what + ": a clone could not have it as its own",
               "move it into the data directory, then repeat the command");
}

}  // namespace

SnapshotFacts readSnapshotFacts(Session& session, const Instance& instance) {
  SnapshotFacts facts;
  facts.role = instance.facts().role;
  facts.version = session.version();
  facts.basedir = instance.facts().basedir;
  facts.port = instance.facts().port;
  facts.adminUser = instance.facts().adminUser;
  facts.serverUuid = session.variable("server_uuid");
  facts.gtidExecuted = replaceAll(session.variable("gtid_executed"), "\n", "");
  facts.lowerCaseTableNames = static_cast<unsigned>(toNumber(session.variable("lower_case_table_names")));
  facts.pageSize = toNumber(session.variable("innodb_page_size"));
  facts.encryptedTablespaces = countEncrypted(session);
  facts.keyring = instance.facts().keyring;
  if (!facts.keyring.empty()) facts.keyringKeys = Keyring::read(facts.keyring, ExitCode::storage).ids();
  readTables(session, facts);
  facts.preparedXa = session.query(std::string_view("XA RECOVER")).size();
  return facts;
}

void refuseOutsideFiles(Session& session, const Mount& mount) {
  for (const Row& row : session.query(std::string_view(
           "SELECT file_name AS f FROM information_schema.files WHERE file_name IS NOT NULL"))) {
    const std::string file = row.text("f");
    if (fs::path(file).is_absolute()) throw notOwnable("tablespace file " + file + " has an absolute path");
    if (!liesInside(mount.data() / file, mount.root()))
      throw notOwnable("tablespace file " + file + " lies outside the mount");
  }
}

void refuseSymbolicLinks(const Mount& mount) {
  for (const fs::path& tree : {mount.data(), mount.log(), mount.tmp()}) {
    if (fs::is_symlink(tree)) throw notOwnable(tree.string() + " is a symbolic link");
    if (!fs::is_directory(tree)) continue;
    walk(tree, [](const fs::directory_entry& entry) {
      if (entry.is_symlink()) throw notOwnable(entry.path().string() + " is a symbolic link");
    });
  }
}

Json SnapshotFacts::json() const {
  return {{"id", id},
          {"time", time},
          {"role", role},
          {"name", name},
          {"mode", mode},
          {"modeReason", modeReason},
          {"version", version.text()},
          {"basedir", basedir.string()},
          {"port", port},
          {"serverUuid", serverUuid},
          {"adminUser", adminUser},
          {"sourceHost", sourceHost},
          {"sourcePort", sourcePort},
          {"sourceUuid", sourceUuid},
          {"sourceCoordinates", sourceCoordinates},
          {"gtidExecuted", gtidExecuted},
          {"replicationState", replicationState},
          {"lagSeconds", lagSeconds},
          {"lowerCaseTableNames", lowerCaseTableNames},
          {"pageSize", pageSize},
          {"encryptedTablespaces", encryptedTablespaces},
          {"keyring", keyring.string()},
          {"keyringKeys", keyringKeys},
          {"tables", tables},
          {"engines", engines},
          {"memoryTables", memoryTables},
          {"otherTables", otherTables},
          {"preparedXa", preparedXa}};
}

SnapshotFacts SnapshotFacts::from(const Json& json) {
  using Counts = std::map<std::string, uint64_t>;
  SnapshotFacts facts;
  facts.id = json.value("id", "");
  facts.time = json.value("time", "");
  facts.role = json.value("role", "");
  facts.name = json.value("name", "");
  facts.mode = json.value("mode", "");
  facts.modeReason = json.value("modeReason", "");
  facts.version = Version::parse(json.value("version", ""));
  facts.basedir = json.value("basedir", "");
  facts.port = json.value("port", uint16_t{0});
  facts.serverUuid = json.value("serverUuid", "");
  facts.adminUser = json.value("adminUser", "");
  facts.sourceHost = json.value("sourceHost", "");
  facts.sourcePort = json.value("sourcePort", uint16_t{0});
  facts.sourceUuid = json.value("sourceUuid", "");
  facts.sourceCoordinates = json.value("sourceCoordinates", "");
  facts.gtidExecuted = json.value("gtidExecuted", "");
  facts.replicationState = json.value("replicationState", "");
  facts.lagSeconds = json.value("lagSeconds", int64_t{-1});
  facts.lowerCaseTableNames = json.value("lowerCaseTableNames", 0U);
  facts.pageSize = json.value("pageSize", uint64_t{0});
  facts.encryptedTablespaces = json.value("encryptedTablespaces", uint64_t{0});
  facts.keyring = json.value("keyring", "");
  facts.keyringKeys = json.value("keyringKeys", std::vector<std::string>{});
  facts.tables = json.value("tables", Counts{});
  facts.engines = json.value("engines", Counts{});
  facts.memoryTables = json.value("memoryTables", std::vector<std::string>{});
  facts.otherTables = json.value("otherTables", std::vector<std::string>{});
  facts.preparedXa = json.value("preparedXa", uint64_t{0});
  return facts;
}

}  // namespace dlpx
