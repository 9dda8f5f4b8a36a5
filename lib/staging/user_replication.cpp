#include "staging/user_replication.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "replication/channel.h"

namespace dlpx {
namespace {

using Thread = ReplicaStatus::Thread;

std::string told(const std::string& channel) {
  return channel.empty() ? "the default channel" : "channel " + channel;
}

}  // namespace

Json runningChannels(Session& session) {
  Json running = Json::array();
  for (const auto& [name, status] : channelsOf(session)) {
    const bool receiver = status.replica.receiver != Thread::stopped;
    const bool applier = status.replica.applier != Thread::stopped;
    if (receiver || applier)
      running.push_back({{"channel", name}, {"receiver", receiver}, {"applier", applier}});
  }
  return running;
}

void pauseAppliers(Session& session, const Json& running, const ConnectionOptions& control,
                   const Deadline& deadline) {
  for (const Json& each : running) {
    if (each.value("applier", false))
      Channel(session, each.value("channel", "")).stopApplier(control, deadline);
  }
}

void resumeChannels(Session& session, const Json& running) {
  for (const Json& each : running) {
    const std::string name = each.value("channel", "");
    try {
      Channel channel(session, name);
      const ReplicaStatus now = channel.status().replica;
      if (each.value("receiver", false) && now.receiver == Thread::stopped) channel.startReceiver();
      if (each.value("applier", false) && now.applier == Thread::stopped) channel.startApplier();
    } catch (const Error& e) {
      log::warning("the user's replication, " + told(name) + ", could not be started again: " + e.what() +
                   "; start it yourself: START REPLICA");
    }
  }
}

Json describeChannels(Session& session) {
  Json channels = Json::array();
  for (const auto& [name, status] : channelsOf(session)) {
    Json one = status.json();
    one["channel"] = name;
    one["summary"] = status.summary();
    channels.push_back(std::move(one));
  }
  return channels;
}

}  // namespace dlpx
