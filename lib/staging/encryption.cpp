#include "staging/encryption.h"

#include "base/text.h"
#include "staging/preflight.h"

namespace dlpx {
namespace {

// What a version does not know, or the account may not see, counts as 0.
uint64_t countIfAllowed(Session& source, std::string_view statement) {
  try {
    return source.number(statement);
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
    return 0;
  }
}

bool isOn(Session& source, const std::string& variable) {
  const std::string value = toLower(source.variable(variable));
  return value == "on" || value == "1";
}

bool isPhysicalRestore(const Plan& plan) {
  return plan.backup && isPhysical(plan.backup->kind);
}

const char* const keyringRemedy = "name the keyring file of the backup's server with --keyring";

void checkBackupKeys(const StagingRequest& request, const Plan& plan, Preflight& table) {
  try {
    const Keyring keyring = firstKeyring(request, plan);
    // An archive is looked at when it is unpacked.
    if (fs::is_directory(plan.backup->path)) requireMasterKeys(plan.backup->path, keyring);
    if (!request.keyring.empty())
      table.pass("backup keyring",
                 request.keyring.string() + ", " + std::to_string(keyring.ids().size()) + " keys");
  } catch (const Error& e) {
    table.fail("backup keyring", e.what(), e.remedy());
  }
}

}  // namespace

std::string SourceEncryption::text() const {
  std::vector<std::string> facts;
  if (tablespaces > 0) facts.push_back(std::to_string(tablespaces) + " encrypted tablespaces");
  if (hasKeyring) facts.push_back("a keyring");
  for (const Option& option : settings) facts.push_back(option.name);
  return facts.empty() ? "nothing is encrypted" : "the source has " + join(facts, ", ");
}

SourceEncryption readEncryption(Session& source) {
  SourceEncryption found;
  if (source.version().atLeast(8, 0)) {
    found.tablespaces = countIfAllowed(
        source, "SELECT COUNT(*) FROM information_schema.innodb_tablespaces WHERE encryption = 'Y'");
    found.systemTablespace =
        countIfAllowed(
            source,
            "SELECT COUNT(*) FROM information_schema.innodb_tablespaces WHERE encryption = 'Y' AND "
            "name = 'mysql'") > 0;
  } else {
    found.tablespaces = countIfAllowed(
        source, "SELECT COUNT(*) FROM information_schema.tables WHERE create_options LIKE '%ENCRYPTION=_Y%'");
  }
  found.hasKeyring =
      countIfAllowed(source,
                     "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_type = 'KEYRING' AND "
                     "plugin_status = 'ACTIVE'") > 0 ||
      countIfAllowed(source,
                     "SELECT COUNT(*) FROM performance_schema.keyring_component_status WHERE "
                     "status_key = 'Component_status' AND status_value = 'Active'") > 0;
  for (const char* name : {"innodb_redo_log_encrypt", "innodb_undo_log_encrypt", "binlog_encryption",
                           "default_table_encryption", "table_encryption_privilege_check"}) {
    if (isOn(source, name)) found.settings.push_back({name, "ON"});
  }
  return found;
}

void checkEncryption(const StagingRequest& request, const SourceEncryption& source, Plan& plan,
                     Preflight& table) {
  const bool asked = !request.keyring.empty() || !request.keyringDir.empty();
  plan.encryption = source;
  plan.keyring = source.used() || asked;
  if (isPhysicalRestore(plan)) checkBackupKeys(request, plan, table);
  if (!plan.keyring) return table.pass("encryption", source.text());
  if (const std::string why = noKeyringBecause(plan.installation); !why.empty()) {
    return table.fail("encryption", source.text() + ", and " + why,
                      "use a MySQL with component_keyring_file for staging, with --basedir");
  }
  try {
    if (!request.keyringDir.empty()) requireKeyringIn(request.keyringDir, request.osUser);
  } catch (const Error& e) {
    return table.fail("encryption", e.what(), e.remedy());
  }
  // Those of a newer series may be unknown here.
  const Version& mine = plan.installation.version;
  for (const Option& option : source.settings) {
    if (mine.atLeast(8, 0, 16)) plan.recipient.push_back(option);
  }
  table.pass("encryption", source.text() + "; staging gets a keyring of its own, " +
                               keyringFile(Mount(request.mount), request.keyringDir).string());
}

Keyring firstKeyring(const StagingRequest& request, const Plan& plan) {
  if (request.keyring.empty() || !isPhysicalRestore(plan)) return {};
  return Keyring::read(request.keyring, ExitCode::preflight);
}

void requireMasterKeys(const fs::path& dataDirectory, const Keyring& keyring) {
  const auto missing = keyring.missing(masterKeysOf(dataDirectory));
  if (missing.empty()) return;
  throw Error(ExitCode::preflight,
              "the backup is encrypted with the master key " + join(missing, ", ") +
                  (keyring.ids().empty() ? "" : ", which the keyring lacks"),
              keyringRemedy);
}

}  // namespace dlpx
