#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "mysql/option_file.h"
#include "server/instance.h"

namespace dlpx {

// The empty data directory of a new server. What `mysqld --initialize-insecure` makes takes seconds of CPU,
// and is the same for the same binary and settings. So it is kept, packed, in fresh-data/ beside the registry
// (one file of a few MB for each, the last four that were used), and the next server's is unpacked from
// there, as MySQL's own mysql-test-run.pl copies one to all its servers. In what is kept there is no account
// of ours, no server UUID, no key and no certificate.
struct FreshData {
  std::vector<std::string> options;  // of `mysqld --initialize-insecure`, beyond my.cnf
  std::string firstStatements;       // accounts; one a line
  Deadline deadline;
};

// Makes it in the instance's empty data directory, with all other files of the mount in place. Returns the
// statements that its first start has to run (Instance::Start::initStatements): all of them, or none where
// mysqld ran them as it made the directory. Throws what Instance::initialise() does, and Error{noSpace}.
[[nodiscard]] std::string makeFreshData(const Instance& instance, const FreshData& request);

// What a kept directory is good for: this binary (known_versions::stampOf), these options, these settings but
// for places, port and ids. Nothing where it must be made anew: servers before 8.0, and settings by which
// code is loaded (but CLONE's) or that name a key ring.
std::optional<std::string> freshDataKey(const Version& version, const std::string& stamp,
                                        const std::vector<std::string>& options, const OptionFile& settings);

}  // namespace dlpx
