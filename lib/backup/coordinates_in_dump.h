#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backup/sql_splitter.h"
#include "mysql/binlog_position.h"

namespace dlpx {

// Gathers where replication starts from the pieces of a dump: SET @@GLOBAL.GTID_PURGED, CHANGE MASTER TO,
// CHANGE REPLICATION SOURCE TO, live or commented out.
class CoordinatesInDump {
 public:
  // True when the piece is, or comments out, one of those statements.
  bool observe(const SqlPiece& piece);

  std::optional<Coordinates> coordinates() const;
  std::string from() const { return from_; }  // "GTID_PURGED, CHANGE MASTER (commented)"

 private:
  bool statement(std::string_view text, bool commented);

  bool gtids_ = false;
  Coordinates found_;
  std::string from_;
};

}  // namespace dlpx
