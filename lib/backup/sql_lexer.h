#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

// How the server reads text at this point of a script: what `SET sql_mode` and `SET NAMES` say.
struct SqlReading {
  bool backslashEscapes = true;  // false with NO_BACKSLASH_ESCAPES
  bool ansiQuotes = false;       // "x" is an identifier
  // Character sets in which a letter's second byte may be a backslash or a quote.
  enum class DoubleByte { none, sjis, gbk, big5 };
  DoubleByte doubleByte = DoubleByte::none;

  // Whether a backslash escapes inside this quote.
  bool escapesIn(char quote) const {
    return quote == '\'' ? backslashEscapes : quote == '"' && backslashEscapes && !ansiQuotes;
  }
  // Whether these two bytes are one letter.
  bool isLetter(unsigned char first, unsigned char second) const;
};

struct SqlToken {
  enum class Kind { end, word, identifier, string, symbol };
  Kind kind = Kind::end;
  std::string_view raw;  // as written, quotes included
  size_t begin = 0;      // offset in the statement
  SqlReading reading{};  // that it was read with

  // A bare word, without case.
  bool is(std::string_view upperCaseWord) const;
  bool isSymbol(char c) const { return kind == Kind::symbol && raw[0] == c; }
  bool isName() const { return kind == Kind::word || kind == Kind::identifier; }
  // The name of an identifier or word, the value of a string: quotes and escapes resolved.
  std::string text() const;
};

// The tokens of one statement. Comments are skipped; what stands in conditional comments (/*!50003 … */)
// counts as if it stood alone. Numbers are words.
class SqlLexer {
 public:
  explicit SqlLexer(std::string_view statement, SqlReading reading = {})
      : text_(statement), reading_(reading) {}

  SqlToken next();
  SqlToken peek();
  // Consumes the words when all of them follow, else nothing.
  bool take(std::initializer_list<std::string_view> words);
  size_t position() const { return at_; }

 private:
  void skip();
  SqlToken quoted(char quote);

  std::string_view text_;
  SqlReading reading_;
  size_t at_ = 0;
  bool conditional_ = false;
};

// One part of a SET statement.
struct SqlAssignment {
  enum class Scope { session, global, persist, user };
  Scope scope = Scope::session;
  std::string name;   // lower case, "sql_mode", "names", "old_sql_mode" for @OLD_SQL_MODE
  std::string value;  // as written
};

// The assignments of a SET statement for variables; nothing for any other statement, also for SET PASSWORD,
// SET ROLE, SET TRANSACTION.
std::optional<std::vector<SqlAssignment>> parseSet(std::string_view statement, SqlReading reading = {});

// Follows a script's SET statements.
class SqlReadingTracker {
 public:
  const SqlReading& reading() const { return reading_; }
  void observe(std::string_view statement);

 private:
  void observe(const SqlAssignment& assignment);

  SqlReading reading_;
  std::vector<std::pair<std::string, SqlReading>> saved_;  // by user variable
};

}  // namespace dlpx
