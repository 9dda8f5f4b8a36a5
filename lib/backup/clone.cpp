#include "backup/clone.h"

#include <exception>
#include <future>
#include <optional>

#include "backup/schema.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/undo.h"
#include "mysql/disk_full.h"

namespace dlpx {
namespace {

constexpr unsigned restartFailed = 3707;  // "mysqld is not managed by supervisor process": the expected end

// "localhost" would be a Unix socket to the server's own client library.
std::string donorHost(const Endpoint& endpoint) {
  return endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
}

std::string tlsClause(SslMode mode) {
  switch (mode) {
    case SslMode::disabled:
      return " REQUIRE NO SSL";
    case SslMode::preferred:
      return "";
    case SslMode::required:
    case SslMode::verifyCa:
    case SslMode::verifyIdentity:
      return " REQUIRE SSL";
  }
  return " REQUIRE SSL";
}

std::string cloneStatement(const ConnectionOptions& source) {
  return "CLONE INSTANCE FROM " + quoteAccount(source.user, donorHost(source.endpoint)) + ":" +
         std::to_string(source.endpoint.port) + " IDENTIFIED BY " + quoteString(source.password.reveal()) +
         tlsClause(source.ssl);
}

void prepareRecipient(Session& target, const ConnectionOptions& source) {
  target.execute("SET GLOBAL clone_valid_donor_list = ?",
                 donorHost(source.endpoint) + ":" + std::to_string(source.endpoint.port));
  // CLONE takes the server down in the end: the pages it would write then are those that CLONE has replaced.
  target.execute("SET GLOBAL innodb_fast_shutdown = 2");
  if (source.ssl >= SslMode::verifyCa) {
    if (source.sslCa.empty()) {
      throw Error(ExitCode::usage, "CLONE checks the source's certificate only against a CA file",
                  "name the file with --source-ssl-ca");
    }
    target.execute("SET GLOBAL clone_ssl_ca = ?", source.sslCa.string());
  }
}

// Nothing when CLONE came to its end, which takes the server of a CLONE INSTANCE down.
std::optional<SqlError> runClone(Session& target, const std::string& statement) {
  try {
    const auto error = target.tryExecute(statement);
    if (error && error->number() != restartFailed) return error;
  } catch (const SqlError& e) {
    if (!e.connectionLost()) throw;
  }
  return std::nullopt;
}

enum class Afterwards { stopped, running };

// The second connection to the server that clones. A server that stops waits two seconds for those who are
// still connected: such a one is asked by short connections.
class CloneWatcher {
 public:
  CloneWatcher(const ConnectionOptions& server, Afterwards afterwards)
      : server_(server), lasting_(afterwards == Afterwards::running) {
    if (lasting_) session();
  }

  // False once the server does not answer any more.
  bool showProgress(Progress& progress) {
    try {
      const Rows rows = session().query(
          "SELECT SUM(ESTIMATE) AS estimate, SUM(DATA) AS done FROM performance_schema.clone_progress "
          "WHERE STAGE IN ('FILE COPY', 'PAGE COPY', 'REDO COPY')");
      if (!lasting_) session_.reset();
      if (rows.empty()) return true;
      progress.setTotal(rows[0].number("estimate"));
      progress.set(rows[0].number("done"));
      return true;
    } catch (const SqlError&) {
      return false;
    }
  }

  void killClone(uint64_t connection) noexcept {
    try {
      session().killQuery(connection);
    } catch (const std::exception& e) {
      log::warning(std::string("CLONE could not be killed: ") + e.what());
    }
  }

 private:
  Session& session() {
    if (!session_) session_.emplace(Session::connect(server_, ExitCode::backup));
    return *session_;
  }

  const ConnectionOptions& server_;
  bool lasting_;
  std::optional<Session> session_;
};

using CloneRun = std::future<std::optional<SqlError>>;

// Until CLONE has ended. Throws Error{timeout} at the deadline, Error{interrupted} after a signal.
void watchClone(const CloneRun& clone, CloneWatcher& watcher, const Deadline& deadline) {
  const auto ended = [&] { return clone.wait_for(Milliseconds(0)) == std::future_status::ready; };
  Progress progress("cloning");
  bool answers = true;
  while (!waitUntil(deadline.within(Milliseconds(500)), ended)) {
    if (deadline.expired())
      throw Error(ExitCode::timeout, "CLONE did not end in time", "give more time with --timeout");
    if (answers) answers = watcher.showProgress(progress);
  }
}

// The statement with progress, until it has ended; killed after a signal or at the deadline. A session of a
// server that stops afterwards is gone then.
void cloneWatched(Session& session, const ConnectionOptions& options, const std::string& statement,
                  Afterwards afterwards, const std::string& otherWay, const Deadline& deadline) {
  CloneWatcher watcher(options, afterwards);
  const uint64_t connection = session.connectionId();
  CloneRun clone = std::async(std::launch::async, [&] {
    auto error = runClone(session, statement);
    if (!error && afterwards == Afterwards::stopped) session.close();
    return error;
  });
  try {
    watchClone(clone, watcher, deadline);
  } catch (const Error&) {
    const InterruptShield shield;
    watcher.killClone(connection);
    clone.wait();
    throw;
  }
  const auto error = clone.get();
  if (!error) return;
  const bool full = isDiskFull(*error);
  throw Error(
      full ? ExitCode::noSpace : ExitCode::backup,
      (full ? "CLONE failed, its disk is full: " : "CLONE failed: ") + std::string(error->what()),
      full ? "give the file system more space, then repeat the command" : "mend the cause, or " + otherWay);
}

std::string localStatement(const fs::path& directory) {
  return sql("CLONE LOCAL DATA DIRECTORY = ?", directory.string());
}

}  // namespace

void cloneInto(const CloneRequest& request) {
  Session target = Session::connect(request.target, ExitCode::backup);
  target.failWith(ExitCode::backup);
  prepareRecipient(target, request.source);
  cloneWatched(target, request.target, cloneStatement(request.source), Afterwards::stopped,
               "use --method dump", request.deadline);
}

bool hasClonePlugin(Session& session) {
  return session.number(
             "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'clone' AND "
             "plugin_status = 'ACTIVE'") != 0;
}

void cloneLocally(const ConnectionOptions& server, const fs::path& directory, bool removePlugin,
                  const Deadline& deadline) {
  Session session = Session::connect(server, ExitCode::backup);
  session.failWith(ExitCode::backup);
  session.execute("SET SESSION sql_log_bin = 0");
  Undo undo;
  if (removePlugin) undo.add("the clone plugin", [&] { session.execute("UNINSTALL PLUGIN clone"); });
  if (!hasClonePlugin(session)) session.execute("INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
  // The copy's server would load it, which this one does only for as long as it copies.
  if (removePlugin) session.execute("DELETE FROM mysql.plugin WHERE name = 'clone'");
  cloneWatched(session, server, localStatement(directory), Afterwards::running,
               "copy the server while it is down", deadline);
  if (!session.alive())
    throw Error(ExitCode::backup, "the server went away during CLONE", "read its error log");
}

void endLocalClone(Session& session, const fs::path& directory) {
  const std::string statement = localStatement(directory);
  const auto runs = [&] {
    bool found = false;
    for (const Row& row : session.query("SHOW FULL PROCESSLIST")) {
      if (row.text("Info") != statement) continue;
      session.killQuery(row.number("Id"));
      found = true;
    }
    return found;
  };
  waitUntil(Deadline::never(), [&] { return !runs(); });
}

Coordinates cloneCoordinates(Session& target, bool sourceUsesGtid) {
  const Rows rows = target.query(
      "SELECT STATE, ERROR_NO, ERROR_MESSAGE, BINLOG_FILE, BINLOG_POSITION, GTID_EXECUTED "
      "FROM performance_schema.clone_status");
  if (rows.empty() || rows[0].text("STATE") != "Completed") {
    const std::string state = rows.empty() ? "unknown" : rows[0].text("STATE");
    const std::string why = rows.empty() ? "" : ": " + rows[0].text("ERROR_MESSAGE");
    throw Error(ExitCode::backup, "CLONE is not complete: its state is " + state + why,
                "repeat the command, or use --method dump");
  }
  Coordinates coordinates;
  coordinates.gtids = GtidSet::parse(rows[0].text("GTID_EXECUTED"));
  if (!rows[0].text("BINLOG_FILE").empty())
    coordinates.position = BinlogPosition{rows[0].text("BINLOG_FILE"), rows[0].number("BINLOG_POSITION")};
  coordinates.usesGtid = sourceUsesGtid;
  return coordinates;
}

}  // namespace dlpx
