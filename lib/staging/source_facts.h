#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/schema.h"
#include "mysql/privileges.h"
#include "mysql/session.h"

namespace dlpx {

// What staging needs to know of its source. Read only.
struct SourceFacts {
  Version version;
  std::string uuid;
  uint32_t serverId = 0;
  bool binaryLog = false;
  std::string binlogFormat;
  std::string gtidMode;              // "OFF" before 5.6
  std::string gtidConsistency;       // enforce_gtid_consistency
  uint64_t binlogExpirySeconds = 0;  // 0: never
  std::string binlogFilter;          // what the source leaves out of its binary log; usually empty
  std::string sqlMode;
  bool encrypted = false;              // our connection used TLS
  std::vector<std::string> databases;  // those to take, as the source spells them
  DataSize size;
  Privileges privileges;

  bool usesGtid() const { return gtidMode == "ON"; }
};

SourceFacts readSource(Session& source, const std::vector<std::string>& databases);

}  // namespace dlpx
