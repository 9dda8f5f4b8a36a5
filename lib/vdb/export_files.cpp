#include "vdb/export_files.h"

#include "base/text.h"
#include "mysql/dialect.h"
#include "vdb/identity.h"
#include "vdb/options.h"

namespace dlpx {
namespace {

std::vector<Option> placeOptions(const Instance& vdb, const ExportPlace& place) {
  const auto path = [&](const char* name) { return (place.directory / name).string(); };
  return {{"datadir", path("data")},
          {"tmpdir", path("tmp")},
          {"port", std::to_string(place.port)},
          {"socket", path("mysql.sock")},
          {"pid-file", path("mysqld.pid")},
          {"log-error", path("log/mysqld.err")},
          {"server-id", std::to_string(vdb.facts().serverId)},
          {"bind-address", "127.0.0.1"},
          {"relay-log", "../log/relay-bin"},
          {"general-log-file", "../log/general.log"},
          {"slow-query-log-file", "../log/slow.log"},
          {"secure-file-priv", "NULL"}};
}

void add(std::vector<Option>& options, const std::vector<Option>& more) {
  for (const Option& option : more) {
    std::erase_if(options,
                  [&](const Option& other) { return optionKey(other.name) == optionKey(option.name); });
    // Files of this host are not there.
    if (!startsWith(option.value.value_or(""), "/")) options.push_back(option);
  }
}

}  // namespace

std::string exportedOptionFile(const Instance& vdb, const VdbFacts& facts, const ExportPlace& place) {
  const ParentSettings settings = parentSettings(vdb.mount());
  std::vector<Option> options = placeOptions(vdb, place);
  add(options, settings.kept);
  add(options, {{"log-bin", settings.logBin.empty() ? vdbLogBin : settings.logBin},
                {"event-scheduler", facts.events ? "ON" : "OFF"}});
  const Dialect dialect(vdb.facts().version);
  add(options, dialect.option(Setting::mysqlx, "OFF"));
  add(options, facts.settings);
  OptionFile file;
  file.merge(options, "a server of its own");
  file.set("client", "socket", (place.directory / "mysql.sock").string());
  file.set("client", "port", std::to_string(place.port));
  return file.text();
}

std::string startCommand(const ExportPlace& place) {
  return "mysqld --defaults-file=" + (place.directory / "my.cnf").string() +
         " --daemonize --user=" + place.user;
}

std::string exportedReadme(const Instance& vdb, const ExportPlace& place) {
  const std::string directory = place.directory.string();
  return "A data directory of MySQL " + vdb.facts().version.text() + " with its my.cnf, exported " +
         utcNow() +
         ".\n\n"
         "It belongs into " +
         directory + "; elsewhere, change the paths in my.cnf. Start it with MySQL " +
         vdb.facts().version.series() + " (" + vdb.facts().version.text() + " or newer):\n\n    " +
         startCommand(place) + "\n\nIt makes its server UUID, TLS keys and binary log at the first start. " +
         "Accounts and passwords are in the data: connect as\n'" + vdb.facts().adminUser +
         "' with the password that this account had:\n\n    mysql --defaults-file=" + directory +
         "/my.cnf --user=" + vdb.facts().adminUser + " --password\n";
}

}  // namespace dlpx
