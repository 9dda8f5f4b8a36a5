#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "mysql/option_file.h"
#include "server/instance.h"
#include "server/snapshot_facts.h"
#include "vdb/request.h"

namespace dlpx {

// What state.json notes of a VDB beside its instance; never a password.
struct VdbFacts {
  bool complete = false;  // false from the first change of a clone to the proof that it is safe
  fs::path mount;         // where it was made, and on which host: elsewhere these files are another's clone
  std::string host;
  std::string name;
  std::string bindAddress;
  std::vector<Option> settings;
  bool lockAccounts = false;
  bool events = false;
  bool dropFederated = false;
  VdbProfile profile = VdbProfile::standard;
  bool replicable = false;  // GTIDs are on, so that replicas of it may follow
  fs::path replicateFrom;   // the mount of the VDB that this one is a replica of; empty: of none
  std::string serverUuid;
  std::string parentUuid;
  std::string snapshotId;
  std::string snapshotTime;
  std::string provisionedAt;  // UTC

  Json json() const;
  static VdbFacts from(const Json& json);
  // Of a mount; nothing when it notes no VDB.
  static std::optional<VdbFacts> on(const Mount& mount);
  // The VDB that these facts tell of was made on this very mount of this very host.
  bool madeHere(const Mount& here) const;
  bool isReplica() const { return !replicateFrom.empty(); }
  // An address on this host at which the server listens.
  std::string localAddress() const;
};

// Everything about a VDB that is decided, before any work.
struct VdbPlan {
  Mount mount;
  InstanceFacts instance;
  VdbFacts vdb;
  Secret password;
  fs::path starter;
  fs::path parentKeyring;  // as asked for; empty: the clone or the snapshot tells
  SnapshotFacts snapshot;  // of which the mount is a clone; of a new, empty VDB nothing
  bool resumed = false;    // an earlier attempt may have come as far as to reset the GTIDs
  Milliseconds timeout{0};

  Instance server() const { return Instance(mount, instance); }
  // "vdb1", else the name of the mount's directory.
  std::string name() const;
};

// The request, with what it leaves out taken from `noted` (of a VDB that was made here), else from the
// snapshot, else from the defaults. Throws Error{usage} naming the parameter that nothing tells, and
// Error{installation} when there is no server at the basedir.
VdbPlan completed(const VdbRequest& request, const SnapshotFacts& snapshot);

// Notes what is planned, and takes away what the parent's workflows left in the clone's state.json. Until
// noteComplete() the mount is no VDB that may be started.
void noteBegun(const VdbPlan& plan);
void noteComplete(const VdbPlan& plan);

// The complete VDB on a mount. Throws Error{usage} when there is none, Error{unsafeClone} for one that is
// half made.
Instance requireVdb(const Mount& mount);

// The engine's source config object: its values are text.
Json sourceConfig(const VdbPlan& plan);
Json sourceConfig(const Instance& vdb);

}  // namespace dlpx
