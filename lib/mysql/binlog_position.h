#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "mysql/gtid_set.h"

namespace dlpx {

// A place in one server's binary log. Order: the file's number ("mysql-bin.000009" < "mysql-bin.000010", also
// past 999999), then the offset. Only positions of one server with one base name can be compared; others
// compare as unordered.
struct BinlogPosition {
  std::string file;
  uint64_t position = 0;

  // "mysql-bin.000012:4711"
  std::string text() const { return file + ":" + std::to_string(position); }

  friend bool operator==(const BinlogPosition&, const BinlogPosition&) = default;
  friend std::partial_ordering operator<=>(const BinlogPosition& a, const BinlogPosition& b);
};

// Where replication starts: what a backup or a clone holds of its source.
struct Coordinates {
  GtidSet gtids;                           // executed on the source
  std::optional<BinlogPosition> position;  // the same point, as file and offset
  bool usesGtid = false;                   // gtid_mode=ON: auto-position is to be used

  // "GTID set …" or "file:position", for messages.
  std::string text() const;
};

}  // namespace dlpx
