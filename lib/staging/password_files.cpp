#include "staging/password_files.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "command/parameters.h"
#include "command/password.h"

namespace dlpx {
namespace {

constexpr const char* member = "passwordFiles";

fs::path fileOf(const Parameters& parameters, std::string_view name) {
  const fs::path file = parameters.secretFileIfGiven(name).value_or("");
  std::error_code error;
  return fs::is_regular_file(file, error) ? file : fs::path();
}

PasswordFiles notedOn(const Mount& mount) {
  const Json noted = readFacts(mount.stateFile()).value(member, Json::object());
  return {noted.value("staging", ""), noted.value("replication", "")};
}

std::optional<Secret> recalled(const fs::path& file, const std::string& whose) {
  if (file.empty()) return std::nullopt;
  try {
    return readPasswordFile(file, "the file noted for " + whose);
  } catch (const Error& e) {
    log::warning(std::string(e.what()) + "; " + e.remedy());
    return std::nullopt;
  }
}

}  // namespace

PasswordFiles passwordFilesFrom(const Parameters& parameters) {
  PasswordFiles files = {fileOf(parameters, "staging-password"), fileOf(parameters, "replication-password")};
  // As the password itself: the account that reads from the source replicates, when no other was named.
  if (!parameters.isGiven("replication-user") && !parameters.secret("replication-password"))
    files.replication = fileOf(parameters, "source-password");
  return files;
}

void notePasswordFiles(const Mount& mount, const PasswordFiles& files, Owner owner) {
  const PasswordFiles before = notedOn(mount);
  const fs::path& staging = files.staging.empty() ? before.staging : files.staging;
  const fs::path& replication = files.replication.empty() ? before.replication : files.replication;
  if (staging == before.staging && replication == before.replication) return;
  mergeFacts(mount.stateFile(),
             {{member, {{"staging", staging.string()}, {"replication", replication.string()}}}},
             {0640, owner});
}

void recallPasswords(StagingAccess& access) {
  const PasswordFiles files = notedOn(Mount(access.mount));
  if (!access.adminPassword) access.adminPassword = recalled(files.staging, "the staging account's password");
  // The noted one is of the noted account.
  if (!access.replicationPassword && !access.replicationUser)
    access.replicationPassword = recalled(files.replication, "the replication account's password");
}

}  // namespace dlpx
