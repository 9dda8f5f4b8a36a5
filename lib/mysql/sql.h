#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"

namespace dlpx {

// Quoting that is right in every session that Session opened, and in an init-file that begins with
// neutralSqlMode: NO_BACKSLASH_ESCAPES and ANSI_QUOTES off, character set utf8mb4. (No form of a string
// literal is right with and without NO_BACKSLASH_ESCAPES: hex literals are, but IDENTIFIED BY and CHANGE
// REPLICATION SOURCE do not take them. So the mode is ours.) A quoted value never holds a newline: it fits
// into the one line that a statement has in an init-file.

// The statement that makes quoting right: SET SESSION sql_mode = 'STRICT_ALL_TABLES,…'.
extern const std::string_view neutralSqlMode;

// 'it''s' with quotes doubled, and \, NUL, newline, return and Ctrl-Z escaped.
std::string quoteString(std::string_view value);

// `name` with backticks doubled. A dot stays inside: it is one part. Throws Error{usage} for an empty name,
// NUL and 4-byte characters (the server would silently make "?" of them).
std::string quoteIdentifier(std::string_view name);

// 'user'@'host'; an empty user is the anonymous one. Throws Error{usage} as quoteIdentifier.
std::string quoteAccount(std::string_view user, std::string_view host);

// 0x… for bytes of a column, right in every sql_mode; '' when empty.
std::string hexLiteral(std::string_view bytes);

// A pattern for LIKE that matches `text` only, not quoted yet.
std::string escapeLike(std::string_view text);

// The text with % and _ escaped, quoted as an identifier: a database in GRANT … ON `my\_db`.*
std::string quoteGrantDatabase(std::string_view name);

// What may stand for ? (a value) or ! (an identifier) in a template.
class SqlArgument {
 public:
  SqlArgument(std::string_view text) : kind_(Kind::text), text_(text) {}
  SqlArgument(const char* text) : SqlArgument(std::string_view(text)) {}
  SqlArgument(const std::string& text) : SqlArgument(std::string_view(text)) {}
  SqlArgument(const Secret& secret) : SqlArgument(std::string_view(secret.reveal())) {}
  SqlArgument(std::nullptr_t) : kind_(Kind::literal), text_("NULL") {}
  SqlArgument(bool value) : kind_(Kind::literal), text_(value ? "1" : "0") {}
  template <std::integral Number>
  SqlArgument(Number value) : kind_(Kind::literal), text_(std::to_string(value)) {}
  SqlArgument(double value);
  SqlArgument(const std::optional<std::string>& value);
  // A list, separated by commas: IN (?), FOR DATABASES (!). Must not be empty.
  SqlArgument(const std::vector<std::string>& list) : kind_(Kind::list), list_(list) {}

  // Throws Error{internal} for what does not fit.
  std::string asValue() const;
  std::string asIdentifier() const;

 private:
  enum class Kind { text, literal, list };

  Kind kind_;
  std::string text_;
  std::vector<std::string> list_;
};

// The template with each ? replaced by a quoted value and each ! by a quoted identifier, in order. Both stand
// for themselves inside quotes; != and a ! before a parenthesis or space are operators. Throws
// Error{internal} when the counts differ.
std::string formatSql(std::string_view text, std::initializer_list<SqlArgument> arguments);

template <typename... Arguments>
std::string sql(std::string_view text, const Arguments&... arguments) {
  return formatSql(text, {SqlArgument(arguments)...});
}

}  // namespace dlpx
