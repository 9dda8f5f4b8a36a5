#include "mysql/dialect.h"

#include "base/text.h"

namespace dlpx {

namespace {

// Reads a row of SHOW REPLICA STATUS or SHOW SLAVE STATUS by the new names.
class StatusRow {
 public:
  explicit StatusRow(const Row& row) : row_(row), legacy_(!row.has("Source_Host")) {}

  std::string text(std::string name) const {
    if (legacy_) {
      name = replaceAll(std::move(name), "Replica", "Slave");
      name = replaceAll(std::move(name), "Source", "Master");
    }
    return row_.has(name) ? row_.text(name) : std::string();
  }
  uint64_t number(const std::string& name) const {
    const std::string digits = text(name);
    return digits.empty() ? 0 : std::stoull(digits);
  }

 private:
  const Row& row_;
  bool legacy_;
};

ReplicaStatus::Thread thread(const std::string& word) {
  if (word == "Yes") return ReplicaStatus::Thread::running;
  return word == "Connecting" ? ReplicaStatus::Thread::connecting : ReplicaStatus::Thread::stopped;
}

}  // namespace

ReplicaStatus Dialect::replicaStatus(const Row& row) const {
  const StatusRow status(row);
  ReplicaStatus out;
  out.channel = status.text("Channel_Name");
  out.sourceHost = status.text("Source_Host");
  out.sourcePort = static_cast<uint16_t>(status.number("Source_Port"));
  out.sourceUser = status.text("Source_User");
  out.sourceUuid = status.text("Source_UUID");
  out.receiver = thread(status.text("Replica_IO_Running"));
  out.applier = thread(status.text("Replica_SQL_Running"));
  out.receiverProblem = {static_cast<unsigned>(status.number("Last_IO_Errno")), status.text("Last_IO_Error")};
  out.applierProblem = {static_cast<unsigned>(status.number("Last_SQL_Errno")),
                        status.text("Last_SQL_Error")};
  out.receiverState = status.text("Replica_IO_State");
  out.applierState = status.text("Replica_SQL_Running_State");
  if (!status.text("Seconds_Behind_Source").empty()) out.lagSeconds = status.number("Seconds_Behind_Source");
  out.retrieved = GtidSet::parse(status.text("Retrieved_Gtid_Set"));
  out.executed = GtidSet::parse(status.text("Executed_Gtid_Set"));
  out.autoPosition = status.text("Auto_Position") == "1";
  out.received = {status.text("Source_Log_File"), status.number("Read_Source_Log_Pos")};
  out.applied = {status.text("Relay_Source_Log_File"), status.number("Exec_Source_Log_Pos")};
  out.relayLogBytes = status.number("Relay_Log_Space");
  return out;
}

}  // namespace dlpx
