#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backup/dump_stream.h"
#include "backup/source_snapshot.h"

namespace dlpx {

// A mysqldump of whole databases, with all that is in them, whose snapshot is exactly at the coordinates.
struct BegunDump {
  std::unique_ptr<DumpReader> dump;  // none: there are no databases
  Coordinates coordinates;
};

// `Request` has installation, source, databases, deadline and limits; `leftOut` are not in the dump. Throws
// as takeSnapshots() and DumpReader::waitForSnapshot() do.
template <typename Request>
BegunDump beginDump(const Request& request, const std::vector<TableName>& leftOut) {
  BegunDump begun;
  const std::vector<std::string> arguments = wholeDumpArguments(request.databases);
  const auto open = [&](const Deadline& deadline) {
    begun.dump.reset();
    if (request.databases.empty()) return;
    begun.dump = std::make_unique<DumpReader>(request.installation, request.source, leftOut, arguments);
    begun.dump->waitForSnapshot(deadline);
  };
  begun.coordinates =
      takeSnapshots(request.source, request.databases, open, request.deadline, request.limits);
  return begun;
}

}  // namespace dlpx
