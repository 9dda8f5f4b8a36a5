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
      throw Error(
          ExitCode::replication,
          "replication from " + facts.source() + " cannot start without its password, which is never stored",
          "give it with --replication-password-file, or leave replication off with --no-log-sync");
    }
    channel.start(user.empty() ? facts.replicationUser : user, *password);
  }
  return channel.waitUntilRunning(deadline);
}

}  // namespace dlpx
