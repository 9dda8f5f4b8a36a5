#include "command/table_parts.h"

namespace dlpx {
namespace {

using enum ValueType;

constexpr int64_t second = 1000;

}  // namespace

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

}  // namespace dlpx
