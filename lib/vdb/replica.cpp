#include "vdb/replica.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/undo.h"
#include "mysql/dialect.h"
#include "mysql/option_file.h"
#include "replication/channel.h"

namespace dlpx {
namespace {

const std::string replicationUser = "dlpx_replica";

// The two servers of a pair, and who may tell both what to do.
struct Wiring {
  Instance primary;
  VdbFacts primaryFacts;
  Instance replica;
  Secret password;
  Milliseconds timeout{0};

  std::string primaryText() const { return "the VDB on " + primary.mount().root().string(); }
};

Error notWired(const std::string& fact, const std::string& remedy) {
  return Error(ExitCode::replication, fact, remedy);
}

Wiring wiringOf(const Instance& replica, const VdbFacts& facts, const Secret& password,
                Milliseconds timeout) {
  const Mount mount(facts.replicateFrom);
  const auto primary = VdbFacts::on(mount);
  const auto instance = Instance::on(mount);
  if (!primary || !instance || !primary->complete || !primary->madeHere(mount)) {
    throw notWired("there is no VDB on " + mount.root().string() + " to follow",
                   "provision it first, with --replicable");
  }
  if (instance->state() != InstanceState::running) {
    throw notWired("the VDB on " + mount.root().string() + ", which this one is to follow, does not run",
                   "start it first: dlpx-mysql-vdb start --mount " + mount.root().string());
  }
  return {*instance, *primary, replica, password, timeout};
}

Session connectToPrimary(const Wiring& wiring) {
  return wiring.primary.connect(wiring.primary.facts().adminUser, wiring.password, ExitCode::replication);
}

void requireGtids(Session& primary, const Wiring& wiring) {
  if (primary.variable("gtid_mode") == "ON") return;
  throw notWired(wiring.primaryText() + " has gtid_mode=" + primary.variable("gtid_mode"),
                 "provision it anew with --replicable, which turns GTIDs on");
}

// What the channel is told of its source. As a replica would, it comes in by TCP.
ChannelSource sourceOf(Session& primary, const Wiring& wiring) {
  const Endpoint endpoint = {wiring.primaryFacts.localAddress(), wiring.primary.facts().port, {}};
  Session overTcp = Session::connect(
      {.endpoint = endpoint, .user = wiring.primary.facts().adminUser, .password = wiring.password},
      ExitCode::replication);
  if (overTcp.variable("server_uuid") != primary.variable("server_uuid")) {
    throw notWired("another server answers on port " + std::to_string(endpoint.port),
                   "end what took the port of " + wiring.primaryText());
  }
  return {.source = endpoint, .sourceOffersTls = overTcp.encrypted()};
}

// Not in the binary log: it is the primary's alone, and no later snapshot's GTIDs tell of it.
void makeAccount(Session& primary, const std::string& host, const Secret& password, Undo& undo) {
  const Dialect dialect(primary.version());
  primary.execute("SET SESSION sql_log_bin = 0");
  undo.add("the account " + replicationUser, [&primary, dialect, host] {
    primary.execute(std::string_view(dialect.dropUser(replicationUser, host)));
  });
  for (const std::string& statement : dialect.setPassword(replicationUser, host, password))
    primary.execute(std::string_view(statement));
  primary.execute(std::string_view(dialect.grant(dialect.privilegesToReplicate(), replicationUser, host)));
}

bool isFollowing(const ChannelStatus& status, const ChannelSource& source, const std::string& uuid) {
  return status.state == ChannelState::running && status.replica.sourceUuid == uuid &&
         status.replica.sourcePort == source.source.port && status.replica.sourceHost == source.source.host;
}

// The proof that the replica is wired to its primary and to nothing else.
std::string proveOnlyChannel(Session& replica, const ChannelSource& source, const std::string& uuid) {
  const Rows rows = replica.query(std::string_view(Dialect(replica.version()).showReplicaStatus()));
  const ChannelStatus status = Channel(replica).status();
  if (rows.size() != 1 || !isFollowing(status, source, uuid) || !status.replica.autoPosition) {
    throw Error(ExitCode::unsafeClone, "the replica does not follow its primary, or not only it",
                "look at SHOW REPLICA STATUS, then repeat the command on a new clone");
  }
  return "one replication channel, by GTIDs, to the VDB " + uuid + " on " + source.source.text() +
         (source.sourceOffersTls ? ", with TLS," : "") + " as " + replicationUser + "; no other";
}

// The channel's own remedies are staging's.
void startChannel(Channel& channel, const ChannelSource& source, const Secret& password,
                  const Deadline& deadline) {
  try {
    channel.configure(source, {.usesGtid = true});
    channel.start(replicationUser, password);
    channel.waitUntilRunning(deadline);
  } catch (const Error& error) {
    if (error.code() != ExitCode::replication) throw;
    throw Error(error.code(), error.what(),
                "look at the logs of both servers; a replica that cannot go on is refreshed with its primary",
                error.log());
  }
}

std::string follow(const Wiring& wiring) {
  Session primary = connectToPrimary(wiring);
  requireGtids(primary, wiring);
  const ChannelSource source = sourceOf(primary, wiring);
  const std::string uuid = primary.variable("server_uuid");
  Session replica = wiring.replica.connect(wiring.replica.facts().adminUser, wiring.password);
  Channel channel(replica);
  if (!isFollowing(channel.status(), source, uuid)) {
    const Secret password = randomSecret();
    Undo undo;
    makeAccount(primary, source.source.host, password, undo);
    startChannel(channel, source, password, Deadline::in(wiring.timeout));
    undo.commit();
  }
  return proveOnlyChannel(replica, source, uuid);
}

std::string explained(const Wiring& wiring) {
  try {
    return follow(wiring);
  } catch (const SqlError& error) {
    throw Error(ExitCode::replication, error.what(), error.remedy(), error.log());
  }
}

}  // namespace

void refuseUnfit(const VdbPlan& plan) {
  if (!plan.vdb.replicable) return;
  for (const Option& option : plan.vdb.settings) {
    const std::string key = optionKey(option.name);
    if (key == optionKey("gtid_mode") || key == optionKey("enforce_gtid_consistency")) {
      throw Error(ExitCode::usage, "the setting '" + option.name + "' does not go with replication by GTIDs",
                  "leave it out: a replicable VDB and its replica have GTIDs on");
    }
  }
  if (!plan.vdb.isReplica()) return;
  if (plan.vdb.events)
    throw Error(ExitCode::usage, "events cannot fire in a replica", "leave out --events on");
  if (plan.vdb.replicateFrom == plan.mount.root())
    throw Error(ExitCode::usage, "a VDB cannot be a replica of itself",
                "name the mount of another VDB with --replicate-from");
}

void checkPrimary(const VdbPlan& plan) {
  const Wiring wiring = wiringOf(plan.server(), plan.vdb, plan.password, plan.timeout);
  if (wiring.primaryFacts.isReplica())
    throw notWired(wiring.primaryText() + " is a replica itself", "name its primary with --replicate-from");
  if (wiring.primaryFacts.snapshotId != plan.snapshot.id) {
    throw notWired(wiring.primaryText() + " is of snapshot " + wiring.primaryFacts.snapshotId +
                       ", and this clone of " + plan.snapshot.id,
                   "make both of one snapshot");
  }
  if (wiring.primary.facts().serverId == plan.instance.serverId)
    throw Error(ExitCode::usage,
                "both servers would have the server id " + std::to_string(plan.instance.serverId),
                "give another with --server-id");
  Session primary = connectToPrimary(wiring);
  requireGtids(primary, wiring);
}

std::string followPrimary(const VdbPlan& plan) {
  return explained(wiringOf(plan.server(), plan.vdb, plan.password, plan.timeout));
}

std::string followPrimary(const Instance& replica, const VdbFacts& facts, const VdbAccess& access) {
  if (!access.password) {
    throw notWired("the replica runs, but it cannot follow its primary without the VDB user's password",
                   "repeat the command with --password-file");
  }
  return explained(wiringOf(replica, facts, *access.password, access.timeout));
}

Json replicationOf(const Instance& replica, const VdbFacts& facts, const VdbAccess& access) {
  Json json = {{"primary", facts.replicateFrom.string()}};
  if (!access.password || replica.state() != InstanceState::running) {
    json["summary"] = access.password ? "stopped" : "not known without the VDB user's password";
    return json;
  }
  try {
    Session session = replica.connect(access.user.value_or(replica.facts().adminUser), *access.password);
    const ChannelStatus status = Channel(session).status();
    json.update(status.json());
    json["summary"] = status.summary();
  } catch (const Error& error) {
    json["summary"] = std::string("not known: ") + error.what();
  }
  return json;
}

}  // namespace dlpx
