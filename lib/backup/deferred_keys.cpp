#include "backup/deferred_keys.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"

namespace dlpx {
namespace {

struct Part {
  enum class Kind { column, primary, unique, key, otherKey, foreignKey, check };
  Kind kind = Kind::column;
  std::string text;
  std::vector<std::string> columns;  // of a key; empty when it is not made of plain columns alone
  bool later = false;
};

// The text between the outer parentheses, cut at its commas, and what stands before and after.
struct Anatomy {
  std::string head;
  std::vector<std::string> parts;
  std::string tail;
};

bool dissect(std::string_view text, SqlReading reading, Anatomy& result) {
  // Conditional comments inside the columns or options (/*!50100 PARTITION BY …) are not for us.
  if (text.find("/*") != std::string_view::npos) return false;
  SqlLexer lexer(text, reading);
  unsigned depth = 0;
  size_t begin = 0;
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.isSymbol('(') && ++depth == 1) {
      result.head = text.substr(0, token.begin + 1);
      begin = token.begin + 1;
    } else if (depth == 1 && (token.isSymbol(',') || token.isSymbol(')'))) {
      result.parts.push_back(trim(text.substr(begin, token.begin - begin)));
      begin = token.begin + 1;
      if (token.isSymbol(')')) {
        result.tail = text.substr(token.begin);
        return true;
      }
    } else if (token.isSymbol(')')) {
      --depth;
    }
  }
  return false;
}

// (`a`,`b`(10) DESC) → a, b; empty for anything else.
std::vector<std::string> plainColumns(SqlLexer& lexer) {
  std::vector<std::string> columns;
  if (!lexer.next().isSymbol('(')) return {};
  for (;;) {
    const SqlToken column = lexer.next();
    if (column.kind != SqlToken::Kind::identifier) return {};
    columns.push_back(toLower(column.text()));
    SqlToken token = lexer.next();
    if (token.isSymbol('(')) {
      lexer.next();
      if (!lexer.next().isSymbol(')')) return {};
      token = lexer.next();
    }
    if (token.is("DESC") || token.is("ASC")) token = lexer.next();
    if (token.isSymbol(')')) return columns;
    if (!token.isSymbol(',')) return {};
  }
}

// What may follow a key's columns: USING BTREE, COMMENT '…', KEY_BLOCK_SIZE=n.
bool isPlainEnd(SqlLexer& lexer) {
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.is("USING")) {
      if (!lexer.next().is("BTREE")) return false;
    } else if (token.is("COMMENT")) {
      if (lexer.next().kind != SqlToken::Kind::string) return false;
    } else if (token.is("KEY_BLOCK_SIZE")) {
      lexer.next();
      lexer.next();
    } else {
      return false;
    }
  }
  return true;
}

// False for what is not understood.
bool readPart(const std::string& text, SqlReading reading, Part& part) {
  part.text = text;
  SqlLexer lexer(text, reading);
  const SqlToken first = lexer.peek();
  if (first.kind == SqlToken::Kind::identifier) {
    part.kind = Part::Kind::column;
    return true;
  }
  if (lexer.take({"PRIMARY", "KEY"})) {
    part.kind = Part::Kind::primary;
    part.columns = plainColumns(lexer);
    return true;
  }
  if (lexer.take({"FULLTEXT"}) || lexer.take({"SPATIAL"})) {
    part.kind = Part::Kind::otherKey;
    return true;
  }
  if (lexer.take({"CONSTRAINT"})) {
    lexer.next();
    if (lexer.take({"CHECK"})) {
      part.kind = Part::Kind::check;
      return true;
    }
    if (!lexer.take({"FOREIGN", "KEY"})) return false;
    part.kind = Part::Kind::foreignKey;
    part.columns = plainColumns(lexer);
    return !part.columns.empty();
  }
  part.kind = lexer.take({"UNIQUE"}) ? Part::Kind::unique : Part::Kind::key;
  if (!lexer.take({"KEY"}) || lexer.next().kind != SqlToken::Kind::identifier) return false;
  part.columns = plainColumns(lexer);
  if (!part.columns.empty() && !isPlainEnd(lexer)) part.columns.clear();
  return true;
}

bool isPlainInnoDb(const std::string& tail, SqlReading reading) {
  static const std::set<std::string> known{"ENGINE",           "INNODB",
                                           "AUTO_INCREMENT",   "DEFAULT",
                                           "CHARSET",          "COLLATE",
                                           "ROW_FORMAT",       "COMMENT",
                                           "STATS_PERSISTENT", "STATS_AUTO_RECALC",
                                           "KEY_BLOCK_SIZE",   "STATS_SAMPLE_PAGES",
                                           "DYNAMIC",          "COMPACT",
                                           "COMPRESSED",       "REDUNDANT"};
  SqlLexer lexer(std::string_view(tail).substr(1), reading);
  bool innodb = false;
  bool value = false;
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    if (token.is("INNODB")) innodb = true;
    std::string upper = token.text();
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (!token.isSymbol('=') && !value && !known.contains(upper)) return false;
    value = token.isSymbol('=');
  }
  return innodb;
}

// Columns that are generated or AUTO_INCREMENT, by lower-case name.
struct SpecialColumns {
  std::set<std::string> generated;
  std::string automatic;
};

SpecialColumns specialColumns(const std::vector<Part>& parts, SqlReading reading) {
  SpecialColumns result;
  for (const Part& part : parts) {
    if (part.kind != Part::Kind::column) continue;
    SqlLexer lexer(part.text, reading);
    const std::string name = toLower(lexer.next().text());
    for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
      if (token.is("GENERATED") || token.is("AS")) result.generated.insert(name);
      if (token.is("AUTO_INCREMENT")) result.automatic = name;
    }
  }
  return result;
}

void choose(std::vector<Part>& parts, SqlReading reading) {
  const SpecialColumns special = specialColumns(parts, reading);
  std::set<std::string> needed;  // keys that begin with these stay
  if (!special.automatic.empty()) needed.insert(special.automatic);
  for (const Part& part : parts) {
    if (part.kind == Part::Kind::foreignKey) needed.insert(part.columns.front());
    if (part.kind == Part::Kind::primary && !part.columns.empty() &&
        part.columns.front() == special.automatic)
      needed.erase(special.automatic);
  }
  for (const Part& part : parts)
    if (part.kind == Part::Kind::foreignKey) needed.insert(part.columns.front());
  bool uniqueMayGo = true;
  bool keyMayGo = true;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const bool unique = part->kind == Part::Kind::unique;
    if (!unique && part->kind != Part::Kind::key && part->kind != Part::Kind::otherKey) continue;
    bool& mayGo = unique ? uniqueMayGo : keyMayGo;
    const bool plain =
        !part->columns.empty() && !needed.contains(part->columns.front()) &&
        std::none_of(part->columns.begin(), part->columns.end(),
                     [&](const std::string& column) { return special.generated.contains(column); });
    // Full-text keys stand last in every definition, wherever they are created.
    if (!plain && !startsWith(part->text, "FULLTEXT")) mayGo = false;
    part->later = plain && mayGo;
  }
}

}  // namespace

DeferredKeys deferKeys(std::string_view createTable, SqlReading reading) {
  DeferredKeys result{std::string(createTable), {}};
  Anatomy anatomy;
  if (!dissect(createTable, reading, anatomy) || !isPlainInnoDb(anatomy.tail, reading)) return result;
  std::vector<Part> parts(anatomy.parts.size());
  for (size_t i = 0; i < parts.size(); ++i)
    if (!readPart(anatomy.parts[i], reading, parts[i])) return result;
  choose(parts, reading);
  std::vector<std::string> kept;
  std::vector<std::string> later;
  for (const Part& part : parts) {
    if (part.later)
      later.push_back("ADD " + part.text);
    else
      kept.push_back(part.text);
  }
  if (later.empty()) return result;
  return {anatomy.head + "\n  " + join(kept, ",\n  ") + "\n" + anatomy.tail, join(later, ", ")};
}

}  // namespace dlpx
