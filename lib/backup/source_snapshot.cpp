#include "backup/source_snapshot.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

// Ends what our locking session does when its time is over: first a statement that still waits for its locks,
// later the whole session, and its locks with it. Through a connection of its own, opened beforehand: a
// source that runs out of connections must not keep us from giving the locks back.
class StallGuard {
 public:
  StallGuard(Session& killer, uint64_t connection, const SnapshotLimits& limits)
      : killer_(killer),
        connection_(connection),
        lockEnd_(std::chrono::steady_clock::now() + limits.lockWait),
        stallEnd_(std::chrono::steady_clock::now() + limits.stall),
        thread_([this] { watch(); }) {}

  ~StallGuard() {
    {
      const std::lock_guard hold(mutex_);
      phase_ = Phase::over;
    }
    changed_.notify_all();
    thread_.join();
  }
  StallGuard(const StallGuard&) = delete;
  StallGuard& operator=(const StallGuard&) = delete;

  // The locks are ours. False when the guard has already acted.
  bool locked() {
    const std::lock_guard hold(mutex_);
    if (phase_ != Phase::locking) return false;
    phase_ = Phase::holding;
    changed_.notify_all();
    return true;
  }

 private:
  enum class Phase { locking, holding, over };

  void watch() {
    std::unique_lock hold(mutex_);
    changed_.wait_until(hold, lockEnd_, [this] { return phase_ != Phase::locking; });
    if (phase_ == Phase::locking) {
      phase_ = Phase::over;
      act([this] { killer_.killQuery(connection_); });
      return;
    }
    changed_.wait_until(hold, stallEnd_, [this] { return phase_ == Phase::over; });
    if (phase_ == Phase::holding) {
      phase_ = Phase::over;
      act([this] { killer_.kill(connection_); });
    }
  }

  static void act(const std::function<void()>& kill) noexcept {
    try {
      kill();
    } catch (const std::exception& e) {
      log::warning(std::string("locks at the source could not be given back early: ") + e.what());
    }
  }

  Session& killer_;
  uint64_t connection_;
  std::chrono::steady_clock::time_point lockEnd_;
  std::chrono::steady_clock::time_point stallEnd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::locking;
  std::thread thread_;
};

// A session that holds, or waits for, write locks on our tables.
struct Blocker {
  uint64_t connection;
  std::string description;
};

// Who stands in the way. Nothing when there is nobody any more; no value when the account may not see it. The
// text of statements is left out: it may hold secrets.
std::optional<std::vector<Blocker>> blockers(Session& source, const std::vector<std::string>& databases) {
  try {
    std::vector<Blocker> result;
    for (const Row& row : source.query(
             "SELECT t.PROCESSLIST_ID AS id, MAX(t.PROCESSLIST_USER) AS user, MAX(t.PROCESSLIST_HOST) AS "
             "host, "
             "MAX(t.PROCESSLIST_TIME) AS seconds, MIN(CONCAT(m.OBJECT_SCHEMA, '.', m.OBJECT_NAME)) AS name "
             "FROM performance_schema.metadata_locks m "
             "JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID "
             "WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED' AND m.OBJECT_SCHEMA IN (?) "
             "AND m.LOCK_TYPE NOT IN ('SHARED', 'SHARED_READ', 'SHARED_READ_ONLY', 'SHARED_HIGH_PRIO') "
             "AND t.PROCESSLIST_ID IS NOT NULL AND t.PROCESSLIST_ID <> CONNECTION_ID() "
             "GROUP BY t.PROCESSLIST_ID ORDER BY seconds DESC LIMIT 20",
             databases)) {
      result.push_back({row.number("id"), "connection " + row.text("id") + " (" + row.text("user") + "@" +
                                              row.text("host") + ", for " + row.text("seconds") +
                                              " s, table " + row.text("name") + ")"});
    }
    return result;
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
    return std::nullopt;
  }
}

std::string describe(const std::optional<std::vector<Blocker>>& found) {
  if (!found) return "the account may not see who holds them";
  if (found->empty()) return "nobody holds them any more";
  std::vector<std::string> texts;
  for (const Blocker& blocker : *found) {
    texts.push_back(blocker.description);
    if (texts.size() == 3) break;
  }
  return "held by " + join(texts, ", ");
}

constexpr unsigned lockWaitTimeout = 1205;
constexpr unsigned queryInterrupted = 1317;
constexpr unsigned noSuchTable = 1146;
constexpr unsigned noSuchDatabase = 1049;

bool worthAnotherTry(unsigned error) {
  return error == lockWaitTimeout || error == queryInterrupted || error == noSuchTable ||
         error == noSuchDatabase;
}

std::string lockStatement(const std::vector<TableName>& tables) {
  std::string statement = "LOCK TABLES ";
  for (const TableName& table : tables) statement += table.quoted() + " READ, ";
  statement.resize(statement.size() - 2);
  return statement;
}

// Opens the tables by a statement that waits for no writer and makes none wait. LOCK TABLES holds what it has
// while it opens the next: of 1,000 tables that no one has used yet it takes seconds. On the session that is
// to lock, as the server may keep open tables by session. What fails here LOCK TABLES tells.
void openTables(Session& locker, const std::vector<TableName>& tables, const Deadline& deadline) {
  constexpr size_t atOnce = 50;
  // Whoever alters one of those tables waits for this statement, while it waits for another's lock.
  locker.execute("SET SESSION lock_wait_timeout = 1");
  for (size_t from = 0; from < tables.size() && !deadline.expired(); from += atOnce) {
    std::vector<std::string> parts;
    for (size_t i = from; i < std::min(from + atOnce, tables.size()); ++i)
      parts.push_back("(SELECT 1 FROM " + tables[i].quoted() + " LIMIT 0)");
    locker.tryExecute(join(parts, " UNION ALL "));
  }
}

class Attempts {
 public:
  Attempts(const ConnectionOptions& source, const std::vector<std::string>& databases,
           const OpenSnapshots& open, const SnapshotLimits& limits)
      : source_(source),
        databases_(databases),
        open_(open),
        limits_(limits),
        asked_(limits.lockWait),
        watcher_(Session::connect(source, ExitCode::backup)) {
    watcher_.failWith(ExitCode::backup);
  }

  Coordinates run(const Deadline& deadline) {
    Milliseconds pause = limits_.firstPause;
    for (unsigned attempt = 1;; ++attempt) {
      if (const auto coordinates = once(deadline)) return *coordinates;
      log::debug("no consistent snapshot in attempt " + std::to_string(attempt) + ": " + problem_);
      if (attempt >= limits_.attempts || deadline.expired()) throw gaveUp(attempt);
      restUntilFree(pause, deadline);
      pause = std::min(pause * 3 / 2, limits_.longestPause);
    }
  }

 private:
  // Nothing when it is worth another try; why stands in problem_.
  std::optional<Coordinates> once(const Deadline& deadline) {
    Session locker = Session::connect(source_, ExitCode::backup);
    locker.failWith(ExitCode::backup);
    prepare(locker);
    const std::string before = schemaFingerprint(watcher_, databases_);
    const std::vector<TableName> tables = baseTables(watcher_, databases_);
    tables_ = tables.size();
    openTables(locker, tables, deadline);
    std::optional<Coordinates> coordinates = lockAndOpen(locker, tables, deadline);
    if (coordinates && schemaFingerprint(watcher_, databases_) != before) {
      problem_ = "tables or stored programs were created, changed or dropped at that moment";
      coordinates.reset();
    }
    return coordinates;
  }

  // If our host vanishes while we hold the locks, the source ends the idle session, and its locks, itself.
  static void prepare(Session& locker) {
    locker.execute("SET SESSION wait_timeout = 6, SESSION autocommit = 1");
  }

  std::optional<Coordinates> lockAndOpen(Session& locker, const std::vector<TableName>& tables,
                                         const Deadline& deadline) {
    const bool usesGtid = toLower(locker.variable("gtid_mode")) == "on";
    const Deadline stallEnd = deadline.within(limits_.stall);
    StallGuard guard(watcher_, locker.connectionId(), limits_);
    try {
      if (!lock(locker, tables)) return std::nullopt;
      if (!guard.locked()) {
        problem_ = "the tables' locks came too late";
        blocked_ = true;
        return std::nullopt;
      }
      open_(stallEnd);
      Coordinates coordinates = currentCoordinates(locker);
      coordinates.usesGtid = usesGtid;
      unlock(locker);
      return coordinates;
    } catch (const SqlError& e) {
      if (!e.connectionLost()) throw;
      problem_ = "the snapshots were not open in time";
    } catch (const Error& e) {
      if (e.code() != ExitCode::timeout || deadline.expired()) throw;
      problem_ = std::string("the snapshots were not open in time: ") + e.what();
    }
    return std::nullopt;
  }

  bool lock(Session& locker, const std::vector<TableName>& tables) {
    if (tables.empty()) return true;
    locker.execute("SET SESSION lock_wait_timeout = 5");
    const auto error = locker.tryExecute(lockStatement(tables));
    if (!error) return true;
    if (!worthAnotherTry(error->number())) {
      throw Error(ExitCode::backup, std::string("the source's tables cannot be locked: ") + error->what(),
                  "grant SELECT and LOCK TABLES on the databases to " + source_.user);
    }
    blocked_ = error->number() == lockWaitTimeout || error->number() == queryInterrupted;
    problem_ = error->what();
    return false;
  }

  // The coordinates are known: a session that goes before UNLOCK TABLES has unlocked, too.
  static void unlock(Session& locker) {
    try {
      locker.execute("UNLOCK TABLES");
    } catch (const SqlError& e) {
      if (!e.connectionLost()) throw;
    }
  }

  // A pause; after a lock that was not granted it goes on while those who hold it are still there, for
  // another attempt would stall the source in vain.
  void restUntilFree(Milliseconds pause, const Deadline& deadline) {
    if (!blocked_) return rest(deadline, pause);
    blocked_ = false;
    const auto first = blockers(watcher_, databases_);
    problem_ = "locks were not granted: " + describe(first);
    if (first && first->empty()) allowMore();
    rest(deadline, pause);
    if (!first || first->empty()) return;
    waitUntil(
        deadline.within(limits_.longestPause),
        [&] {
          const auto now = blockers(watcher_, databases_).value_or(std::vector<Blocker>{});
          return std::none_of(now.begin(), now.end(), [&](const Blocker& blocker) {
            return std::any_of(first->begin(), first->end(),
                               [&](const Blocker& old) { return old.connection == blocker.connection; });
          });
        },
        Milliseconds(500));
  }

  // Nobody stood in the way: the tables themselves take longer.
  void allowMore() {
    const Milliseconds grown = limits_.lockWait + std::max(limits_.lockWait / 2, Milliseconds(100));
    const Milliseconds next = std::min(grown, asked_ + limits_.morePerTable * static_cast<int64_t>(tables_));
    limits_.stall += next - limits_.lockWait;
    limits_.lockWait = next;
  }

  Error gaveUp(unsigned attempts) {
    if (blocked_) problem_ = "locks were not granted: " + describe(blockers(watcher_, databases_));
    return Error(
        ExitCode::backup,
        "no consistent snapshot of the source in " + std::to_string(attempts) + " attempts: " + problem_,
        "end the transactions that write for long, or repeat the command when they are over");
  }

  const ConnectionOptions& source_;
  const std::vector<std::string>& databases_;
  const OpenSnapshots& open_;
  SnapshotLimits limits_;
  Milliseconds asked_;
  size_t tables_ = 0;
  Session watcher_;
  std::string problem_;
  bool blocked_ = false;
};

}  // namespace

Coordinates takeSnapshots(const ConnectionOptions& source, const std::vector<std::string>& databases,
                          const OpenSnapshots& open, const Deadline& deadline, const SnapshotLimits& limits) {
  return Attempts(source, databases, open, limits).run(deadline);
}

Coordinates currentCoordinates(Session& source) {
  const Dialect dialect(source.version());
  const Rows rows = source.query(std::string_view(dialect.showBinaryLogStatus()));
  if (rows.empty()) {
    throw Error(ExitCode::preflight, "the source " + source.endpoint().text() + " writes no binary log",
                "set log_bin at the source and restart it");
  }
  Coordinates coordinates = dialect.coordinates(rows[0]);
  coordinates.usesGtid = toLower(source.variable("gtid_mode")) == "on";
  return coordinates;
}

}  // namespace dlpx
