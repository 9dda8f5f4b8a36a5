#include "vdb/request.h"

#include <pwd.h>
#include <unistd.h>

#include "base/error.h"
#include "command/parameters.h"
#include "server/mount.h"
#include "server/registry.h"

namespace dlpx {
namespace {

// --mount, else where an instance of ours on --port is known to live.
fs::path mountOf(const Parameters& parameters) {
  if (parameters.isGiven("mount") || !parameters.isGiven("port"))
    return Mount(parameters.path("mount")).root();
  const uint16_t port = parameters.port("port");
  if (const auto found = registry::find(port)) return Mount(*found).root();
  throw Error(ExitCode::usage, "no instance of ours is known on port " + std::to_string(port),
              "name its directory with --mount");
}

std::vector<Option> settingsOf(const Parameters& parameters) {
  std::vector<Option> settings;
  for (const auto& [name, value] : parameters.assignments("setting")) settings.push_back({name, value});
  return settings;
}

}  // namespace

std::string_view text(VdbProfile profile) {
  return profile == VdbProfile::small ? "small" : "default";
}

std::string vdbOsUser(const Parameters& parameters) {
  if (const auto given = parameters.textIfGiven("os-user")) return *given;
  if (geteuid() == 0) return "mysql";
  const passwd* self = getpwuid(geteuid());
  return self != nullptr ? self->pw_name : std::to_string(geteuid());
}

VdbRequest vdbRequest(const Parameters& parameters) {
  VdbRequest request;
  request.mount = mountOf(parameters);
  request.name = parameters.textOr("name", "");
  request.basedir = parameters.pathIfGiven("basedir");
  if (parameters.isGiven("port")) request.port = parameters.port("port");
  if (const auto id = parameters.integerIfGiven("server-id")) request.serverId = static_cast<uint32_t>(*id);
  request.user = parameters.textIfGiven("user");
  request.password = parameters.requireSecret("password");
  request.osUser = vdbOsUser(parameters);
  request.starter = parameters.pathIfGiven("my-cnf").value_or("");
  request.keyring = parameters.pathIfGiven("keyring").value_or("");
  request.keyringDir = parameters.pathIfGiven("keyring-dir").value_or("");
  request.bindAddress = parameters.textIfGiven("bind-address");
  if (parameters.isGiven("setting")) request.settings = settingsOf(parameters);
  if (parameters.isGiven("accounts")) request.lockAccounts = parameters.text("accounts") == "lock";
  if (parameters.isGiven("events")) request.events = parameters.text("events") == "on";
  if (parameters.isGiven("federated")) request.dropFederated = parameters.text("federated") == "drop";
  if (parameters.isGiven("profile"))
    request.profile = parameters.text("profile") == "small" ? VdbProfile::small : VdbProfile::standard;
  if (parameters.isGiven("replicable")) request.replicable = parameters.flag("replicable");
  if (const auto primary = parameters.pathIfGiven("replicate-from"))
    request.replicateFrom = Mount(*primary).root();
  request.timeout = parameters.duration("timeout");
  return request;
}

VdbAccess vdbAccess(const Parameters& parameters) {
  VdbAccess access;
  access.mount = mountOf(parameters);
  access.user = parameters.textIfGiven("user");
  access.password = parameters.secret("password");
  access.timeout = parameters.duration("timeout");
  access.force = parameters.flag("force");
  return access;
}

VdbSnapshotRequest vdbSnapshotRequest(const Parameters& parameters) {
  return {vdbAccess(parameters), parameters.textOr("name", ""), parameters.textOr("snapshot-mode", "auto")};
}

}  // namespace dlpx
