#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "mysql/binlog_position.h"
#include "staging/request.h"

namespace dlpx {

// What state.json notes of a staging server beside its instance; never a password.
struct StagingFacts {
  StagingType type = StagingType::replication;
  std::string name;  // of the dSource
  std::string sourceHost;
  uint16_t sourcePort = 0;
  std::string sourceUser;
  std::string sourceUuid;
  std::string sourceVersion;
  std::string method;
  std::string methodReason;
  std::vector<std::string> databases;  // empty: all
  std::string coordinates;             // of the ingestion, for people
  bool logSync = true;
  std::string replicationUser;
  std::string ingestedAt;  // UTC

  // True where a channel was configured.
  bool replicates() const { return type == StagingType::replication && logSync; }
  std::string source() const { return Endpoint{sourceHost, sourcePort, {}}.text(); }

  Json json() const;
  static StagingFacts from(const Json& json);
  // Of a mount; throws Error{usage} when it has none.
  static StagingFacts on(const Mount& mount);
};

}  // namespace dlpx
