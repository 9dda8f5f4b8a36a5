#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/json.h"
#include "mysql/binlog_position.h"
#include "mysql/dialect.h"
#include "mysql/session.h"

namespace dlpx {

enum class ChannelState {
  notConfigured,
  stopped,     // one of its threads, or both, were stopped without an error
  connecting,  // the receiver is not connected yet, and no error says why
  running,     // receiver connected, applier running, no error
  broken,      // an error stands in the status
};
std::string_view text(ChannelState state);

// How one channel does, with what to do about it.
struct ChannelStatus {
  ChannelState state = ChannelState::notConfigured;
  ReplicaStatus replica;
  unsigned errorNumber = 0;  // of the receiver, else of the applier; 0: none
  std::string error;         // the server's own words
  std::string remedy;
  bool needsResync = false;  // nothing but ingesting anew helps

  // Transactions that were received and not applied yet; nothing where the source has no GTIDs.
  std::optional<uint64_t> lagTransactions;

  Json json() const;
  // "running, 0 s behind", "broken: error 1236 …".
  std::string summary() const;
};

// Every channel of the server, whoever configured it, but Group Replication's own.
std::vector<std::pair<std::string, ChannelStatus>> channelsOf(Session& session);

// What a status row means. Public for tests.
ChannelStatus judge(ReplicaStatus replica);

// What makes another try worthwhile after an error that trying alone does not heal.
enum class Cure {
  person,    // somebody has to look
  password,  // the account's password, which may have been changed on the source
  space,     // room on staging's disk
};

// What a receiver's or applier's error number means for an operator.
struct Diagnosis {
  bool permanent = false;  // trying again cannot help as long as nothing changes
  bool needsResync = false;
  std::string remedy;
  Cure cure = Cure::person;
};
Diagnosis diagnose(unsigned errorNumber, const std::string& message);

// MySQL takes no more in START REPLICA … PASSWORD.
constexpr size_t longestReplicationPassword = 32;
// Throws Error{replication} with the reason for a password that a replica cannot take.
void checkReplicationPassword(const Secret& password);

struct ChannelSource {
  Endpoint source;
  SslMode ssl = SslMode::preferred;
  bool sourceOffersTls = false;
  fs::path sslCa;
  std::vector<std::string> databases;  // empty: all
};

// One replication channel of the server that the session is connected to. Statements that fail throw
// Error{replication} with the server's own text.
class Channel {
 public:
  // The session outlives the channel.
  explicit Channel(Session& session, std::string name = {});

  ChannelStatus status();

  // Replaces what the channel was told before: RESET REPLICA ALL, filters for exactly these databases, source
  // and coordinates. With GTIDs the server's gtid_executed must already hold what was ingested. Neither user
  // nor password are told: start() does. The channel stands still afterwards.
  void configure(const ChannelSource& source, const Coordinates& from);

  // The password goes into the statement and nowhere else: not into mysql.slave_master_info, not on a disk.
  // Starting a running channel is fine.
  void start(const std::string& user, const Secret& password);
  // Restarts the applier alone, which needs no password.
  void startApplier();
  // Restarts the receiver of a channel that stores its own password, as a user's may.
  void startReceiver();

  // Until receiver and applier stand still. `control` opens a second session, because a huge transaction can
  // block the statement: at the deadline Error{timeout} tells what still runs.
  void stop(const ConnectionOptions& control, const Deadline& deadline);
  void stopApplier(const ConnectionOptions& control, const Deadline& deadline);

  // Returns when the channel is running; after start() only once the source's first event has come and a
  // failed applier has got past its error, because both are "running" for a moment before they fail. Errors
  // that do not heal (wrong password, purged logs, tables that differ) throw Error{replication} at once with
  // the server's words; others at the deadline.
  ChannelStatus waitUntilRunning(const Deadline& deadline);
  // Until the set is applied. Throws Error{timeout} naming what is missing, or Error{replication} when the
  // channel stops or breaks meanwhile.
  void waitForGtids(const GtidSet& set, const Deadline& deadline);
  // As waitForGtids, for a source without GTIDs.
  void waitForPosition(const BinlogPosition& position, const Deadline& deadline);
  // Until at most that many seconds behind; for 0, until what had been received when it was called is
  // applied.
  void waitForLag(uint64_t seconds, const Deadline& deadline);

 private:
  void waitUntilApplied(const Deadline& deadline, const std::string& what,
                        const std::function<bool(const ChannelStatus&)>& reached);
  void stopThreads(const std::string& statement, bool receiverToo, const ConnectionOptions& control,
                   const Deadline& deadline);

  bool proven(const ReplicaStatus& now) const;

  Session* session_;
  std::string name_;
  Dialect dialect_;
  std::optional<ReplicaStatus> beforeStart_;
};

}  // namespace dlpx
