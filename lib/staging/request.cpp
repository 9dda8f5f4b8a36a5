#include "staging/request.h"

#include <pwd.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "command/parameters.h"
#include "server/registry.h"
#include "staging/password_files.h"

namespace dlpx {
namespace {

std::vector<std::string> databasesFrom(const Parameters& parameters) {
  const std::vector<std::string> asked = parameters.list("databases");
  if (asked.size() == 1 && toLower(asked.front()) == "all") return {};
  return asked;
}

// MySQL takes "localhost" for a socket, and the server's own is not the source's.
std::string tcpHost(const std::string& host) {
  return toLower(host) == "localhost" ? "127.0.0.1" : host;
}

void addReplication(StagingRequest& request, const Parameters& parameters) {
  request.source = sourceConnection(parameters);
  request.method = parseMethod(parameters.textOr("method", "auto")).value_or(Method::automatic);
  if (request.method == Method::automatic && !request.backup.empty()) request.method = Method::file;
  if (request.method == Method::file && request.backup.empty())
    request.backup = parameters.path("backup");  // says that it is required
  request.databases = databasesFrom(parameters);
  request.logSync = parameters.flagIfGiven("log-sync").value_or(true);
  const auto user = parameters.textIfGiven("replication-user");
  request.replicationUser = user.value_or(request.source.user);
  request.replicationPassword =
      user ? parameters.requireSecret("replication-password") : request.source.password;
}

}  // namespace

ConnectionOptions sourceConnection(const Parameters& parameters) {
  ConnectionOptions source;
  source.endpoint = {tcpHost(parameters.text("source-host")), parameters.port("source-port"), {}};
  source.user = parameters.text("source-user");
  source.password = parameters.requireSecret("source-password");
  source.ssl = parseSslMode(parameters.textOr("source-ssl-mode", "preferred")).value_or(SslMode::preferred);
  source.sslCa = parameters.pathIfGiven("source-ssl-ca").value_or("");
  return source;
}

std::string_view text(StagingType type) {
  return type == StagingType::manual ? "manual" : "replication";
}

std::string_view text(SnapshotMode mode) {
  switch (mode) {
    case SnapshotMode::automatic:
      return "auto";
    case SnapshotMode::hot:
      return "hot";
    case SnapshotMode::quiesce:
      return "quiesce";
    case SnapshotMode::stop:
      return "stop";
  }
  return "auto";
}

uint32_t derivedServerId(const fs::path& mount, uint16_t port) {
  const size_t hash = std::hash<std::string>{}(mount.string() + ":" + std::to_string(port));
  return static_cast<uint32_t>(hash % 4'000'000'000U) + 1000;
}

std::string osUserFrom(const Parameters& parameters) {
  if (const auto given = parameters.textIfGiven("os-user")) return *given;
  if (geteuid() == 0) return "mysql";
  const passwd* self = getpwuid(geteuid());
  return self != nullptr ? self->pw_name : std::to_string(geteuid());
}

fs::path mountFrom(const Parameters& parameters) {
  if (parameters.isGiven("mount")) return parameters.path("mount");
  if (!parameters.isGiven("port")) return parameters.path("mount");  // says that it is required
  const uint16_t port = parameters.port("port");
  if (const auto found = registry::find(port)) return *found;
  throw Error(ExitCode::usage, "no instance of ours is known on port " + std::to_string(port),
              "name its directory with --mount");
}

SnapshotMode snapshotModeFrom(const Parameters& parameters) {
  const std::string word = parameters.textOr("snapshot-mode", "auto");
  for (const SnapshotMode mode : {SnapshotMode::hot, SnapshotMode::quiesce, SnapshotMode::stop}) {
    if (word == text(mode)) return mode;
  }
  return SnapshotMode::automatic;
}

StagingRequest stagingRequest(const Parameters& parameters, bool toBuild) {
  StagingRequest request;
  request.type =
      parameters.textOr("type", "replication") == "manual" ? StagingType::manual : StagingType::replication;
  request.name = parameters.textOr("name", "");
  request.mount = Mount(parameters.path("mount")).root();
  request.basedir = parameters.path("basedir");
  request.port = parameters.port("port");
  request.serverId = static_cast<uint32_t>(
      parameters.integerIfGiven("server-id").value_or(derivedServerId(request.mount, request.port)));
  request.osUser = osUserFrom(parameters);
  request.starter = parameters.pathIfGiven("my-cnf").value_or("");
  request.bindAddress = parameters.textOr("bind-address", "127.0.0.1");
  request.keyring = parameters.pathIfGiven("keyring").value_or("");
  request.keyringDir = parameters.pathIfGiven("keyring-dir").value_or("");
  request.adminUser = parameters.text("staging-user");
  if (toBuild) request.adminPassword = parameters.requireSecret("staging-password");
  request.passwordFiles = passwordFilesFrom(parameters);
  request.timeout = parameters.duration("timeout");
  request.backup = parameters.pathIfGiven("backup").value_or("");
  if (request.type == StagingType::replication) addReplication(request, parameters);
  return request;
}

StagingAccess accessOf(const StagingRequest& request) {
  return {.mount = request.mount,
          .adminPassword = request.adminPassword,
          .replicationUser = request.replicationUser,
          .replicationPassword = request.replicationPassword,
          .timeout = request.timeout,
          .logSync = request.logSync};
}

StagingAccess stagingAccess(const Parameters& parameters) {
  StagingAccess access;
  access.mount = Mount(mountFrom(parameters)).root();
  access.adminPassword = parameters.secret("staging-password");
  access.replicationUser = parameters.textIfGiven("replication-user");
  access.replicationPassword = parameters.secret("replication-password");
  // The account that reads from the source replicates, too, when no other was named.
  if (!access.replicationPassword && !access.replicationUser)
    access.replicationPassword = parameters.secret("source-password");
  access.passwordFiles = passwordFilesFrom(parameters);
  access.timeout = parameters.duration("timeout");
  access.force = parameters.flag("force");
  access.repairAccount = parameters.flag("repair-account");
  access.logSync = parameters.flagIfGiven("log-sync").value_or(true);
  return access;
}

StagingAccess stagingLogin(const Parameters& parameters) {
  StagingAccess access = stagingAccess(parameters);
  recallPasswords(access);
  return access;
}

}  // namespace dlpx
