#include "backup/fresh_data.h"

#include <algorithm>
#include <set>

#include "backup/archive_writer.h"
#include "backup/data_directory.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/text.h"
#include "server/known_versions.h"
#include "server/registry.h"

namespace dlpx {
namespace {

constexpr size_t mostKept = 4;

fs::path keptDirectory() {
  return registry::stateDirectory() / "fresh-data";
}

// Differ for each server, and say nothing about what is in its data directory.
bool isOfOneServer(const std::string& key) {
  static const std::set<std::string> names{"datadir",  "tmpdir",    "port",      "socket",
                                           "pid_file", "log_error", "server_id", "bind_address"};
  return names.contains(key) || startsWith(key, "replicate_") || startsWith(key, "report_");
}

// Loads code that may have its say about accounts (a recipient of CLONE has none but CLONE's), or needs keys
// of the one server.
bool isOnlyForOneServer(const std::string& key, const Option& option) {
  if (startsWith(key, "plugin_load") && option.value == "mysql_clone.so") return false;
  return startsWith(key, "plugin_load") || startsWith(key, "early_plugin_load") || key == "init_file" ||
         key.find("keyring") != std::string::npos;
}

// Where this instance's would be kept; nothing: it is made each time.
std::optional<fs::path> keptFileFor(const Instance& instance, const FreshData& request) {
  const InstanceFacts& facts = instance.facts();
  if (!facts.keyring.empty()) return std::nullopt;
  const auto key = freshDataKey(facts.version, known_versions::stampOf(facts.mysqld), request.options,
                                OptionFile::read(instance.mount().optionFile()));
  if (!key) return std::nullopt;
  return keptDirectory() / (*key + ".tar.zst");
}

bool isOnlyOurs(const fs::path& path) {
  const fs::perms others = fs::perms::group_write | fs::perms::others_write;
  const uid_t owner = ownerOf(path).uid;
  return (owner == geteuid() || owner == 0) && (fs::status(path).permissions() & others) == fs::perms::none;
}

// Whoever could have put it there may start servers here anyway: it may hold accounts.
bool isTrusted(const fs::path& file) {
  std::error_code unseen;  // the directory may be another user's
  return fs::is_regular_file(fs::symlink_status(file, unseen)) && isOnlyOurs(file) &&
         isOnlyOurs(file.parent_path());
}

void empty(const Instance& instance) {
  removeTree(instance.mount().data());
  makeDirectory(instance.mount().data(), {0750, instance.owner()});
}

bool unpack(const fs::path& file, const Instance& instance) {
  BackupFacts kept;
  kept.path = file;
  kept.kind = BackupKind::dataArchive;
  try {
    if (!isTrusted(file)) return false;
    copyDataDirectory(kept, instance.mount().data(), instance.owner());
    if (!fs::exists(instance.mount().data() / "mysql.ibd"))
      throw Error(ExitCode::providedBackup, file.string() + " is not whole");
    std::error_code ignored;
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
    log::info("the data directory of a new server comes from " + file.string());
    return true;
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    if (e.code() == ExitCode::noSpace) {
      empty(instance);  // who undoes the rest has to write a little
      throw;
    }
    log::warning(std::string("a kept data directory is of no use, and made anew: ") + e.what());
    std::error_code ignored;
    fs::remove(file, ignored);
    empty(instance);
    return false;
  }
}

// What a command left half made when it was killed is among them.
void forgetOldest() {
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::error_code ignored;  // another command may remove it just now
  for (const auto& entry : fs::directory_iterator(keptDirectory()))
    kept.emplace_back(fs::last_write_time(entry.path(), ignored), entry.path());
  std::sort(kept.rbegin(), kept.rend());
  for (size_t i = mostKept; i < kept.size(); ++i) fs::remove(kept[i].second, ignored);
}

// Where it cannot be, the next one is made again.
void keep(const Instance& instance, const fs::path& file) {
  try {
    if (!fs::is_directory(keptDirectory())) makeDirectory(keptDirectory(), {0700, std::nullopt});
    const fs::path half = file.string() + ".half";
    Progress progress("keeping an empty data directory");
    writeTar(instance.mount().data(), "data", {}, {half}, Compression::zstd, progress);
    fs::rename(half, file);
    forgetOldest();
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    log::debug(std::string("the data directory of a new server is not kept: ") + e.what());
  } catch (const fs::filesystem_error& e) {
    log::debug(std::string("the data directory of a new server is not kept: ") + e.what());
  }
}

// What each server has of its own, and what is made by its first start.
void removeIdentity(const fs::path& data) {
  for (const auto& entry : fs::directory_iterator(data)) {
    const std::string name = entry.path().filename();
    if (name == "auto.cnf" || endsWith(name, ".pem")) fs::remove(entry.path());
  }
}

}  // namespace

std::optional<std::string> freshDataKey(const Version& version, const std::string& stamp,
                                        const std::vector<std::string>& options, const OptionFile& settings) {
  if (stamp.empty() || !version.atLeast(8, 0)) return std::nullopt;
  std::string all = "1\n" + version.text() + "\n" + stamp + "\n" + join(options, "\n") + "\n";
  for (const std::string& group : settings.groups()) {
    if (group == "client") continue;
    all += "[" + group + "]\n";
    for (const Option& option : settings.options(group)) {
      const std::string key = optionKey(option.name);
      if (isOnlyForOneServer(key, option)) return std::nullopt;
      if (!isOfOneServer(key)) all += optionLine(option) + "\n";
    }
  }
  Sha256 sum;
  sum.update(all);
  return sum.finish().substr(0, 32);
}

std::string makeFreshData(const Instance& instance, const FreshData& request) {
  const auto file = keptFileFor(instance, request);
  // Where somebody's data is in the way mysqld refuses, in its own words.
  if (!file || !isEmptyDirectory(instance.mount().data())) {
    instance.initialise(request.options, request.firstStatements, request.deadline);
    return {};
  }
  if (!unpack(*file, instance)) {
    instance.initialise(request.options, {}, request.deadline);
    removeIdentity(instance.mount().data());
    keep(instance, *file);
  }
  return request.firstStatements;
}

}  // namespace dlpx
