#include "command/table.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

using enum ValueType;
using Form = Alias::Form;
using Specs = std::vector<ParameterSpec>;

constexpr int64_t second = 1000;
constexpr int64_t mebibyte = 1024 * 1024;

Specs commonParameters() {
  return {
      {.name = "config",
       .type = path,
       .placeholder = "FILE",
       .help = "read parameters from this YAML file",
       .shortFlag = 'c',
       .commandLineOnly = true},
      {.name = "show-config",
       .type = flag,
       .help = "print each parameter with its value and origin, and do nothing",
       .commandLineOnly = true},
      {.name = "json", .type = flag, .help = "print the result, or the error, as JSON"},
      {.name = "quiet",
       .type = flag,
       .help = "no progress, and only warnings and errors on stderr",
       .shortFlag = 'q'},
      {.name = "verbose", .type = flag, .help = "tell each step on stderr", .shortFlag = 'v'},
      {.name = "log-dir",
       .type = path,
       .placeholder = "DIR",
       .help = "also write a log file into this directory, <program>.log"},
      {.name = "timeout",
       .type = duration,
       .placeholder = "TIME",
       .help =
           "the longest wait for a server to start, stop, connect or catch up; copying data is not limited",
       .fallback = "15m",
       .least = second},
      {.name = "force",
       .type = flag,
       .help = "go on where the command would refuse for safety; its help says where"},
      {.name = "dry-run",
       .type = flag,
       .help = "check everything, print the steps that would be taken, and change nothing",
       .commandLineOnly = true},
  };
}

Specs instanceParameters() {
  return {
      {.name = "mount",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory of the instance: data, logs and my.cnf",
       .aliases = {{"STAGINGDATADIR", "stage"}, {"DLPX_DATA_DIRECTORY", ""}}},
      {.name = "basedir",
       .type = path,
       .placeholder = "DIR",
       .help = "the MySQL installation: its base directory or the directory of mysqld",
       .aliases = {{"MYSQLD", ""}, {"MYBASEDIR", "vdb"}}},
      {.name = "port",
       .type = port,
       .placeholder = "PORT",
       .help = "the TCP port of the instance",
       .least = 1,
       .most = 65535,
       .aliases = {{"STAGINGPORT", "stage"}, {"PORT", "vdb"}}},
      {.name = "server-id",
       .type = integer,
       .placeholder = "N",
       .help = "the server id of the instance, unlike that of every server it replicates with",
       .least = 1,
       .most = 4294967295,
       .aliases = {{"STAGINGSERVERID", "stage"}, {"SERVERID", "vdb"}}},
      {.name = "my-cnf",
       .type = path,
       .placeholder = "FILE",
       .help = "a my.cnf to start from: its settings are kept where they do no harm"},
      {.name = "os-user",
       .placeholder = "USER",
       .help = "the account that mysqld runs as (mysql when started by root, else the caller)"},
      {.name = "keyring",
       .type = path,
       .placeholder = "FILE",
       .help =
           "the keyring file of encrypted data that comes as files: of the backup's server, or of the VDB's "
           "parent; a copy is made"},
      {.name = "keyring-dir",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory in which the instance keeps its keyring, outside of its snapshots (its mount "
               "when not given)"},
      {.name = "host",
       .placeholder = "HOST",
       .help = "the host of a running server that is not named by its mount",
       .fallback = "127.0.0.1"},
      {.name = "bind-address",
       .placeholder = "ADDRESS",
       .help = "the addresses that the instance listens on"},
  };
}

Specs sourceParameters() {
  return {
      {.name = "type",
       .type = choice,
       .placeholder = "TYPE",
       .help = "staging follows its source by replication, or is filled by its user",
       .fallback = "replication",
       .choices = {"replication", "manual"},
       .aliases = {{"DLPX_MYSQL_DSOURCE_TYPE", "stage", Form::dsourceType}}},
      {.name = "source-host",
       .placeholder = "HOST",
       .help = "the host of the source server",
       .aliases = {{"SOURCEIP", "stage"}}},
      {.name = "source-port",
       .type = port,
       .placeholder = "PORT",
       .help = "the port of the source server",
       .fallback = "3306",
       .least = 1,
       .most = 65535,
       .aliases = {{"SOURCEPORT", "stage"}}},
      {.name = "source-user",
       .placeholder = "USER",
       .help = "the account that reads from the source",
       .aliases = {{"SOURCEUSER", "stage"}, {"SOURCECONN", "stage", Form::userOfConnection}}},
      {.name = "source-password",
       .type = secret,
       .placeholder = "FILE",
       .help = "the file that holds the password of the source account",
       .aliases = {{"SOURCEPASS", "stage"}}},
      {.name = "source-ssl-mode",
       .type = choice,
       .placeholder = "MODE",
       .help = "TLS on connections to the source",
       .fallback = "preferred",
       .choices = {"disabled", "preferred", "required", "verify_ca", "verify_identity"}},
      {.name = "source-ssl-ca",
       .type = path,
       .placeholder = "FILE",
       .help = "the certificates that the source's is checked against"},
      {.name = "replication-user",
       .placeholder = "USER",
       .help = "the account that replicates from the source (the source account when not given)",
       .aliases = {{"REPLICATION_USER", "stage"}}},
      {.name = "replication-password",
       .type = secret,
       .placeholder = "FILE",
       .help = "the file that holds the password of the replication account",
       .aliases = {{"REPLICATION_PASS", "stage"}}},
  };
}

Specs ingestionParameters() {
  return {
      {.name = "method",
       .type = choice,
       .placeholder = "METHOD",
       .help = "how staging is filled from the source",
       .fallback = "auto",
       .choices = {"auto", "clone", "copy", "dump", "file"}},
      {.name = "backup",
       .type = path,
       .placeholder = "PATH",
       .help = "a backup of the source to build staging from",
       .aliases = {{"BACKUP_PATH", "stage"}}},
      {.name = "databases",
       .type = list,
       .placeholder = "NAMES",
       .help = "the databases to take, or ALL",
       .fallback = "ALL"},
      {.name = "threads",
       .type = integer,
       .placeholder = "N",
       .help = "the number of parallel connections that copy data",
       .fallback = "4",
       .least = 1,
       .most = 64},
      {.name = "keep", .type = flag, .help = "keep what is made on the way (a dump, a demo's servers)"},
      {.name = "log-sync",
       .type = flag,
       .help = "keep staging in step with the source by replication",
       .fallback = "true",
       .aliases = {{"LOGSYNC", "stage"}}},
      {.name = "resync", .type = flag, .help = "ingest anew before the snapshot"},
      {.name = "repair-account",
       .type = flag,
       .help = "put the staging account back, which a restore of the user's has replaced"},
      {.name = "staging-user",
       .placeholder = "USER",
       .help = "the account that manages the staging server",
       .fallback = "dlpx_admin",
       .aliases = {{"STAGINGCONN", "stage", Form::userOfConnection}}},
      {.name = "staging-password",
       .type = secret,
       .placeholder = "FILE",
       .help = "the file that holds the password of the staging account",
       .aliases = {{"STAGINGPASS", "stage"}}},
      {.name = "snapshot-mode",
       .type = choice,
       .placeholder = "MODE",
       .help = "how the server is made safe to snapshot",
       .fallback = "auto",
       .choices = {"auto", "hot", "quiesce", "stop"}},
      {.name = "active-only", .type = flag, .help = "print only ACTIVE or INACTIVE"},
      {.name = "source-config",
       .type = flag,
       .help = "list servers, running or configured, instead of installations"},
      {.name = "for-gtid", .placeholder = "SET", .help = "wait until this GTID set has been applied"},
      {.name = "for-lag",
       .type = duration,
       .placeholder = "TIME",
       .help = "wait until the lag is at most this"},
  };
}

Specs vdbParameters() {
  return {
      {.name = "user",
       .placeholder = "USER",
       .help = "the account of the VDB's user, or that a backup is restored as",
       .aliases = {{"VDBCONN", "vdb", Form::userOfConnection}}},
      {.name = "password",
       .type = secret,
       .placeholder = "FILE",
       .help = "the file that holds the password of that account",
       .aliases = {{"VDBPASS", "vdb"}}},
      {.name = "setting",
       .type = assignments,
       .placeholder = "NAME=VALUE",
       .help = "a server setting of the VDB; repeatable",
       .aliases = {{"MYCONFIG", "vdb"}}},
      {.name = "accounts",
       .type = choice,
       .placeholder = "WHAT",
       .help = "what becomes of the source's accounts in the VDB",
       .fallback = "keep",
       .choices = {"keep", "lock"}},
      {.name = "events",
       .type = choice,
       .placeholder = "STATE",
       .help = "whether events fire in the VDB; on also enables those that replication had disabled",
       .fallback = "off",
       .choices = {"off", "on"}},
      {.name = "federated",
       .type = choice,
       .placeholder = "WHAT",
       .help = "what becomes of the servers that FEDERATED tables connect to (mysql.servers)",
       .fallback = "keep",
       .choices = {"keep", "drop"}},
      {.name = "profile",
       .type = choice,
       .placeholder = "PROFILE",
       .help = "the memory and disk that the VDB may use",
       .fallback = "default",
       .choices = {"default", "small"}},
      {.name = "replicable",
       .type = flag,
       .help = "turn GTIDs on in the VDB, so that a replica of it can follow, whatever its parent has"},
      {.name = "replicate-from",
       .type = path,
       .placeholder = "DIR",
       .help = "make the VDB a read-only replica of the VDB on this mount, which is of the same snapshot"},
      {.name = "output", .type = path, .placeholder = "PATH", .help = "where the result is written"},
  };
}

Specs exportParameters() {
  return {
      {.name = "tar", .type = flag, .help = "export as a tar archive instead of a directory"},
      {.name = "logical", .type = flag, .help = "export as a mysqldump file instead of a data directory"},
      {.name = "compression",
       .type = choice,
       .placeholder = "KIND",
       .help = "of a tar or dump; auto goes by the name: .gz, .zst, .xz",
       .fallback = "auto",
       .choices = {"auto", "none", "gzip", "zstd", "xz"}},
      {.name = "gtids",
       .type = flag,
       .help = "let a dump set the executed GTIDs of the server that it is restored to",
       .fallback = "true"},
      {.name = "copy",
       .type = choice,
       .placeholder = "HOW",
       .help = "hot by the running server, cold while it is stopped, or as the VDB is now",
       .fallback = "auto",
       .choices = {"auto", "hot", "cold"}},
      {.name = "owner",
       .placeholder = "USER[:GROUP]",
       .help = "who owns the exported files, and runs the server (the VDB's account when not given)"},
      {.name = "target-directory",
       .type = path,
       .placeholder = "DIR",
       .help = "where the export will lie on its server, when that is not --output"},
      {.name = "target-port",
       .type = port,
       .placeholder = "PORT",
       .help = "the TCP port in the exported my.cnf",
       .fallback = "3306",
       .least = 1,
       .most = 65535},
  };
}

Specs engineParameters() {
  return {
      {.name = "home",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory of the local engine",
       .fallback = "/var/lib/dlpx-mysql"},
      {.name = "name", .placeholder = "NAME", .help = "the name of a dSource or VDB"},
      {.name = "from",
       .placeholder = "DSOURCE[@SNAPSHOT]",
       .help = "what the VDB is made from; the newest snapshot when none is named"},
      {.name = "to",
       .placeholder = "SNAPSHOT",
       .help = "the snapshot to go to; the newest when none is named"},
      {.name = "with-replica",
       .type = flag,
       .help = "make two VDBs of the snapshot, the second a replica of the first, NAME-replica"},
      {.name = "hook",
       .type = assignments,
       .placeholder = "POINT=SCRIPT",
       .help = "a script of yours that runs at a hook point; repeatable"},
      {.name = "hooks-dir",
       .type = path,
       .placeholder = "DIR",
       .help = "the directory of the hooks that the engine calls"},
      {.name = "driver",
       .type = choice,
       .placeholder = "DRIVER",
       .help = "what makes the snapshots of the pool",
       .fallback = "btrfs",
       .choices = {"btrfs", "zfs", "reflink", "copy"}},
      {.name = "size",
       .type = bytes,
       .placeholder = "SIZE",
       .help = "the size of the pool's image file",
       .fallback = "20G",
       .least = 256 * mebibyte},
      {.name = "pool", .placeholder = "POOL", .help = "the name of the pool"},
      {.name = "image", .type = path, .placeholder = "FILE", .help = "the image file of the pool"},
      {.name = "directory", .type = path, .placeholder = "DIR", .help = "the directory of the pool"},
      {.name = "dataset",
       .placeholder = "DATASET",
       .help = "the ZFS dataset that the pool is made in; an image file where none is named"},
      {.name = "keep-last",
       .type = integer,
       .placeholder = "N",
       .help = "how many snapshots to keep of each timeflow",
       .least = 1,
       .most = 100000},
      {.name = "keep-hourly",
       .type = integer,
       .placeholder = "N",
       .help = "of how many hours to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-daily",
       .type = integer,
       .placeholder = "N",
       .help = "of how many days to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-weekly",
       .type = integer,
       .placeholder = "N",
       .help = "of how many weeks to keep the newest snapshot",
       .least = 1,
       .most = 100000},
      {.name = "keep-for",
       .type = duration,
       .placeholder = "TIME",
       .help = "how long to keep snapshots",
       .least = second},
  };
}

std::string upperWithUnderscores(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return text;
}

std::string flagName(const ParameterSpec& spec) {
  return spec.type == secret ? spec.name + "-file" : spec.name;
}

}  // namespace

std::string ParameterSpec::flag() const {
  return "--" + flagName(*this);
}

std::string ParameterSpec::variable() const {
  if (commandLineOnly && name != "config") return {};
  return "DLPX_MYSQL_" + upperWithUnderscores(flagName(*this));
}

std::string ParameterSpec::secretVariable() const {
  return type == ValueType::secret ? "DLPX_MYSQL_" + upperWithUnderscores(name) : std::string();
}

std::string ParameterSpec::key() const {
  return commandLineOnly ? std::string() : replaceAll(flagName(*this), "-", "_");
}

const std::vector<ParameterSpec>& parameterTable() {
  static const Specs table = [] {
    Specs all;
    for (const Specs& group :
         {commonParameters(), instanceParameters(), sourceParameters(), ingestionParameters(),
          vdbParameters(), exportParameters(), engineParameters()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return table;
}

const ParameterSpec* findParameter(std::string_view name) {
  for (const ParameterSpec& spec : parameterTable()) {
    if (spec.name == name || flagName(spec) == name) return &spec;
  }
  return nullptr;
}

const ParameterSpec& parameterSpec(std::string_view name) {
  if (const ParameterSpec* spec = findParameter(name)) return *spec;
  throw Error(ExitCode::internal, "there is no parameter '" + std::string(name) + "' in the table",
              "add it to lib/command/table.cpp");
}

const ParameterSpec* findParameterByKey(std::string_view key) {
  for (const ParameterSpec& spec : parameterTable()) {
    if (!key.empty() && spec.key() == key) return &spec;
  }
  return nullptr;
}

}  // namespace dlpx
