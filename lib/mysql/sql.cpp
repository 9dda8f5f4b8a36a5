#include "mysql/sql.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace dlpx {

const std::string_view neutralSqlMode =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'";

namespace {

Error misuse(const std::string& problem) {
  return Error(ExitCode::internal, problem);
}

void checkName(std::string_view name, const char* what) {
  if (name.find('\0') != std::string_view::npos)
    throw Error(ExitCode::usage, fmt::format("{} holds a NUL byte", what), "Give a name without it.");
  for (const char c : name) {
    // The first byte of a 4-byte UTF-8 sequence.
    if ((static_cast<unsigned char>(c) & 0xf8) == 0xf0)
      throw Error(ExitCode::usage,
                  fmt::format("{} '{}' holds a character outside Unicode's basic plane, which MySQL's names "
                              "cannot hold",
                              what, name),
                  "Choose a name without emoji and rare characters.");
  }
}

template <typename Quote>
std::string joined(const std::vector<std::string>& list, Quote quote) {
  if (list.empty()) throw misuse("an empty list is given to an SQL template");
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + quote(item);
  return text;
}

// Copies a quoted part of the template, which begins at `at`, and moves behind it.
void copyQuoted(std::string_view text, size_t& at, std::string& out) {
  const char quote = text[at];
  out += text[at++];
  while (at < text.size()) {
    const char c = text[at];
    out += text[at++];
    if (c == '\\' && quote != '`' && at < text.size()) {
      out += text[at++];
    } else if (c == quote) {
      return;
    }
  }
}

bool isIdentifierMark(std::string_view text, size_t at) {
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  return next != '=' && next != '(';
}

}  // namespace

std::string quoteString(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    switch (c) {
      case '\'':
        out += "''";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\0':
        out += "\\0";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\x1a':
        out += "\\Z";
        break;
      default:
        out += c;
    }
  }
  return out + "'";
}

std::string quoteIdentifier(std::string_view name) {
  if (name.empty()) throw Error(ExitCode::usage, "a name is empty", "Give the name.");
  checkName(name, "the name");
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

std::string quoteAccount(std::string_view user, std::string_view host) {
  checkName(user, "the user name");
  checkName(host, "the host name");
  return quoteString(user) + "@" + quoteString(host);
}

std::string hexLiteral(std::string_view bytes) {
  if (bytes.empty()) return "''";
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out = "0x";
  out.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[c & 0xf];
  }
  return out;
}

std::string escapeLike(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string quoteGrantDatabase(std::string_view name) {
  return quoteIdentifier(escapeLike(name));
}

SqlArgument::SqlArgument(double value) : kind_(Kind::literal), text_(fmt::format("{}", value)) {
  if (!std::isfinite(value)) throw misuse("a number for SQL is not finite");
}

SqlArgument::SqlArgument(const std::optional<std::string>& value)
    : kind_(value ? Kind::text : Kind::literal), text_(value.value_or("NULL")) {}

std::string SqlArgument::asValue() const {
  switch (kind_) {
    case Kind::text:
      return quoteString(text_);
    case Kind::literal:
      return text_;
    case Kind::list:
      return joined(list_, [](const std::string& item) { return quoteString(item); });
  }
  return {};
}

std::string SqlArgument::asIdentifier() const {
  if (kind_ == Kind::literal) throw misuse("an SQL identifier is given as a number");
  if (kind_ == Kind::text) return quoteIdentifier(text_);
  return joined(list_, [](const std::string& item) { return quoteIdentifier(item); });
}

std::string formatSql(std::string_view text, std::initializer_list<SqlArgument> arguments) {
  std::string out;
  auto next = arguments.begin();
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '"' || c == '`') {
      copyQuoted(text, at, out);
      continue;
    }
    ++at;
    const bool value = c == '?';
    if (!value && !(c == '!' && isIdentifierMark(text, at - 1))) {
      out += c;
      continue;
    }
    if (next == arguments.end()) throw misuse("too few arguments for an SQL template");
    out += value ? next->asValue() : next->asIdentifier();
    ++next;
  }
  if (next != arguments.end()) throw misuse("too many arguments for an SQL template");
  return out;
}

}  // namespace dlpx
