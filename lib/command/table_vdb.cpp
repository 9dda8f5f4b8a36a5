#include "command/table_parts.h"

namespace dlpx {
namespace {

using enum ValueType;
using Form = Alias::Form;

}  // namespace

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

}  // namespace dlpx
