#include "vdb/keyring.h"

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

bool isEncrypted(const SnapshotFacts& snapshot) {
  return snapshot.encryptedTablespaces > 0 || !snapshot.keyringKeys.empty();
}

Error withoutKeys(const std::string& problem) {
  return Error(ExitCode::unsafeClone, problem,
               "name the keyring file of the snapshot's server with --keyring");
}

fs::path whereKeysAre(const VdbPlan& plan) {
  if (!plan.parentKeyring.empty()) return plan.parentKeyring;
  const fs::path here = keyringFile(plan.mount, {});
  // The VDB's own last: an attempt that failed after it was made has taken the parent's away.
  for (const fs::path& file : {here, plan.snapshot.keyring, plan.instance.keyring}) {
    if (!file.empty() && fs::exists(file)) return file;
  }
  if (!isEncrypted(plan.snapshot)) return {};
  throw withoutKeys("the snapshot is encrypted and its keyring is missing: there is no " + here.string() +
                    (plan.snapshot.keyring.empty() ? "" : " and no " + plan.snapshot.keyring.string()));
}

std::vector<std::string> missingKeys(const VdbPlan& plan, const Keyring& keyring) {
  if (!plan.snapshot.keyringKeys.empty()) return keyring.missing(plan.snapshot.keyringKeys);
  if (plan.snapshot.encryptedTablespaces == 0) return {};
  return keyring.missing(masterKeysOf(plan.mount.data()));
}

void openTable(Session& session, const std::string& database, const std::string& table) {
  try {
    session.query(std::string_view(sql("SELECT 1 FROM !.! LIMIT 1", database, table)));
  } catch (const SqlError& e) {
    throw withoutKeys("the encrypted table " + database + "." + table + " does not open: " + e.what());
  }
}

}  // namespace

fs::path vdbKeyringFile(const VdbRequest& request, const SnapshotFacts& snapshot) {
  const bool wanted = isEncrypted(snapshot) || !snapshot.keyring.empty() || !request.keyring.empty() ||
                      !request.keyringDir.empty();
  return wanted ? keyringFile(Mount(request.mount), request.keyringDir) : fs::path();
}

void requireKeyringPlace(const VdbRequest& request, const VdbPlan& plan) {
  if (plan.instance.keyring.empty() || request.keyringDir.empty()) return;
  requireKeyringIn(request.keyringDir, plan.instance.osUser);
}

Keyring parentKeyring(const VdbPlan& plan) {
  if (plan.instance.keyring.empty()) return {};
  const fs::path file = whereKeysAre(plan);
  if (file.empty()) return {};
  Keyring keyring = Keyring::read(file, ExitCode::unsafeClone);
  const auto missing = missingKeys(plan, keyring);
  if (!missing.empty())
    throw withoutKeys("keyring " + file.string() + " lacks " + join(missing, ", ") +
                      ", which the snapshot was encrypted with");
  return keyring;
}

void giveKeyring(const VdbPlan& plan, const Keyring& parent, ContractReport& report) {
  const fs::path& own = plan.instance.keyring;
  if (own.empty()) return report.add(7, "no encrypted tablespaces");
  const fs::path onMount = keyringFile(plan.mount, {});
  Keyring keyring;
  if (own != onMount && fs::exists(own)) keyring = Keyring::read(own, ExitCode::unsafeClone);
  keyring.add(parent);
  writeKeyring(own, keyring, ownerOf(plan.instance.osUser));
  if (own != onMount) removeTree(onMount.parent_path());
  const std::string place =
      own == onMount ? "on the mount, so in every snapshot of it" : "outside of the mount";
  report.add(7, "a keyring of its own, " + own.string() + " (0600, " + plan.instance.osUser + "), " + place +
                    ": " + std::to_string(keyring.ids().size()) + " keys");
}

void refuseEncryptedExport(const Instance& vdb) {
  const fs::path& own = vdb.facts().keyring;
  if (own.empty() || Keyring::read(own, ExitCode::preflight).ids().empty()) return;
  throw Error(ExitCode::preflight,
              "the VDB's data is encrypted with the keys in " + own.string() +
                  ", and a physical export has no keyring",
              "export it with --logical");
}

void proveKeyring(const VdbPlan& plan, ContractReport& report) {
  if (plan.instance.keyring.empty()) return;
  Session session =
      plan.server().connect(plan.instance.adminUser, plan.password, ExitCode::connectAfterRestart);
  const bool watched = session.number("SELECT @@performance_schema") == 1;
  if (watched && session.number("SELECT COUNT(*) FROM performance_schema.keyring_component_status WHERE "
                                "status_key = 'Component_status' AND status_value = 'Active'") == 0)
    throw withoutKeys("the server's keyring component is not active");
  const Rows tables = session.query(
      "SELECT table_schema AS d, table_name AS t FROM information_schema.tables WHERE "
      "create_options LIKE '%ENCRYPTION=\\'Y\\'%' AND table_type = 'BASE TABLE' AND "
      "table_schema <> 'mysql' LIMIT 100");
  for (const Row& row : tables) openTable(session, row.text("d"), row.text("t"));
  report.add(7, std::to_string(tables.size()) + " encrypted tables opened");
}

}  // namespace dlpx
