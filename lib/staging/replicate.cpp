#include "staging/replicate.h"

#include "base/error.h"

namespace dlpx {

ChannelStatus startReplication(Session& session, const StagingFacts& facts, const std::string& user,
                               const std::optional<Secret>& password, const Deadline& deadline) {
  Channel channel(session);
  const ChannelStatus now = channel.status();
  if (now.state == ChannelState::running) return now;
  if (now.replica.receiver == ReplicaStatus::Thread::running) {
    channel.startApplier();
  } else {
    if (!password) {
      throw Error(ExitCode::replication,
                  "staging runs, but replication from " + facts.source() +
                      " stands: its password was not given, and is stored nowhere",
                  "run dlpx-mysql-stage replication start --replication-password-file FILE: the file's name "
                  "is noted, so "
                  "that the next start finds it; --no-log-sync leaves replication off");
    }
    channel.start(user.empty() ? facts.replicationUser : user, *password);
  }
  return channel.waitUntilRunning(deadline);
}

}  // namespace dlpx
