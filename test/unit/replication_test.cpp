#include "base/error.h"
#include "base/json_full.h"
#include "replication/channel.h"
#include "support/catch.h"

using namespace dlpx;
using Thread = ReplicaStatus::Thread;

namespace {

ReplicaStatus running() {
  ReplicaStatus replica;
  replica.sourceHost = "db1";
  replica.receiver = Thread::running;
  replica.applier = Thread::running;
  replica.lagSeconds = 3;
  return replica;
}

}  // namespace

TEST_CASE("a channel runs only when receiver and applier run without an error") {
  CHECK(judge(running()).state == ChannelState::running);

  ReplicaStatus stopped = running();
  stopped.applier = Thread::stopped;
  CHECK(judge(stopped).state == ChannelState::stopped);
  CHECK_FALSE(judge(stopped).remedy.empty());

  ReplicaStatus connecting = running();
  connecting.receiver = Thread::connecting;
  CHECK(judge(connecting).state == ChannelState::connecting);
}

TEST_CASE("a stopped applier with an error breaks the channel, and differing data asks for a resync") {
  ReplicaStatus replica = running();
  replica.applier = Thread::stopped;
  replica.applierProblem = {1062, "Duplicate entry '1' for key 't.PRIMARY'"};
  const ChannelStatus status = judge(replica);
  CHECK(status.state == ChannelState::broken);
  CHECK(status.errorNumber == 1062);
  CHECK(status.needsResync);
  CHECK(status.summary() == "broken: Duplicate entry '1' for key 't.PRIMARY' (error 1062)");
}

TEST_CASE("an unreachable source is tried again, a wrong password is not") {
  ReplicaStatus replica = running();
  replica.receiver = Thread::connecting;
  replica.receiverProblem = {2003, "Can't connect to MySQL server"};
  CHECK(judge(replica).state == ChannelState::connecting);
  replica.receiverProblem = {1045, "Access denied for user 'repl'@'localhost'"};
  CHECK(judge(replica).state == ChannelState::broken);
}

TEST_CASE("a source that purged its logs needs a resync, a second replica with the same id does not") {
  CHECK(diagnose(13114,
                 "Got fatal error 1236 from source: 'Cannot replicate because the source purged "
                 "required binary logs'")
            .needsResync);
  const Diagnosis same = diagnose(1236, "A replica with the same server_uuid/server_id has connected");
  CHECK(same.permanent);
  CHECK_FALSE(same.needsResync);
}

TEST_CASE("transactions received and not applied are the lag in transactions") {
  ReplicaStatus replica = running();
  const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  replica.retrieved = GtidSet::parse(uuid + ":5-10");
  replica.executed = GtidSet::parse(uuid + ":1-7");
  const ChannelStatus status = judge(replica);
  CHECK(status.lagTransactions == 3u);
  CHECK(status.json()["lagSeconds"] == 3);
  replica.retrieved = {};
  replica.autoPosition = true;
  CHECK(judge(replica).lagTransactions == 0u);
  replica.autoPosition = false;  // without GTIDs nobody can count
  CHECK_FALSE(judge(replica).lagTransactions.has_value());
}

TEST_CASE("a certificate that cannot be verified is told apart from TLS that cannot be had") {
  const Diagnosis wrong = diagnose(2026, "SSL connection error: certificate verify failed");
  CHECK(wrong.permanent);
  CHECK_FALSE(wrong.needsResync);
  CHECK(wrong.remedy.find("--source-ssl-ca") != std::string::npos);
  CHECK(diagnose(2026, "SSL connection error: protocol version mismatch").remedy.find("--source-ssl-mode") !=
        std::string::npos);
}

TEST_CASE("a replication password of more than 32 bytes is refused with the reason") {
  CHECK_NOTHROW(checkReplicationPassword(Secret(std::string(32, 'x'))));
  try {
    checkReplicationPassword(Secret(std::string(33, 'x')));
    FAIL("33 bytes were accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::replication);
    CHECK(std::string(e.what()).find("33 bytes") != std::string::npos);
  }
}

TEST_CASE("a changed password and a full disk are worth another try when something changed") {
  CHECK(diagnose(1045, "Access denied").cure == Cure::password);
  CHECK(diagnose(1114, "The table 't' is full").cure == Cure::space);
  CHECK(diagnose(1062, "Duplicate entry").cure == Cure::person);
  // A statement that the applier could not run, not the account it would come by.
  CHECK(diagnose(1396, "Operation CREATE USER failed for 'a'@'%'").needsResync);
}
