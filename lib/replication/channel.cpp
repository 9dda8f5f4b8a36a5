#include "replication/channel.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "replication/memory_tables.h"

namespace dlpx {
namespace {

using Thread = ReplicaStatus::Thread;

// A channel that shows no error within that time is taken for running, though nothing proves it.
constexpr Milliseconds longestSilence(2000);
constexpr Milliseconds pollRest(50);

// Statements of this room fail with ExitCode::replication.
template <typename Action>
auto asReplication(Action&& action) {
  try {
    return action();
  } catch (const SqlError& e) {
    throw Error(ExitCode::replication, e.what(), e.remedy(), e.log());
  }
}

std::string stopTimeoutVariable(Session& session) {
  for (const char* name : {"rpl_stop_replica_timeout", "rpl_stop_slave_timeout"}) {
    if (!session.variable(name).empty()) return name;
  }
  return "";
}

// The server's own limit on STOP REPLICA, which KILL QUERY does not interrupt; put back afterwards.
class StopTimeout {
 public:
  StopTimeout(Session& session, const Deadline& deadline)
      : session_(session), variable_(stopTimeoutVariable(session)) {
    if (variable_.empty()) return;
    before_ = session_.variable(variable_);
    const auto seconds = std::max<long long>(2, deadline.remaining().count() / 1000);
    session_.execute("SET GLOBAL " + variable_ + " = " + std::to_string(std::min(seconds, 31536000LL)));
  }
  ~StopTimeout() {
    try {
      if (!variable_.empty()) session_.execute("SET GLOBAL " + variable_ + " = " + before_);
    } catch (const Error& e) {
      log::warning(std::string("replication's stop timeout could not be put back: ") + e.what());
    }
  }
  StopTimeout(const StopTimeout&) = delete;
  StopTimeout& operator=(const StopTimeout&) = delete;

 private:
  Session& session_;
  std::string variable_;
  std::string before_;
};

Error brokenChannel(const ChannelStatus& status) {
  return Error(ExitCode::replication,
               "replication from " +
                   Endpoint{status.replica.sourceHost, status.replica.sourcePort, {}}.text() + " is " +
                   status.summary(),
               status.remedy);
}

bool willNotHeal(const ChannelStatus& status) {
  return status.state == ChannelState::broken || status.state == ChannelState::notConfigured;
}

// An applier of several workers tells only that one of them failed, and where to look.
void askTheWorker(Session& session, ReplicaStatus& replica) {
  if (replica.applierProblem.number == 0 || !session.version().atLeast(5, 7)) return;
  const Rows rows = session.query(
      "SELECT LAST_ERROR_MESSAGE AS message FROM performance_schema.replication_applier_status_by_worker "
      "WHERE CHANNEL_NAME = ? AND LAST_ERROR_NUMBER = ? LIMIT 1",
      replica.channel, replica.applierProblem.number);
  if (!rows.empty()) replica.applierProblem.message = rows.front().text("message");
}

}  // namespace

std::vector<std::pair<std::string, ChannelStatus>> channelsOf(Session& session) {
  return asReplication([&] {
    std::vector<std::pair<std::string, ChannelStatus>> channels;
    const Dialect dialect(session.version());
    for (const Row& row : session.query(std::string_view(dialect.showReplicaStatus()))) {
      ReplicaStatus replica = dialect.replicaStatus(row);
      if (replica.sourceHost.empty() || replica.channel.rfind("group_replication_", 0) == 0) continue;
      const std::string name = replica.channel;
      askTheWorker(session, replica);
      ChannelStatus& status = channels.emplace_back(name, judge(std::move(replica))).second;
      nameMemoryTable(session, status);
    }
    return channels;
  });
}

Channel::Channel(Session& session, std::string name)
    : session_(&session), name_(std::move(name)), dialect_(session.version()) {}

ChannelStatus Channel::status() {
  for (auto& [name, status] : channelsOf(*session_)) {
    if (name == name_) return std::move(status);
  }
  return {};
}

void Channel::configure(const ChannelSource& source, const Coordinates& from) {
  if (!from.usesGtid && !from.position) {
    throw Error(ExitCode::replication, "no coordinates are known to start replication from",
                "ingest again from a source whose binary log is on");
  }
  ReplicationSourceOptions options;
  options.source = source.source;
  options.autoPosition = from.usesGtid;
  if (!from.usesGtid) options.position = from.position;
  options.ssl = source.ssl;
  options.sourceOffersTls = source.sourceOffersTls;
  options.sslCa = source.sslCa;
  options.connectRetrySeconds = 5;
  options.retryCount = 86400;
  options.heartbeatSeconds = 5;
  options.channel = name_;
  asReplication([&] {
    if (status().state != ChannelState::notConfigured)
      session_->execute(std::string_view(dialect_.stopReplica(name_)));
    session_->execute(std::string_view(dialect_.resetReplicaAll(name_)));
    const std::string filter = dialect_.changeReplicationFilter(source.databases);
    if (!filter.empty()) session_->execute(std::string_view(filter));
    session_->execute(std::string_view(dialect_.changeReplicationSource(options)));
  });
}

void Channel::start(const std::string& user, const Secret& password) {
  checkReplicationPassword(password);
  const ChannelStatus now = status();
  if (now.state == ChannelState::running) return;
  if (now.state == ChannelState::notConfigured) {
    throw Error(ExitCode::replication, "no replication is configured on this server",
                "resync the dSource: that configures it");
  }
  asReplication([&] {
    // A receiver that still tries the old password would keep it.
    if (now.replica.receiver == Thread::connecting)
      session_->execute(std::string_view(dialect_.stopReplicaReceiver(name_)));
    beforeStart_ = now.replica;
    session_->execute(std::string_view(dialect_.startReplica(user, password, name_)));
  });
}

void Channel::startApplier() {
  beforeStart_ = status().replica;
  asReplication([&] { session_->execute(std::string_view(dialect_.startReplicaApplier(name_))); });
}

void Channel::startReceiver() {
  beforeStart_ = status().replica;
  asReplication([&] { session_->execute(std::string_view(dialect_.startReplicaReceiver(name_))); });
}

void Channel::stop(const ConnectionOptions& control, const Deadline& deadline) {
  stopThreads(dialect_.stopReplica(name_), true, control, deadline);
}

void Channel::stopApplier(const ConnectionOptions& control, const Deadline& deadline) {
  stopThreads(dialect_.stopReplicaApplier(name_), false, control, deadline);
}

void Channel::stopThreads(const std::string& statement, bool receiverToo, const ConnectionOptions& control,
                          const Deadline& deadline) {
  const auto stands = [&](const ChannelStatus& now) {
    return now.state == ChannelState::notConfigured ||
           (now.replica.applier == Thread::stopped &&
            (!receiverToo || now.replica.receiver == Thread::stopped));
  };
  if (stands(status())) return;
  std::string refused;
  try {
    const StopTimeout timeout(*session_, deadline);
    Session stopper = Session::connect(control, ExitCode::replication);
    stopper.executeWithin(statement, deadline);
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    refused = e.what();
  }
  const ChannelStatus after = status();
  if (stands(after)) return;
  throw Error(ExitCode::timeout,
              "replication did not stop in time: receiver " +
                  std::string(after.replica.receiver == Thread::stopped ? "stopped" : "still runs") +
                  ", applier " +
                  (after.replica.applier == Thread::stopped
                       ? "stopped"
                       : "still runs (" + after.replica.applierState + ") and stops after its transaction") +
                  (refused.empty() ? "" : "; " + refused),
              "wait for that transaction and repeat, or give more time with --timeout");
}

// The first event that a receiver gets is written to the relay log, also by a source that has nothing new. An
// applier that stopped with an error has to get past it.
bool Channel::proven(const ReplicaStatus& now) const {
  if (!beforeStart_) return true;
  const bool receiver = beforeStart_->receiver == Thread::running ||
                        now.relayLogBytes != beforeStart_->relayLogBytes ||
                        now.received != beforeStart_->received;
  const bool applier = beforeStart_->applierProblem.number == 0 || now.applied != beforeStart_->applied;
  return receiver && applier;
}

ChannelStatus Channel::waitUntilRunning(const Deadline& deadline) {
  ChannelStatus now;
  std::optional<Deadline> silence;
  const bool reached = waitUntil(
      deadline,
      [&] {
        now = status();
        if (willNotHeal(now)) throw brokenChannel(now);
        if (now.state != ChannelState::running) return false;
        if (!silence) silence = Deadline::in(longestSilence);
        return proven(now.replica) || silence->expired();
      },
      pollRest);
  if (reached) return now;
  throw Error(
      ExitCode::replication,
      "replication did not run in time: it is " + now.summary() + " (" + now.replica.receiverState + ")",
      now.remedy.empty() ? "look at the source and the network, then start replication again" : now.remedy);
}

void Channel::waitUntilApplied(const Deadline& deadline, const std::string& what,
                               const std::function<bool(const ChannelStatus&)>& reached) {
  ChannelStatus now;
  const bool applied = waitUntil(deadline, [&] {
    now = status();
    if (reached(now)) return true;
    if (willNotHeal(now)) throw brokenChannel(now);
    if (now.state == ChannelState::stopped) {
      throw Error(ExitCode::replication, "replication is stopped before " + what,
                  "start it: dlpx-mysql-stage replication start");
    }
    return false;
  });
  if (applied) return;
  throw Error(ExitCode::timeout, "replication did not get to " + what + " in time: " + now.summary(),
              "wait longer with --timeout, or see why staging lags");
}

void Channel::waitForGtids(const GtidSet& set, const Deadline& deadline) {
  waitUntilApplied(deadline, "GTID set " + set.text(),
                   [&](const ChannelStatus& now) { return now.replica.executed.contains(set); });
}

void Channel::waitForPosition(const BinlogPosition& position, const Deadline& deadline) {
  waitUntilApplied(deadline, position.text(),
                   [&](const ChannelStatus& now) { return now.replica.applied >= position; });
}

void Channel::waitForLag(uint64_t seconds, const Deadline& deadline) {
  // For no lag at all: under a steady load more is always received than applied, so what was received at the
  // beginning counts; the server's seconds are 0 for the first second of any lag.
  const BinlogPosition received = seconds == 0 ? status().replica.received : BinlogPosition{};
  waitUntilApplied(deadline, "a lag of " + std::to_string(seconds) + " s", [&](const ChannelStatus& now) {
    return now.state == ChannelState::running && now.replica.lagSeconds &&
           *now.replica.lagSeconds <= seconds && (received.file.empty() || now.replica.applied >= received);
  });
}

}  // namespace dlpx
