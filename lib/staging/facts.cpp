#include "staging/facts.h"

#include "base/error.h"
#include "base/json_full.h"

namespace dlpx {

Json StagingFacts::json() const {
  return {{"type", std::string(text(type))},    {"name", name},
          {"sourceHost", sourceHost},           {"sourcePort", sourcePort},
          {"sourceUser", sourceUser},           {"sourceUuid", sourceUuid},
          {"sourceVersion", sourceVersion},     {"method", method},
          {"methodReason", methodReason},       {"databases", databases},
          {"coordinates", coordinates},         {"logSync", logSync},
          {"replicationUser", replicationUser}, {"ingestedAt", ingestedAt}};
}

StagingFacts StagingFacts::from(const Json& json) {
  StagingFacts facts;
  facts.type = json.value("type", "") == "manual" ? StagingType::manual : StagingType::replication;
  facts.name = json.value("name", "");
  facts.sourceHost = json.value("sourceHost", "");
  facts.sourcePort = json.value("sourcePort", uint16_t{0});
  facts.sourceUser = json.value("sourceUser", "");
  facts.sourceUuid = json.value("sourceUuid", "");
  facts.sourceVersion = json.value("sourceVersion", "");
  facts.method = json.value("method", "");
  facts.methodReason = json.value("methodReason", "");
  facts.databases = json.value("databases", std::vector<std::string>{});
  facts.coordinates = json.value("coordinates", "");
  facts.logSync = json.value("logSync", true);
  facts.replicationUser = json.value("replicationUser", "");
  facts.ingestedAt = json.value("ingestedAt", "");
  return facts;
}

StagingFacts StagingFacts::on(const Mount& mount) {
  const Json facts = readFacts(mount.stateFile());
  if (!facts.contains("staging")) {
    throw Error(ExitCode::usage, "no staging server is noted on mount " + mount.root().string(),
                "name the right directory with --mount, or create one: dlpx-mysql-stage init");
  }
  return from(facts["staging"]);
}

}  // namespace dlpx
