#include "staging/verify.h"

#include "backup/compare.h"
#include "backup/source_snapshot.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "base/undo.h"
#include "mysql/dialect.h"
#include "replication/channel.h"
#include "staging/account.h"
#include "staging/facts.h"
#include "staging/ingest.h"
#include "staging/mount_use.h"

namespace dlpx {
namespace {

std::vector<Session> openSnapshots(const ConnectionOptions& source, unsigned count,
                                   const Deadline& deadline) {
  std::vector<Session> sessions;
  for (unsigned i = 0; i < count; ++i) {
    if (deadline.expired()) throw Error(ExitCode::timeout, "the source's snapshots were not open in time");
    Session& session = sessions.emplace_back(Session::connect(source, ExitCode::backup));
    session.failWith(ExitCode::backup);
    session.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    session.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  }
  return sessions;
}

// Staging applies what the source had at the coordinates, and nothing after.
void applyUpTo(Session& staging, Channel& channel, const Coordinates& until, const Deadline& deadline) {
  staging.execute(std::string_view(Dialect(staging.version()).startReplicaApplierUntil(until)));
  const bool stopped = waitUntil(deadline, [&] {
    const ChannelStatus now = channel.status();
    if (now.state == ChannelState::broken)
      throw Error(ExitCode::replication, "replication is " + now.summary(), now.remedy);
    return now.replica.applier == ReplicaStatus::Thread::stopped;
  });
  const ReplicaStatus now = channel.status().replica;
  const bool there =
      until.usesGtid ? now.executed.contains(until.gtids) : until.position && now.applied == *until.position;
  if (!stopped || !there) {
    throw Error(ExitCode::timeout, "staging did not reach the source's " + until.text() + " in time",
                "give it more time with --timeout, or see dlpx-mysql-stage replication status");
  }
}

Output outputOf(const CompareReport& report, const std::string& moment) {
  Output output{report.json(), {}};
  output.json["at"] = moment;
  for (const auto& each : report.differences) output.text += each.object + ": " + each.what + "\n";
  for (const std::string& note : report.notes) output.text += "note: " + note + "\n";
  output.text += (report.differences.empty() ? std::string("equal")
                                             : std::to_string(report.differences.size()) + " difference(s)") +
                 ": " + std::to_string(report.tables) + " tables, " + std::to_string(report.rows) +
                 " rows, " + std::to_string(report.programs) + " views and programs" +
                 (moment.empty() ? "" : ", at " + moment) + "\n";
  return output;
}

Error differenceFound(const CompareReport& report) {
  std::vector<std::string> names;
  for (const auto& each : report.differences) {
    if (names.empty() || names.back() != each.object) names.push_back(each.object);
  }
  const size_t count = names.size();
  if (count > 20) names.resize(20);
  return Error(ExitCode::difference,
               "source and staging differ in " + join(names, ", ") + (count > 20 ? " …" : ""),
               "resync staging: dlpx-mysql-stage resync");
}

}  // namespace

Output verifyStaging(const VerifyRequest& request) {
  const Mount mount(request.staging.mount);
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = StagingFacts::on(mount);
  const FileLock lock = mount.lock("verify", Deadline::in(Milliseconds(0)));
  Session control = connectToStaging(instance, request.staging);
  const ConnectionOptions admin = adminConnection(instance, *request.staging.adminPassword);
  const Deadline deadline = Deadline::in(request.staging.timeout);
  Session asking = Session::connect(request.source, ExitCode::backup);
  const std::vector<std::string> databases =
      chosenDatabases(asking, request.databases.empty() ? facts.databases : request.databases);

  std::vector<Session> source;
  std::string moment;
  Undo resume;
  Channel channel(control);
  const bool ran = channel.status().replica.applier == ReplicaStatus::Thread::running;
  if (channel.status().state == ChannelState::notConfigured) {
    source = openSnapshots(request.source, request.threads, deadline);
  } else {
    if (ran)
      resume.add("the applier of staging", [&] {
        const InterruptShield shield;
        channel.stopApplier(admin, Deadline::in(Seconds(60)));
        channel.startApplier();
      });
    channel.stopApplier(admin, deadline);
    const Coordinates at = takeSnapshots(
        request.source, databases,
        [&](const Deadline& end) {
          source.clear();
          source = openSnapshots(request.source, request.threads, end);
        },
        deadline);
    moment = at.text();
    applyUpTo(control, channel, at, deadline);
  }
  std::vector<Session> target;
  for (unsigned i = 0; i < request.threads; ++i) target.push_back(Session::connect(admin));
  const CompareReport report =
      compareDatabases({.source = source,
                        .target = target,
                        .databases = databases,
                        .exactFloats = facts.method == "clone" || facts.method == "copy"});
  resume.rollBack();  // the applier goes on before anything is told
  if (ran && channel.status().replica.applier != ReplicaStatus::Thread::running) {
    throw Error(ExitCode::replication, "staging's applier, which was stopped to compare, did not start again",
                "start it: dlpx-mysql-stage replication start");
  }
  const Output output = outputOf(report, moment);
  if (!report.differences.empty()) throw ReportedError(differenceFound(report), output);
  return output;
}

StepList planVerify(const VerifyRequest& request) {
  const Instance instance = requireStaging(Mount(request.staging.mount));
  Session control = connectToStaging(instance, request.staging);
  Session::connect(request.source, ExitCode::backup);
  const Step compare = {"compare", "compare rows and definitions on " + std::to_string(request.threads) +
                                       " parallel connections"};
  if (Channel(control).status().state == ChannelState::notConfigured) return {compare};
  return {{"stop applier", "stop staging's applier"},
          {"catch up", "open snapshots of the source, and let staging apply up to exactly them"},
          compare,
          {"start applier", "let staging's applier go on"}};
}

}  // namespace dlpx
