#pragma once

#include <optional>
#include <string>

#include "backup/archive_writer.h"
#include "command/app.h"
#include "vdb/request.h"

namespace dlpx {

// Virtual to physical: a VDB's data as a standalone server's.
struct ExportRequest {
  VdbAccess access;
  fs::path output;  // a directory, or the file of a tar or dump; "-" is standard output
  bool tar = false;
  bool logical = false;  // a dump instead of files
  Compression compression = Compression::none;
  bool gtids = true;     // of a dump: it sets GTID_PURGED
  std::string copy;      // "auto", "hot", "cold"
  std::string owner;     // USER[:GROUP]; empty: the account that the VDB's server runs as
  fs::path place;        // where the directory will lie on its server
  uint16_t port = 3306;  // that the server will have

  bool toStdout() const;
};
ExportRequest exportRequest(const Parameters& parameters);

// Writes <output>/{data,log,tmp,my.cnf,README}: a data directory without the VDB's identity, keys and
// binary logs, and a my.cnf that names nothing but `place`; or the same as a tar; or a dump. It appears under
// its name when it is whole and on the disk; a failure or a signal leaves nothing. The VDB is as it was
// afterwards.
//
// A running VDB is copied hot, by its own server's CLONE LOCAL: Error{preflight} names what that cannot take
// (tables of other engines, encryption, versions before 8.0.17). Cold stops it cleanly, for as long as the
// files are copied, and starts it again. A target that holds something is refused with Error{usage}, too
// little space with Error{noSpace}.
Output exportVdb(const ExportRequest& request);
// The steps of exportVdb(), after its checks; changes nothing.
StepList planExport(const ExportRequest& request);

}  // namespace dlpx
