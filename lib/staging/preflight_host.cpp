#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/access.h"
#include "base/error.h"
#include "base/text.h"
#include "process/proc.h"
#include "staging/mount_use.h"
#include "staging/preflight.h"
#include "staging/room.h"

namespace dlpx {
namespace {

void checkOsUser(const StagingRequest& request, Preflight& table) {
  const passwd* user = getpwnam(request.osUser.c_str());
  if (user == nullptr) {
    table.fail("os user", "there is no account " + request.osUser + " on this host",
               "create it, or name another with --os-user");
    return;
  }
  if (user->pw_uid == 0) {
    table.fail("os user", "mysqld refuses to run as root", "name an ordinary account with --os-user");
    return;
  }
  if (geteuid() != 0 && user->pw_uid != geteuid()) {
    table.fail("os user", "only root may run mysqld as " + request.osUser,
               "run as root or as that account, or leave --os-user out");
    return;
  }
  const fs::path canonical = fs::weakly_canonical(existingAncestor(request.mount));
  // The mount itself is ours to set right when we are root.
  const fs::path given = geteuid() == 0 ? canonical.parent_path() : canonical;
  if (const auto barred = barredDirectory(request.osUser, given)) {
    table.fail("os user", request.osUser + " may not enter " + barred->string(),
               "allow it (chmod o+x " + barred->string() + "), or choose another --mount");
    return;
  }
  table.pass("os user", "mysqld runs as " + request.osUser);
}

void checkMount(const StagingRequest& request, Preflight& table) {
  const fs::path& path = request.mount;
  switch (useOf(Mount(path))) {
    case MountUse::foreign:
      table.fail("mount", path.string() + " is not empty and not ours",
                 "name an empty directory with --mount");
      return;
    case MountUse::vdb:
      table.fail("mount", path.string() + " holds a VDB", "name another directory with --mount");
      return;
    case MountUse::missing:
      if (access(existingAncestor(path).c_str(), W_OK) != 0) {
        table.fail("mount", path.string() + " is not there and cannot be made", "create it");
        return;
      }
      table.pass("mount", path.string() + " will be made");
      return;
    case MountUse::unfinished:
      table.pass("mount", path.string() + " holds unfinished work of ours, which will be replaced");
      break;
    case MountUse::staging:
      table.pass("mount", path.string() + " holds a staging server of ours");
      break;
    case MountUse::empty:
      table.pass("mount", path.string() + " is empty");
      break;
  }
  if (access(path.c_str(), W_OK | X_OK) != 0)
    table.fail("mount", path.string() + " is not writable", "give it to the account that runs this command");
}

bool isOwnServer(const StagingRequest& request, pid_t listener) {
  const auto instance = Instance::on(Mount(request.mount));
  const auto process = instance ? instance->process() : std::nullopt;
  return process && (process->pid == listener || listener == -1);
}

void checkPort(const StagingRequest& request, Preflight& table) {
  const std::string port = "port " + std::to_string(request.port);
  const auto listener = listenerOf(request.port);
  if (!listener) {
    table.pass("port", port + " is free");
  } else if (isOwnServer(request, *listener)) {
    table.pass("port", port + " is this staging server's");
  } else {
    const auto holder = lookAtProcess(*listener);
    table.fail("port",
               port + " is taken by " +
                   (holder ? holder->executable.string() + " (pid " + std::to_string(holder->pid) + ")"
                           : "another process"),
               "free that port, or choose another with --port");
  }
}

// mysqld's profile of Debian and Ubuntu lets it write to its own directories only.
void checkAppArmor(const StagingRequest& request, const Installation& installation, Preflight& table) {
  std::string loaded;
  try {
    loaded = readFileIfThere("/sys/kernel/security/apparmor/profiles").value_or("");
  } catch (const Error&) {
    return table.warn("AppArmor", "its profiles cannot be read", "run the check as root");
  }
  const std::string program = fs::weakly_canonical(installation.mysqld);
  std::string mode;
  for (const std::string& line : split(loaded, '\n')) {
    if (startsWith(line, program + " ")) mode = line.substr(program.size() + 1);
  }
  if (mode != "(enforce)") return table.pass("AppArmor", "does not confine this mysqld");
  const std::string file = replaceAll(program.substr(1), "/", ".");
  for (const fs::path& rules :
       {fs::path("/etc/apparmor.d/local") / file, fs::path("/etc/apparmor.d") / file}) {
    if (readFileIfThere(rules).value_or("").find(request.mount.string()) != std::string::npos)
      return table.pass("AppArmor", rules.string() + " names the mount");
  }
  table.fail("AppArmor", "the profile of " + program + " keeps it off " + request.mount.string(),
             "add '" + request.mount.string() + "/** rwk,' to /etc/apparmor.d/local/" + file +
                 " and run: apparmor_parser -r /etc/apparmor.d/" + file);
}

void checkSeLinux(const StagingRequest& request, Preflight& table) {
  const std::string enforcing = trim(readFileIfThere("/sys/fs/selinux/enforce").value_or("0"));
  if (enforcing != "1") return table.pass("SELinux", "is not enforcing");
  char label[256] = "";
  const fs::path path = existingAncestor(request.mount);
  if (getxattr(path.c_str(), "security.selinux", label, sizeof label - 1) > 0 &&
      std::string(label).find("mysqld_db_t") != std::string::npos) {
    return table.pass("SELinux", "the mount has the type mysqld_db_t");
  }
  table.warn("SELinux", "is enforcing, and " + path.string() + " does not have the type mysqld_db_t",
             "run: semanage fcontext -a -t mysqld_db_t '" + request.mount.string() +
                 "(/.*)?' && restorecon -R " + request.mount.string());
}

void checkStarter(const StagingRequest& request, Preflight& table) {
  if (request.starter.empty()) return;
  try {
    OptionFile::read(request.starter);
    table.pass("my.cnf", request.starter.string() + " can be read");
  } catch (const Error& e) {
    table.fail("my.cnf", e.what(), e.remedy());
  }
}

// Our own connections read the authority's file as the caller, replication reads it as mysqld's account.
void checkAuthority(const StagingRequest& request, Preflight& table) {
  const ConnectionOptions& source = request.source;
  const std::string name = "certificate authority";
  if (source.ssl < SslMode::verifyCa || request.type == StagingType::manual) return;
  if (source.sslCa.empty()) {
    if (!request.logSync) return;
    return table.fail(name, "replication checks the source's certificate only against a file of authorities",
                      "name it with --source-ssl-ca; Debian's own authorities are in "
                      "/etc/ssl/certs/ca-certificates.crt");
  }
  std::error_code error;
  if (!fs::is_regular_file(source.sslCa, error)) {
    return table.fail(name, "there is no file " + source.sslCa.string(),
                      "name the PEM file of the authority that signed the source's certificate with "
                      "--source-ssl-ca");
  }
  const auto barred = barredDirectory(request.osUser, source.sslCa.parent_path());
  if (barred || !mayRead(request.osUser, source.sslCa)) {
    const std::string what = (barred ? *barred : source.sslCa).string();
    return table.fail(name,
                      request.osUser + ", as which mysqld replicates, may not read " + source.sslCa.string(),
                      "allow it (chmod o+" + std::string(barred ? "x " : "r ") + what +
                          "), or copy the file to where it may");
  }
  table.pass(name, source.sslCa.string());
}

}  // namespace

uint64_t usableBytes(const fs::path& mount) {
  const Mount there(mount);
  uint64_t bytes = freeBytes(existingAncestor(mount));
  const bool stays = useOf(there) == MountUse::staging;
  for (const fs::path& goes : {stays ? there.next().root() : there.data(), there.previous().root()})
    bytes += fs::is_directory(goes) ? allocatedBytes(goes) : 0;
  return bytes;
}

// A server of ours without a row: redo, most of it, undo, system and temporary tablespaces. While CLONE runs,
// those of the source lie beside them.
static uint64_t emptyServerBytes(Method method) {
  constexpr uint64_t own = 240'000'000, sources = 200'000'000;
  return method == Method::clone ? own + sources : own;
}

void checkSpace(const StagingRequest& request, uint64_t sourceBytes, Method method, Preflight& table) {
  const uint64_t needed = sourceBytes + sourceBytes / 5 + emptyServerBytes(method) + leastRoom;
  const uint64_t free = usableBytes(request.mount);
  const std::string finding = humanBytes(free) + " free, about " + humanBytes(needed) + " needed" +
                              (useOf(Mount(request.mount)) == MountUse::staging
                                   ? " beside the data that stays until the new is complete"
                                   : "");
  if (free >= needed) return table.pass("space", finding);
  table.fail("space", finding, "give the mount's file system more space, or choose fewer --databases");
}

void checkHost(const StagingRequest& request, const Installation& installation, Preflight& table) {
  checkMount(request, table);
  checkOsUser(request, table);
  checkPort(request, table);
  checkStarter(request, table);
  checkAuthority(request, table);
  checkAppArmor(request, installation, table);
  checkSeLinux(request, table);
}

}  // namespace dlpx
