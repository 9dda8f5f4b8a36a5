#include "server/server_options.h"

#include <algorithm>

#include "mysql/dialect.h"

namespace dlpx {
namespace {

// The paths of the mount that every role shares. Relative ones are relative to the data directory.
std::vector<Option> commonOptions(const Instance& instance, const std::string& bindAddress) {
  const Mount& mount = instance.mount();
  const InstanceFacts& facts = instance.facts();
  return {{"basedir", facts.basedir.string()},
          {"datadir", mount.data().string()},
          {"tmpdir", mount.tmp().string()},
          {"port", std::to_string(facts.port)},
          {"socket", mount.socket().string()},
          {"pid-file", mount.pidFile().string()},
          {"log-error", mount.errorLog().string()},
          {"server-id", std::to_string(facts.serverId)},
          {"bind-address", bindAddress},
          {"relay-log", "../log/relay-bin"},
          {"general-log-file", "../log/general.log"},
          {"slow-query-log-file", "../log/slow.log"},
          {"secure-file-priv", "NULL"}};
}

// Places that a starter file may name elsewhere; only those that it does name are set.
const std::vector<Option>& placesInside() {
  static const std::vector<Option> places = {{"innodb-data-home-dir", ""},
                                             {"innodb-log-group-home-dir", "./"},
                                             {"innodb-undo-directory", "./"},
                                             {"innodb-tmpdir", ""},
                                             {"innodb-directories", ""},
                                             {"innodb-doublewrite-dir", ""},
                                             {"innodb-temp-tablespaces-dir", "./#innodb_temp/"},
                                             {"log-bin-index", "../log/mysql-bin.index"},
                                             {"relay-log-index", "../log/relay-bin.index"},
                                             {"replica-load-tmpdir", "../tmp"},
                                             {"init-file", ""}};
  return places;
}

void addMissing(std::vector<Option>& options, const std::vector<Option>& more) {
  for (const Option& option : more) {
    const auto same = [&](const Option& other) { return optionKey(other.name) == optionKey(option.name); };
    std::erase_if(options, same);
  }
  options.insert(options.end(), more.begin(), more.end());
}

}  // namespace

void writeOptionFile(const Instance& instance, const OptionFileRequest& request) {
  refuseReserved(request.chosen);
  OptionFile file = request.starter.empty() ? OptionFile() : OptionFile::read(request.starter);
  std::vector<Option> ours = commonOptions(instance, request.bindAddress);
  for (const Option& place : placesInside()) {
    if (file.has("mysqld", place.name)) ours.push_back(place);
  }
  const Dialect dialect(instance.facts().version);
  addMissing(ours, dialect.option(Setting::mysqlx, "OFF"));
  addMissing(ours, request.role);
  addMissing(ours, request.chosen);
  file.merge(ours);
  file.set("client", "socket", instance.mount().socket().string());
  file.set("client", "port", std::to_string(instance.facts().port));
  writeFile(instance.mount().optionFile(), file.text(), {0640, instance.owner()});
}

}  // namespace dlpx
