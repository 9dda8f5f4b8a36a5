#include "vdb/prove.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "vdb/accounts.h"
#include "vdb/cut_off.h"

namespace dlpx {
namespace {

using Variables = std::map<std::string, std::string>;

Error notSafe(const std::string& fact, const std::string& remedy = {}) {
  return Error(
      ExitCode::unsafeClone, fact,
      remedy.empty() ? "repeat the command on a new clone; report this when it happens again" : remedy);
}

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw notSafe(otherwise);
}

bool isOff(const std::string& value) {
  return value == "OFF" || value == "0" || value == "DISABLED";
}

// One statement instead of forty.
Variables readVariables(Session& session) {
  Variables variables;
  for (const Row& row : session.query(std::string_view("SHOW GLOBAL VARIABLES")))
    variables[toLower(row.text("Variable_name"))] = row.text("Value");
  return variables;
}

std::string get(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

class Prover {
 public:
  Prover(const VdbPlan& plan, ContractReport& report, ExitCode onFailure)
      : plan_(plan),
        report_(report),
        session_(plan.server().connect(plan.instance.adminUser, plan.password, onFailure)),
        dialect_(session_.version()) {
    session_.failWith(ExitCode::unsafeClone);
    session_.execute("SET SESSION sql_log_bin = 0");
    variables_ = readVariables(session_);
  }

  std::string uuid() const { return get(variables_, "server_uuid"); }
  void identity();
  void paths();
  void noReplication();
  void federated();
  std::string keptGtids();
  void rollBackPrepared();
  void eventsAndLogs();
  Session& session() { return session_; }
  void readOnly(bool expected);
  void settings();
  Json tables(const std::string& gtids);
  void answersOnPort(ExitCode onFailure);
  void enableEvents();
  void open();

 private:
  void checkPath(const std::string& variable);
  Json tableReport(const std::map<std::string, uint64_t>& here, bool mustBeEqual);

  const VdbPlan& plan_;
  ContractReport& report_;
  Session session_;
  Dialect dialect_;
  Variables variables_;
};

void Prover::identity() {
  const std::string parent = plan_.snapshot.serverUuid;
  require(!uuid().empty() && uuid() != parent, "the clone has its parent's server UUID " + parent);
  require(get(variables_, "server_id") == std::to_string(plan_.instance.serverId),
          "the clone's server id is " + get(variables_, "server_id") + ", not " +
              std::to_string(plan_.instance.serverId));
  report_.add(
      1, "server UUID " + uuid() + " instead of the parent's " + (parent.empty() ? "(not known)" : parent));
  report_.add(1, "server id " + get(variables_, "server_id"));
  const bool keys = fs::exists(plan_.mount.data() / "server-key.pem");
  require(keys || !session_.version().atLeast(8, 0), "the clone has no TLS key of its own");
  report_.add(1, keys ? "new TLS authority, keys and certificates" : "no TLS keys");
}

void Prover::checkPath(const std::string& variable) {
  const std::string value = get(variables_, variable);
  if (value.empty() || value == "stderr") return;
  for (const std::string& part : split(value, ';')) {
    const fs::path path = plan_.mount.data() / part;
    if (!liesInside(path, plan_.mount.root()))
      throw notSafe("the server's " + variable + " is " + part + ", outside the mount",
                    "leave that setting out of the my.cnf and of the settings");
  }
}

void Prover::paths() {
  for (const char* variable :
       {"datadir", "tmpdir", "log_bin_basename", "log_bin_index", "relay_log_basename", "relay_log_index",
        "general_log_file", "slow_query_log_file", "log_error", "pid_file", "innodb_data_home_dir",
        "innodb_log_group_home_dir", "innodb_undo_directory", "innodb_tmpdir", "innodb_directories",
        "innodb_temp_tablespaces_dir", "innodb_doublewrite_dir", "replica_load_tmpdir",
        "slave_load_tmpdir"}) {
    checkPath(variable);
  }
  refuseOutsideFiles(session_, plan_.mount);
  report_.add(2, "every path variable of the server and every tablespace file lies in " +
                     plan_.mount.root().string());
}

void Prover::noReplication() {
  require(session_.query(std::string_view(dialect_.showReplicaStatus())).empty(),
          "a replication channel of the parent is still there");
  if (session_.version().atLeast(8, 0) && get(variables_, "performance_schema") == "ON") {
    require(
        session_.number("SELECT COUNT(*) FROM performance_schema.replication_applier_global_filters") == 0,
        "a replication filter is still there");
  }
  report_.add(3, "no replication channel, and no filter");
  federated();
}

// The engine is off unless a setting asks for it; a table may also name its server itself.
void Prover::federated() {
  std::vector<std::string> servers;
  for (const Row& row : session_.query(std::string_view("SELECT Server_name AS s FROM mysql.servers")))
    servers.push_back(row.text("s"));
  if (plan_.vdb.dropFederated)
    for (const std::string& server : servers) session_.execute(sql("DROP SERVER !", server));
  const std::string what = plan_.vdb.dropFederated ? " dropped" : " came along (mysql.servers)";
  report_.add(
      3, servers.empty() ? "no FEDERATED servers" : "FEDERATED servers" + what + ": " + join(servers, ", "));
  const uint64_t tables =
      session_.number("SELECT COUNT(*) FROM information_schema.tables WHERE engine = 'FEDERATED'");
  if (tables != 0) report_.add(3, std::to_string(tables) + " FEDERATED tables came along");
}

std::string Prover::keptGtids() {
  const std::string keeper = gtidKeeper(session_.version());
  if (keeper.empty()) return {};
  return replaceAll(get(variables_, keeper), "\n", "");
}

// "0x6769642C62": global part and branch part one behind the other.
void Prover::rollBackPrepared() {
  const Rows prepared = session_.query(std::string_view("XA RECOVER CONVERT XID"));
  for (const Row& row : prepared) {
    const std::string data = row.text("data").substr(2);
    const size_t global = 2 * row.number("gtrid_length");
    session_.execute(std::string_view("XA ROLLBACK X'" + data.substr(0, global) + "',X'" +
                                      data.substr(global) + "'," + row.text("formatID")));
  }
  require(session_.query(std::string_view("XA RECOVER")).empty(), "a prepared XA transaction is still there");
  report_.add(3, std::to_string(prepared.size()) + " prepared XA transactions rolled back");
}

void Prover::eventsAndLogs() {
  require(isOff(get(variables_, "event_scheduler")), "the event scheduler runs");
  require(get(variables_, "gtid_executed").empty(),
          "the clone still has its parent's GTIDs: " + get(variables_, "gtid_executed"));
  const uint64_t logs = session_.query(std::string_view("SHOW BINARY LOGS")).size();
  require(logs <= 1, "the clone still has " + std::to_string(logs) + " binary logs");
  report_.add(4, "event scheduler off until the proof was complete");
  report_.add(4, "binary logs and GTIDs reset");
}

void Prover::readOnly(bool expected) {
  const auto chosen = [&](const char* name) {
    return std::any_of(plan_.vdb.settings.begin(), plan_.vdb.settings.end(),
                       [&](const Option& option) { return optionKey(option.name) == optionKey(name); });
  };
  const std::string word = expected ? "on" : "off";
  for (const char* name : {"read_only", "super_read_only"}) {
    const std::string value = get(variables_, name);
    const bool free = !expected && (chosen(name) || value.empty());
    require(free || isOff(value) != expected, std::string(name) + " is not " + word);
  }
  report_.add(6, "read-only flags " + word);
}

void Prover::settings() {
  Variables byKey;
  for (const auto& [name, value] : variables_) byKey[optionKey(name)] = value;
  for (const Option& option : plan_.vdb.settings) {
    const auto found = byKey.find(optionKey(option.name));
    if (found == byKey.end()) {
      throw Error(ExitCode::optionFile, "the server knows no setting '" + option.name + "'",
                  "leave that setting out, or write its name as the server does");
    }
    const bool same = !option.value || sameValue(*option.value, found->second);
    if (!same) log::warning("the server took " + option.name + " as " + found->second);
    report_.add(6, option.name + " = " + found->second + (same ? "" : ", asked for as " + *option.value));
  }
}

uint64_t countOf(const std::map<std::string, uint64_t>& tables, const std::string& database) {
  const auto at = tables.find(database);
  return at == tables.end() ? 0 : at->second;
}

Json Prover::tableReport(const std::map<std::string, uint64_t>& here, bool mustBeEqual) {
  const auto& then = plan_.snapshot.tables;
  std::map<std::string, uint64_t> all = here;
  all.insert(then.begin(), then.end());
  uint64_t there = 0, found = 0;
  std::vector<std::string> differences;
  for (const auto& entry : all) {
    const uint64_t was = countOf(then, entry.first), is = countOf(here, entry.first);
    there += was;
    found += is;
    if (is != was)
      differences.push_back(entry.first + ": " + std::to_string(is) + " instead of " + std::to_string(was));
  }
  if (mustBeEqual && !differences.empty())
    throw notSafe("the clone has not the snapshot's tables: " + join(differences, ", "));
  report_.add(
      8, std::to_string(found) + " tables, " + std::to_string(there) + " when the snapshot was prepared");
  return {{"snapshot", there}, {"vdb", found}, {"equal", differences.empty()}, {"differences", differences}};
}

Json Prover::tables(const std::string& gtids) {
  const SnapshotFacts& snapshot = plan_.snapshot;
  const GtidSet recovered = GtidSet::parse(gtids), prepared = GtidSet::parse(snapshot.gtidExecuted);
  const bool known = !recovered.empty() || !plan_.resumed;
  if (known && !recovered.contains(prepared))
    throw notSafe("the clone lacks transactions of the snapshot: " + prepared.subtract(recovered).text());
  std::map<std::string, uint64_t> here;
  for (const Row& row : session_.query(std::string_view(
           "SELECT table_schema AS d, COUNT(*) AS n FROM information_schema.tables WHERE table_schema NOT IN "
           "('mysql', 'sys', 'performance_schema', 'information_schema', 'ndbinfo') AND table_type = 'BASE "
           "TABLE' "
           "GROUP BY table_schema")))
    here[row.text("d")] = row.number("n");
  // The facts of a snapshot of a running server are a moment older than the snapshot: only when nothing was
  // committed in between must the tables be the same. Without facts (a stopped VDB's) there is nothing to
  // miss.
  const bool sameMoment =
      snapshot.mode == "stop" || (known && !prepared.empty() && prepared.contains(recovered));
  return tableReport(here, sameMoment && !snapshot.tables.empty());
}

void Prover::answersOnPort(ExitCode onFailure) {
  if (get(variables_, "skip_networking") == "ON") {
    report_.add(8, "answers on its socket as " + plan_.instance.adminUser + " (networking is off)");
    return;
  }
  Session overTcp = Session::connect({.endpoint = {plan_.vdb.localAddress(), plan_.instance.port, {}},
                                      .user = plan_.instance.adminUser,
                                      .password = plan_.password},
                                     onFailure);
  require(overTcp.variable("server_uuid") == uuid(),
          "another server answers on port " + std::to_string(plan_.instance.port));
  report_.add(8, "answers on port " + std::to_string(plan_.instance.port) +
                     (overTcp.encrypted() ? ", with TLS," : "") + " and on its socket as " +
                     plan_.instance.adminUser);
}

// Without its definer the event would become ours. It runs under the mode, zone and character sets that its
// last ALTER was sent under, so ours is sent under what it has.
void enableEvent(Session& session, const Row& row) {
  const std::string definer = row.text("d"), client = row.text("c");
  const size_t at = definer.rfind('@');
  const auto named = [](const std::string& name) { return name.empty() ? "''" : quoteIdentifier(name); };
  std::string statement = "ALTER DEFINER = " + named(definer.substr(0, at)) + "@" +
                          named(definer.substr(at + 1)) +
                          sql(" EVENT !.! ENABLE", row.text("s"), row.text("e"));
  if (!startsWith(client, "utf8"))
    statement = session.value("SELECT CAST(CONVERT(? USING !) AS BINARY)", statement, client).value_or("");
  session.execute("SET SESSION time_zone = ?, SESSION sql_mode = ?", row.text("z"), row.text("m"));
  session.execute("SET SESSION character_set_client = !, SESSION collation_connection = !", client,
                  row.text("l"));
  session.execute(std::string_view(statement));
  session.execute("SET NAMES utf8mb4");
  session.execute(neutralSqlMode);
}

void Prover::enableEvents() {
  if (!plan_.vdb.events) return;
  const Rows disabled = session_.query(std::string_view(
      "SELECT event_schema AS s, event_name AS e, definer AS d, time_zone AS z, sql_mode AS m, "
      "character_set_client AS c, collation_connection AS l "
      "FROM information_schema.events WHERE status LIKE '%SIDE%DISABLED'"));
  for (const Row& row : disabled) enableEvent(session_, row);
  session_.execute("SET GLOBAL event_scheduler = ON");
  report_.add(
      4, "events on as asked, " + std::to_string(disabled.size()) + " enabled that replication had disabled");
}

void Prover::open() {
  const std::string keeper = gtidKeeper(session_.version());
  if (!keeper.empty()) session_.execute(std::string_view("SET GLOBAL " + keeper + " = DEFAULT"));
  enableEvents();
  if (plan_.vdb.isReplica()) {
    session_.execute("SET GLOBAL super_read_only = ON");
    report_.add(6, "super_read_only on: only its primary writes to a replica");
  }
  session_.execute("SET GLOBAL offline_mode = OFF");
}

std::string normal(const std::string& value) {
  const std::string lower = toLower(trim(value));
  if (lower == "on" || lower == "true" || lower == "yes") return "1";
  if (lower == "off" || lower == "false" || lower == "no") return "0";
  if (lower.empty() || lower.find_first_not_of("0123456789.kmgt") != std::string::npos) return lower;
  static const std::string suffixes = "kmgt";
  const size_t suffix = suffixes.find(lower.back());
  const double number = std::strtod(lower.c_str(), nullptr);
  const double factor = suffix == std::string::npos ? 1 : static_cast<double>(1ULL << (10 * (suffix + 1)));
  return std::to_string(number * factor);
}

}  // namespace

bool sameValue(const std::string& asked, const std::string& actual) {
  const std::string left = normal(asked), right = normal(actual);
  return left == right || normal(left) == normal(right);
}

Proven proveSafe(const VdbPlan& plan, ContractReport& report) {
  Prover prover(plan, report, ExitCode::unsafeClone);
  Proven proven;
  prover.identity();
  prover.paths();
  prover.noReplication();
  proven.gtidSet = prover.keptGtids();
  prover.rollBackPrepared();
  prover.eventsAndLogs();
  letUserInEverywhere(prover.session(), plan);
  proven.accounts = proveAccounts(prover.session(), plan, report);
  prover.readOnly(false);  // open() makes a replica's so
  prover.settings();
  proven.tables = prover.tables(proven.gtidSet);
  prover.answersOnPort(ExitCode::unsafeClone);
  proven.serverUuid = prover.uuid();
  // Last: before this only administrators could come in.
  prover.open();
  return proven;
}

std::string proveOurs(const VdbPlan& plan, ContractReport& report) {
  Prover prover(plan, report, ExitCode::connectAfterRestart);
  if (!plan.vdb.serverUuid.empty())
    require(prover.uuid() == plan.vdb.serverUuid,
            "the server's UUID " + prover.uuid() + " is not the one that was noted, " + plan.vdb.serverUuid);
  prover.paths();
  prover.readOnly(plan.vdb.isReplica());
  prover.settings();
  prover.answersOnPort(ExitCode::connectAfterRestart);
  return prover.uuid();
}

}  // namespace dlpx
