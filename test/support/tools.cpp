#include "support/tools.h"

#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <stdexcept>

#include "base/json_full.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "process/proc.h"
#include "support/paths.h"
#include "support/zfs_service.h"

namespace dlpx::test {

Host::Host(const std::string& poolSize) {
  makeDirectory(home(), {0755, std::nullopt});
  shareFreshData(scratch_.path());
  if (poolSize.empty()) return;
  json({"dlpx-mysql-engine", "pool", "create", "--driver", "btrfs", "--image",
        (scratch_ / "pool.img").string(), "--size", poolSize});
}

Host::~Host() {
  try {
    for (const ProcessFacts& process : processesUsing(scratch_.path())) {
      if (process.pid != getpid()) killProcess(process, Deadline::in(Seconds(20)));
    }
    ZfsService::destroyPools(scratch_.path());
    // The loop device of a mounted image goes with its mount.
    for (const std::string& line : split(readFile("/proc/self/mounts"), '\n')) {
      const std::vector<std::string> fields = split(line, ' ');
      if (fields.size() > 1 && startsWith(fields[1], scratch_.path().string()))
        umount2(fields[1].c_str(), MNT_DETACH);
    }
  } catch (const std::exception&) {
  }
}

Finished Host::tool(const std::vector<std::string>& argv,
                    const std::map<std::string, std::string>& environment) const {
  Command command{
      .argv = argv, .environment = environment, .deadline = Deadline::in(std::chrono::minutes(5))};
  command.argv[0] = binDir() + "/" + argv.at(0);
  command.environment["DLPX_MYSQL_HOME"] = home();
  command.environment["DLPX_MYSQL_REGISTRY"] = scratch_ / "registry";
  return run(command);
}

Json Host::json(std::vector<std::string> argv, const std::map<std::string, std::string>& environment) const {
  argv.push_back("--json");
  const Finished finished = tool(argv, environment);
  if (!finished.ok()) {
    std::string words;
    for (const std::string& word : argv) words += word + " ";
    throw std::runtime_error(words + "ended with exit code " + std::to_string(finished.exitCode) + ": " +
                             finished.err);
  }
  return Json::parse(finished.out);
}

fs::path Host::passwordFile(const std::string& name, const Secret& password) const {
  const fs::path file = scratch_ / (name + ".password");
  writeFile(file, password.reveal() + "\n", {0600, std::nullopt});
  return file;
}

std::vector<std::string> Host::processesLeft() const {
  std::vector<std::string> left;
  for (const ProcessFacts& process : processesUsing(scratch_.path())) {
    left.push_back(process.executable.string() + " (pid " + std::to_string(process.pid) + ")");
  }
  return left;
}

namespace {

// Every kind of byte that a password may hold, around a fragment that no quoting changes.
Secret oddPassword(const std::string& fragment) {
  return Secret("i's \"" + fragment + "\" $A \\n é");
}

Session connectTo(uint16_t port, const std::string& user, const Secret& password) {
  return Session::connect(
      {.endpoint = {.host = "127.0.0.1", .port = port}, .user = user, .password = password});
}

}  // namespace

Shop::Shop(const std::string& poolSize, bool encrypted)
    : host(poolSize),
      source({.version = "9.7",
              .options = {"gtid_mode=ON", "enforce_gtid_consistency=ON", "plugin-load-add=mysql_clone.so"},
              .keyring = encrypted}),
      copier(oddPassword("copierQx7")),
      staging(oddPassword("stagingQx7")),
      vdb(oddPassword("vdbQx7")),
      stagingPort(freePort()) {
  Session root = source.root();
  const Dialect dialect(root.version());
  for (const std::string& statement : dialect.setPassword("copier", "%", copier))
    root.execute(std::string_view(statement));
  root.execute(
      std::string_view(dialect.grant({"SELECT", "PROCESS", "SHOW VIEW", "TRIGGER", "EVENT", "LOCK TABLES",
                                      "REPLICATION CLIENT", "REPLICATION SLAVE", "BACKUP_ADMIN"},
                                     "copier", "%")));
  root.execute("CREATE DATABASE shop");
  root.execute(
      "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100), placed TIMESTAMP "
      "DEFAULT NOW())");
  root.execute(
      "INSERT INTO shop.orders (what) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
      "i < 1000) "
      "SELECT CONCAT('order ', i) FROM n");
}

fs::path Shop::stagingConfig(const std::string& more) const {
  const std::string copierFile = host.passwordFile("copier", copier);
  const fs::path file = host / "shop.yaml";
  writeFile(file,
            "source_host: 127.0.0.1\nsource_port: " + std::to_string(source.port()) +
                "\nsource_user: copier\nsource_password_file: " + copierFile +
                "\nreplication_user: copier\nreplication_password_file: " + copierFile +
                "\nstaging_password_file: " + host.passwordFile("staging", staging).string() + "\nbasedir: " +
                (mysqlDirectory() / "9.7").string() + "\nport: " + std::to_string(stagingPort) + "\n" + more,
            {0600, std::nullopt});
  return file;
}

std::vector<std::string> Shop::linkCommand(const std::string& more) const {
  return {"dlpx-mysql-engine", "link", "shop", "--config", stagingConfig(more).string()};
}

std::vector<std::string> Shop::provisionCommand(const std::string& name, uint16_t port) const {
  return {"dlpx-mysql-engine",
          "provision",
          name,
          "--from",
          "shop",
          "--port",
          std::to_string(port),
          "--user",
          "app",
          "--password-file",
          host.passwordFile("vdb", vdb).string(),
          "--basedir",
          (mysqlDirectory() / "9.7").string()};
}

Session Shop::onStaging() const {
  return connectTo(stagingPort, "dlpx_admin", staging);
}
Session Shop::onVdb(uint16_t port) const {
  return connectTo(port, "app", vdb);
}

}  // namespace dlpx::test
