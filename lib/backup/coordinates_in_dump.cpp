#include "backup/coordinates_in_dump.h"

#include <cstdlib>

#include "base/text.h"

namespace dlpx {
namespace {

bool mentions(std::string_view text) {
  const std::string lower = toLower(text.substr(0, 1024 * 1024));
  return lower.find("gtid_purged") != std::string::npos || lower.find("change master") != std::string::npos ||
         lower.find("change replication source") != std::string::npos;
}

// The statement that a comment hides: marks of every line, and of the block, removed.
std::string uncommented(std::string_view comment) {
  std::string text = trim(comment);
  if (startsWith(text, "--")) return trim(std::string_view(text).substr(2));
  if (startsWith(text, "#")) return trim(std::string_view(text).substr(1));
  if (startsWith(text, "/*")) text = text.substr(2, text.size() >= 4 ? text.size() - 4 : 0);
  text = trim(text);
  // Conditional comments cannot be nested in a comment, so mysqldump puts the plus sign inside the quotes.
  return endsWith(text, ";") ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

bool CoordinatesInDump::observe(const SqlPiece& piece) {
  if (piece.kind == SqlPiece::Kind::statement) {
    return piece.text.size() < 16 * 1024 * 1024 && statement(piece.text, false);
  }
  return mentions(piece.text) && statement(uncommented(piece.text), true);
}

bool CoordinatesInDump::statement(std::string_view text, bool commented) {
  SqlLexer lexer(text);
  std::string name;
  if (lexer.take({"SET"})) {
    const auto assignments = parseSet(text);
    if (!assignments) return false;
    for (const SqlAssignment& assignment : *assignments) {
      if (assignment.scope != SqlAssignment::Scope::global || assignment.name != "gtid_purged") continue;
      std::string set;
      SqlLexer value(assignment.value);
      for (SqlToken token = value.next(); token.kind != SqlToken::Kind::end; token = value.next())
        if (token.text() != "+") set += token.text();
      if (startsWith(set, "+")) set.erase(0, 1);
      found_.gtids.add(GtidSet::parse(replaceAll(set, "\n", "")));
      gtids_ = true;
      name = "GTID_PURGED";
    }
    if (name.empty()) return false;
  } else if (lexer.take({"CHANGE", "MASTER", "TO"})) {
    name = "CHANGE MASTER";
  } else if (lexer.take({"CHANGE", "REPLICATION", "SOURCE", "TO"})) {
    name = "CHANGE REPLICATION SOURCE";
  } else {
    return false;
  }
  BinlogPosition position;
  for (SqlToken token = lexer.next(); token.kind != SqlToken::Kind::end; token = lexer.next()) {
    const bool file = token.is("MASTER_LOG_FILE") || token.is("SOURCE_LOG_FILE");
    const bool offset = token.is("MASTER_LOG_POS") || token.is("SOURCE_LOG_POS");
    if ((!file && !offset) || !lexer.next().isSymbol('=')) continue;
    const std::string value = lexer.next().text();
    if (file) position.file = value;
    if (offset) position.position = std::strtoull(value.c_str(), nullptr, 10);
  }
  if (!position.file.empty()) found_.position = position;
  from_ += (from_.empty() ? "" : ", ") + name + (commented ? " (commented)" : "");
  return true;
}

std::optional<Coordinates> CoordinatesInDump::coordinates() const {
  if (!gtids_ && !found_.position) return std::nullopt;
  Coordinates result = found_;
  result.usesGtid = gtids_;
  return result;
}

}  // namespace dlpx
