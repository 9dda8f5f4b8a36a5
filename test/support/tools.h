#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/json_full.h"
#include "base/secret.h"
#include "process/command.h"
#include "support/mysql_server.h"
#include "support/scratch.h"

namespace dlpx::test {

// Our executables, as an operator runs them, on a host of the test's own: an engine home with a btrfs pool in
// a sparse image, a registry of instances, password files. Everything it started or mounted is ended and
// unmounted when it goes, also when the test failed.
class Host {
 public:
  // `poolSize` as --size takes it; "" makes no pool.
  explicit Host(const std::string& poolSize = "4G");
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  fs::path home() const { return scratch_ / "home"; }
  fs::path operator/(const fs::path& name) const { return scratch_ / name; }

  // tool({"dlpx-mysql-engine", "list", "--json"}): never throws for a failing tool.
  Finished tool(const std::vector<std::string>& argv,
                const std::map<std::string, std::string>& environment = {}) const;
  // The JSON that the tool printed with --json (added); a failing tool fails the test with its words.
  Json json(std::vector<std::string> argv, const std::map<std::string, std::string>& environment = {}) const;

  // A file of mode 0600 with the password.
  fs::path passwordFile(const std::string& name, const Secret& password) const;
  // Processes that run from, or hold files in, this host's directories.
  std::vector<std::string> processesLeft() const;

 private:
  Scratch scratch_;
};

// A shop's source with a thousand orders, an account that may copy and replicate it, and what links and
// provisions it.
struct Shop {
  Host host;
  MysqlServer source;
  Secret copier, staging,
      vdb;  // with quotes, spaces, $, backslash and UTF-8 around copierQx7, stagingQx7 and vdbQx7
  uint16_t stagingPort;

  explicit Shop(const std::string& poolSize = "6G", bool encrypted = false);

  // The YAML of the dSource, written anew from the members above, and `more` lines.
  fs::path stagingConfig(const std::string& more = "") const;
  std::vector<std::string> linkCommand(const std::string& more = "") const;
  std::vector<std::string> provisionCommand(const std::string& name, uint16_t port) const;
  Json link(const std::string& more = "") const { return host.json(linkCommand(more)); }
  Json provision(const std::string& name, uint16_t port) const {
    return host.json(provisionCommand(name, port));
  }
  Session onStaging() const;
  Session onVdb(uint16_t port) const;
};

}  // namespace dlpx::test
