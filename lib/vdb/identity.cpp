#include "vdb/identity.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "server/log_index.h"

namespace dlpx {
namespace {

fs::path persistedFile(const Mount& mount) {
  return mount.data() / "mysqld-auto.cnf";
}
fs::path persistedAside(const Mount& mount) {
  return mount.control() / "parent-mysqld-auto.cnf";
}

// Nothing here names a path, an address, an account or a size, and nothing makes the server act by itself.
bool isKept(const std::string& name) {
  static const std::set<std::string> keys = [] {
    std::set<std::string> all;
    for (const char* known : {"lower_case_table_names",
                              "innodb_page_size",
                              "innodb_data_file_path",
                              "innodb_checksum_algorithm",
                              "innodb_undo_tablespaces",
                              "innodb_file_per_table",
                              "innodb_default_row_format",
                              "innodb_strict_mode",
                              "innodb_autoinc_lock_mode",
                              "innodb_ft_min_token_size",
                              "innodb_ft_max_token_size",
                              "innodb_ft_enable_stopword",
                              "ft_min_word_len",
                              "ft_max_word_len",
                              "ngram_token_size",
                              "character_set_server",
                              "collation_server",
                              "default_collation_for_utf8mb4",
                              "default_time_zone",
                              "time_zone",
                              "explicit_defaults_for_timestamp",
                              "sql_mode",
                              "sql_require_primary_key",
                              "sql_generate_invisible_primary_key",
                              "gtid_mode",
                              "enforce_gtid_consistency",
                              "binlog_format",
                              "binlog_row_image",
                              "binlog_row_metadata",
                              "binlog_checksum",
                              "transaction_isolation",
                              "default_storage_engine",
                              "default_week_format",
                              "div_precision_increment",
                              "group_concat_max_len",
                              "max_allowed_packet",
                              "cte_max_recursion_depth",
                              "block_encryption_mode",
                              "innodb_redo_log_encrypt",
                              "innodb_undo_log_encrypt",
                              "binlog_encryption",
                              "default_table_encryption",
                              "table_encryption_privilege_check",
                              "default_authentication_plugin",
                              "authentication_policy",
                              "mysql_native_password",
                              "log_bin_trust_function_creators",
                              "partial_revokes",
                              "activate_all_roles_on_login",
                              "mandatory_roles",
                              "restrict_fk_on_non_standard_key",
                              "show_gipk_in_create_table_and_information_schema",
                              "lock_wait_timeout",
                              "innodb_lock_wait_timeout",
                              "wait_timeout",
                              "interactive_timeout",
                              "long_query_time",
                              "optimizer_switch"}) {
      all.insert(optionKey(known));
    }
    return all;
  }();
  return keys.count(optionKey(name)) != 0;
}

void keep(std::vector<Option>& kept, const Option& option) {
  std::erase_if(kept, [&](const Option& other) { return optionKey(other.name) == optionKey(option.name); });
  kept.push_back(option);
}

std::string nested(const Json& value) {
  const Json& plain = value.is_object() && value.contains("Value") ? value["Value"] : value;
  return plain.is_string() ? plain.get<std::string>() : plain.dump();
}

// Variables stand in up to two levels of groups ("mysql_static_variables", "mysql_server").
void collectPersisted(const Json& group, std::vector<Option>& variables) {
  for (const auto& [name, value] : group.items()) {
    if (name == "Version") continue;
    if (value.is_object() && !value.contains("Value")) {
      collectPersisted(value, variables);
    } else {
      variables.push_back({name, nested(value)});
    }
  }
}

Error outsideBinlog(const std::string& logBin) {
  return Error(ExitCode::unsafeClone,
               "the parent's binary log " + logBin +
                   " is not on the mount: recovery without it would lose transactions that were committed",
               "let the parent write its binary log to its mount, then take a new snapshot");
}

// The binary log as my.cnf names it: nothing when it is switched off, "" when it is left to the default.
std::optional<std::string> configuredLogBin(const OptionFile& options) {
  std::optional<std::string> base = "";
  for (const Option& option : options.options("mysqld")) {
    if (optionKey(option.name) != optionKey("log_bin")) continue;
    const bool off = startsWith(option.name, "skip") || startsWith(option.name, "disable");
    base = off ? std::nullopt : std::optional(option.value.value_or(""));
  }
  return base;
}

std::string logBinOf(const Mount& mount, const OptionFile& options) {
  const auto configured = configuredLogBin(options);
  if (!configured) return {};
  const std::string base = configured->empty() ? "binlog" : fs::path(*configured).stem().string();
  if (fs::exists(mount.log() / (base + ".index"))) return "../log/" + base;
  if (fs::exists(mount.data() / (base + ".index"))) return "./" + base;
  if (configured->find('/') != std::string::npos) throw outsideBinlog(*configured);
  return {};
}

void removeIfThere(const Mount& mount, const fs::path& file, NewIdentity& done) {
  if (fs::symlink_status(file).type() == fs::file_type::not_found) return;
  fs::remove(file);
  done.removed.push_back(file.lexically_relative(mount.root()).string());
}

}  // namespace

std::vector<Option> parsePersisted(const std::string& document) {
  std::vector<Option> variables;
  const Json json = Json::parse(document, nullptr, false);
  if (!json.is_object())
    throw Error(ExitCode::unsafeClone, "the parent's mysqld-auto.cnf cannot be read",
                "take a new snapshot of the parent");
  collectPersisted(json, variables);
  return variables;
}

ParentSettings parentSettings(const Mount& mount) {
  ParentSettings settings;
  const OptionFile options =
      fs::exists(mount.optionFile()) ? OptionFile::read(mount.optionFile()) : OptionFile();
  for (const Option& option : options.options("mysqld")) {
    if (isKept(option.name)) keep(settings.kept, option);
  }
  auto persisted = readFileIfThere(persistedFile(mount));
  if (!persisted) persisted = readFileIfThere(persistedAside(mount));
  for (const Option& variable : persisted ? parsePersisted(*persisted) : std::vector<Option>()) {
    if (isKept(variable.name)) {
      keep(settings.kept, variable);
    } else {
      settings.dropped.push_back(variable.name);
    }
  }
  settings.logBin = logBinOf(mount, options);
  return settings;
}

NewIdentity makeIdentityNew(const Mount& mount) {
  NewIdentity done;
  for (const char* name : {"auto.cnf", "ca.pem", "ca-key.pem", "server-cert.pem", "server-key.pem",
                           "client-cert.pem", "client-key.pem", "private_key.pem", "public_key.pem"}) {
    removeIfThere(mount, mount.data() / name, done);
  }
  const fs::path socket = mount.socket();
  for (const fs::path& file : {mount.pidFile(), mount.errorLog(), socket, fs::path(socket.string() + ".lock"),
                               mount.root() / "mysql.sock", mount.root() / "mysql.sock.lock"}) {
    removeIfThere(mount, file, done);
  }
  // A resync of staging that went on while the snapshot was taken.
  for (const Mount& place : {mount.next(), mount.previous()}) removeTree(place.root());
  if (fs::exists(persistedFile(mount))) fs::rename(persistedFile(mount), persistedAside(mount));
  if (fs::is_directory(mount.tmp())) {
    for (const auto& entry : fs::directory_iterator(mount.tmp())) removeTree(entry.path());
  }
  done.indexes = rewriteLogIndexes(mount);
  checkLogIndexes(mount);
  return done;
}

}  // namespace dlpx
