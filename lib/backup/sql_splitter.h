#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backup/sql_lexer.h"

namespace dlpx {

struct SqlPiece {
  enum class Kind { statement, comment };  // a comment between statements, its marks included
  Kind kind = Kind::statement;
  std::string text;  // without the delimiter
  uint64_t line = 1;
  bool terminated = true;  // false: the script ended before the statement's delimiter came
};

// Splits a script into statements as the mysql client does, wherever the chunks that it is fed are cut:
// DELIMITER, strings, identifiers, comments, and conditional comments, inside which nothing ends a statement.
// Follows sql_mode and character set, on which the meaning of backslashes and quotes depends. Keeps one
// statement in memory, and not even a copy of a large one.
class SqlSplitter {
 public:
  SqlSplitter();

  void feed(std::string_view bytes);
  // No more bytes will come.
  void finish() { ended_ = true; }
  // The next piece; nothing when more bytes are needed, or at the end.
  std::optional<SqlPiece> next();

  // How the last piece is to be read.
  const SqlReading& reading() const { return tracker_.reading(); }
  // Bytes that are not handed out yet.
  size_t pending() const { return buffer_.size() - start_; }

 private:
  enum class State { between, statement, quoted, lineComment, blockComment };
  enum class Step { more, again, piece };

  Step between();
  Step inStatement();
  Step inQuotes();
  Step inLineComment();
  Step inBlockComment();
  Step delimiterCommand();
  // Room to look ahead.
  bool has(size_t bytes) const { return at_ + bytes <= buffer_.size(); }
  // The byte at a distance, 0 past the end.
  char byte(size_t distance) const { return has(distance + 1) ? buffer_[at_ + distance] : '\0'; }
  bool beginsWith(std::string_view text) const;
  // True when the decision about what begins here needs bytes that have not come.
  bool undecided(size_t bytes) const { return !ended_ && !has(bytes); }
  bool startsLineComment() const;
  void pass(size_t bytes);
  std::optional<SqlPiece> cut(bool whole);
  void markStops();

  std::string buffer_;
  size_t start_ = 0;  // of the piece
  size_t at_ = 0;
  uint64_t line_ = 1;
  uint64_t pieceLine_ = 1;
  State state_ = State::between;
  char quote_ = 0;
  bool conditional_ = false;
  bool inStatement_ = false;  // a comment that we are in belongs to a statement
  bool ended_ = false;
  std::string delimiter_ = ";";
  std::array<bool, 256> stops_{};  // bytes at which a statement must be looked at
  SqlReadingTracker tracker_;
};

}  // namespace dlpx
