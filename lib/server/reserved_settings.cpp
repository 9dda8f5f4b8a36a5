#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "server/server_options.h"

namespace dlpx {
namespace {

using Names = std::vector<std::string_view>;

// By optionKey(): without skip_ and loose_, in new words.
const Names placeAndIdentity = {"admin_address",
                                "admin_port",
                                "basedir",
                                "bind_address",
                                "chroot",
                                "daemonize",
                                "datadir",
                                "defaults_extra_file",
                                "defaults_file",
                                "defaults_group_suffix",
                                "general_log_file",
                                "initialize",
                                "initialize_insecure",
                                "innodb_buffer_pool_filename",
                                "innodb_data_file_path",
                                "innodb_data_home_dir",
                                "innodb_directories",
                                "innodb_doublewrite_dir",
                                "innodb_force_recovery",
                                "innodb_log_group_home_dir",
                                "innodb_page_size",
                                "innodb_redo_log_archive_dirs",
                                "innodb_temp_data_file_path",
                                "innodb_temp_tablespaces_dir",
                                "innodb_tmpdir",
                                "innodb_undo_directory",
                                "log_bin_index",
                                "log_error",
                                "log_error_services",
                                "log_raw",
                                "log_tc",
                                "lower_case_table_names",
                                "mysqlx_port",
                                "mysqlx_socket",
                                "offline_mode",
                                "persisted_globals_load",
                                "pid_file",
                                "port",
                                "relay_log",
                                "relay_log_index",
                                "relay_log_info_file",
                                "replica_load_tmpdir",
                                "secure_file_priv",
                                "secure_log_path",
                                "server_id",
                                "server_uuid",
                                "slow_query_log_file",
                                "socket",
                                "source_info_file",
                                "tc_heuristic_recover",
                                "tmpdir",
                                "user"};
const Names dangerous = {"early_plugin_load", "event_scheduler", "grant_tables",
                         "init_file",         "init_replica",    "plugin_dir",
                         "plugin_load",       "plugin_load_add", "replica_start"};
const Names dangerousFamilies = {"group_replication_", "keyring_", "replicate_"};
// Whole names that are the beginning of a reserved one.
const Names wholeNames = {"general_log", "log_bin", "mysqlx", "slow_query_log"};
// Read by the server, and by nobody's clone changed.
const Names readOnlyFiles = {"character_sets_dir", "lc_messages_dir", "ssl_ca",      "ssl_capath",
                             "ssl_cert",           "ssl_crl",         "ssl_crlpath", "ssl_key"};

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool beginsOne(const Names& names, std::string_view key) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return name != key && startsWith(name, key); });
}

bool leadsOut(const std::string& value) {
  return startsWith(value, "/") || startsWith(value, "~") || value.find("../") != std::string::npos ||
         value == "..";
}

// "" when the setting is the user's to choose.
std::string whyReserved(const std::string& key, const Option& option) {
  if (has(placeAndIdentity, key)) return "the instance's place and identity decide it";
  if (key == "event_scheduler") return "--events decides it";
  if (key == "log_bin" && option.value) return "the VDB's binary log has its own place";
  const auto ofFamily = [&](std::string_view family) { return startsWith(key, family); };
  if (has(dangerous, key) || std::any_of(dangerousFamilies.begin(), dangerousFamilies.end(), ofFamily))
    return "it loads code, opens the server, or lets it reach other servers";
  if (!has(wholeNames, key) && (beginsOne(placeAndIdentity, key) || beginsOne(dangerous, key)))
    return "it is the beginning of a name that cannot be chosen";
  if (option.value && leadsOut(*option.value) && !has(readOnlyFiles, key))
    return "its value is a path outside the data directory";
  return {};
}

std::string keyOf(const Option& option) {
  std::string key = optionKey(toLower(option.name));
  if (startsWith(key, "maximum_")) key.erase(0, std::string_view("maximum_").size());
  return key;
}

}  // namespace

void refuseReserved(const std::vector<Option>& chosen) {
  for (const Option& option : chosen) {
    const std::string why = whyReserved(keyOf(option), option);
    if (why.empty()) continue;
    throw Error(ExitCode::optionFile, "setting '" + option.name + "' cannot be chosen: " + why,
                "leave that setting out; ports, addresses and events have their own parameters");
  }
}

std::optional<Option> refusedSetting(const std::vector<Option>& chosen, const std::string& errors) {
  const std::string said = replaceAll(errors, "-", "_");
  for (const Option& option : chosen) {
    const std::string name = replaceAll(option.name, "-", "_");
    for (size_t at = said.find(name); at != std::string::npos; at = said.find(name, at + 1)) {
      const auto isWord = [&](size_t index) {
        return index < said.size() &&
               (std::isalnum(static_cast<unsigned char>(said[index])) != 0 || said[index] == '_');
      };
      if (!(at > 0 && isWord(at - 1)) && !isWord(at + name.size())) return option;
    }
  }
  return std::nullopt;
}

}  // namespace dlpx
