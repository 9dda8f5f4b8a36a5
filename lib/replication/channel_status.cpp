#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "replication/channel.h"

namespace dlpx {
namespace {

using Thread = ReplicaStatus::Thread;

std::string_view threadText(Thread thread) {
  switch (thread) {
    case Thread::stopped:
      return "stopped";
    case Thread::connecting:
      return "connecting";
    case Thread::running:
      return "running";
  }
  return "unknown";
}

bool isOneOf(unsigned number, std::initializer_list<unsigned> numbers) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

bool mentions(const std::string& message, std::string_view words) {
  return toLower(message).find(words) != std::string::npos;
}

// The source refused to send its binary log: one number for many reasons.
Diagnosis diagnoseReading(const std::string& message) {
  if (mentions(message, "purged") || mentions(message, "could not find first log") ||
      mentions(message, "could not find next log")) {
    return {true, true,
            "the source no longer has the binary logs that staging needs: resync the dSource, and let the "
            "source keep its logs longer (binlog_expire_logs_seconds)"};
  }
  if (mentions(message, "same server_uuid") || mentions(message, "same server_id"))
    return {true, false,
            "another replica of that source has the same id: choose a unique one with --server-id"};
  if (mentions(message, "binary logging is not") || mentions(message, "binary log is not open"))
    return {true, false, "turn the source's binary log on (log_bin), then resync the dSource"};
  if (mentions(message, "has more gtids") || mentions(message, "errant"))
    return {true, true, "staging holds transactions that the source does not know: resync the dSource"};
  if (mentions(message, "max_allowed_packet"))
    return {true, false, "raise replica_max_allowed_packet on staging, then start replication again"};
  return {true, true,
          "see why the source refuses its binary log; resync the dSource when it cannot be mended"};
}

}  // namespace

std::string_view text(ChannelState state) {
  switch (state) {
    case ChannelState::notConfigured:
      return "notConfigured";
    case ChannelState::stopped:
      return "stopped";
    case ChannelState::connecting:
      return "connecting";
    case ChannelState::running:
      return "running";
    case ChannelState::broken:
      return "broken";
  }
  return "unknown";
}

Diagnosis diagnose(unsigned number, const std::string& message) {
  if (number == 0) return {};
  if (isOneOf(number, {1236, 13114})) return diagnoseReading(message);
  if (isOneOf(number, {1044, 1045, 1130, 1227, 1862, 3118, 3878}))
    return {true, false,
            "check replication user and password on the source, from which hosts it may connect, and that it "
            "has REPLICATION SLAVE; then start replication again",
            Cure::password};
  if (number == 2026 && mentions(message, "certificate"))
    return {
        true, false,
        "put the authority that signed the source's certificate, for the host name that staging uses, into "
        "the file that --source-ssl-ca named when staging was built; then start replication again"};
  if (isOneOf(number, {2026, 2059, 2061, 1251, 3159}))
    return {true, false, "choose another --source-ssl-mode, or mend TLS on the source"};
  if (isOneOf(number, {1593, 13117, 13118}))
    return {true, false,
            "source and staging must differ in server id and UUID: choose another --server-id, then resync"};
  if (isOneOf(number, {2002, 2003, 2005, 2006, 2013, 1040, 1129, 1158, 1159, 1160, 1161, 1053, 3032}))
    return {false, false,
            "check that the source runs and can be reached from this host; the server tries again by itself"};
  if (isOneOf(number, {1205, 1213, 3572, 3058}))
    return {false, false, "start replication again: the transaction only waited for a lock"};
  if (isOneOf(number, {1032, 1062, 1146, 1049, 1007, 1008, 1050, 1051, 1054, 1060, 1061, 1091, 1136, 1396,
                       1677, 1410, 1133}))
    return {true, true, "staging's data differs from the source's: resync the dSource"};
  if (isOneOf(number, {1021, 1041, 3675, 1114, 135, 28}))
    return {true, false, "give staging more space, then start replication again", Cure::space};
  return {
      true, false,
      "mend what the server names and start replication again; resync the dSource when it cannot be mended"};
}

ChannelStatus judge(ReplicaStatus replica) {
  ChannelStatus status;
  const bool receiverFailed = replica.receiverProblem.number != 0 && replica.receiver != Thread::running;
  const bool applierFailed = replica.applierProblem.number != 0 && replica.applier != Thread::running;
  const ReplicaStatus::Problem problem = applierFailed    ? replica.applierProblem
                                         : receiverFailed ? replica.receiverProblem
                                                          : ReplicaStatus::Problem{};
  const Diagnosis diagnosis = diagnose(problem.number, problem.message);
  status.errorNumber = problem.number;
  status.error = problem.message;
  status.remedy = diagnosis.remedy;
  status.needsResync = diagnosis.needsResync;
  const bool retries = replica.receiver == Thread::connecting && !diagnosis.permanent && !applierFailed;
  if (problem.number != 0 && !retries) {
    status.state = ChannelState::broken;
  } else if (replica.receiver == Thread::stopped || replica.applier == Thread::stopped) {
    status.state = ChannelState::stopped;
    status.remedy = "start replication: dlpx-mysql-stage replication start";
  } else {
    status.state = replica.receiver == Thread::connecting ? ChannelState::connecting : ChannelState::running;
  }
  if (replica.autoPosition || !replica.retrieved.empty())
    status.lagTransactions = replica.retrieved.subtract(replica.executed).count();
  status.replica = std::move(replica);
  return status;
}

Json ChannelStatus::json() const {
  Json json = {{"state", std::string(text(state))}};
  if (state == ChannelState::notConfigured) return json;
  json["source"] = Endpoint{replica.sourceHost, replica.sourcePort, {}}.text();
  json["sourceUuid"] = replica.sourceUuid;
  json["receiver"] = std::string(threadText(replica.receiver));
  json["receiverState"] = replica.receiverState;
  json["applier"] = std::string(threadText(replica.applier));
  json["applierState"] = replica.applierState;
  json["lagSeconds"] = replica.lagSeconds ? Json(*replica.lagSeconds) : Json();
  json["lagTransactions"] = lagTransactions ? Json(*lagTransactions) : Json();
  json["autoPosition"] = replica.autoPosition;
  json["received"] = replica.received.text();
  json["applied"] = replica.applied.text();
  json["executedGtids"] = replica.executed.text();
  json["errorNumber"] = errorNumber;
  json["error"] = error;
  json["remedy"] = remedy;
  json["needsResync"] = needsResync;
  return json;
}

std::string ChannelStatus::summary() const {
  std::string line(text(state));
  if (state == ChannelState::notConfigured) return "not configured";
  if (errorNumber != 0) return line + ": " + error + " (error " + std::to_string(errorNumber) + ")";
  if (replica.lagSeconds) line += ", " + std::to_string(*replica.lagSeconds) + " s behind";
  if (lagTransactions && *lagTransactions > 0)
    line += ", " + std::to_string(*lagTransactions) + " transactions to apply";
  return line;
}

void checkReplicationPassword(const Secret& password) {
  if (password.reveal().size() <= longestReplicationPassword) return;
  throw Error(ExitCode::replication,
              "the replication password has " + std::to_string(password.reveal().size()) +
                  " bytes, and MySQL replicas take at most 32",
              "give the replication account a password of at most 32 bytes");
}

}  // namespace dlpx
