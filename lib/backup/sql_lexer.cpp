#include "backup/sql_lexer.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace dlpx {
namespace {

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool isWordByte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalnum(u) != 0 || c == '_' || c == '$' || u >= 0x80;
}

char upper(char c) {
  return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

char escaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

SqlReading::DoubleByte doubleByteOf(const std::string& charset) {
  using enum SqlReading::DoubleByte;
  if (charset == "sjis" || charset == "cp932") return sjis;
  if (charset == "gbk" || charset == "gb18030") return gbk;
  return charset == "big5" ? big5 : none;
}

}  // namespace

bool SqlReading::isLetter(unsigned char first, unsigned char second) const {
  const bool trail = (second >= 0x40 && second <= 0x7e) || (second >= 0x80 && second <= 0xfe);
  switch (doubleByte) {
    case DoubleByte::none:
      return false;
    case DoubleByte::sjis:
      return ((first >= 0x81 && first <= 0x9f) || (first >= 0xe0 && first <= 0xfc)) && trail &&
             second <= 0xfc;
    case DoubleByte::gbk:
      return first >= 0x81 && first <= 0xfe && trail;
    case DoubleByte::big5:
      return first >= 0xa1 && first <= 0xf9 && trail;
  }
  return false;
}

bool SqlToken::is(std::string_view upperCaseWord) const {
  return kind == Kind::word && raw.size() == upperCaseWord.size() &&
         std::equal(raw.begin(), raw.end(), upperCaseWord.begin(),
                    [](char a, char b) { return upper(a) == b; });
}

std::string SqlToken::text() const {
  if (kind != Kind::string && kind != Kind::identifier) return std::string(raw);
  std::string result;
  const char quote = raw[0];
  const bool escapes = kind == Kind::string && reading.escapesIn(quote);
  for (size_t i = 1; i + 1 < raw.size(); ++i) {
    if (i + 2 < raw.size() && reading.isLetter(raw[i], raw[i + 1])) {
      result += raw[i];
      result += raw[++i];
    } else if (raw[i] == '\\' && escapes && i + 2 < raw.size()) {
      result += escaped(raw[++i]);
    } else {
      result += raw[i];
      if (raw[i] == quote) ++i;
    }
  }
  return result;
}

void SqlLexer::skip() {
  while (at_ < text_.size()) {
    const std::string_view rest = text_.substr(at_);
    if (isSpace(rest[0])) {
      ++at_;
    } else if (startsWith(rest, "/*!") || startsWith(rest, "/*+")) {
      conditional_ = true;
      for (at_ += 3; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0;) ++at_;
    } else if (startsWith(rest, "/*")) {
      const size_t end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    } else if (conditional_ && startsWith(rest, "*/")) {
      conditional_ = false;
      at_ += 2;
    } else if (rest[0] == '#' || (startsWith(rest, "--") && (rest.size() == 2 || isSpace(rest[2])))) {
      const size_t end = text_.find('\n', at_);
      at_ = end == std::string_view::npos ? text_.size() : end;
    } else {
      return;
    }
  }
}

SqlToken SqlLexer::quoted(char quote) {
  const size_t begin = at_++;
  while (at_ < text_.size()) {
    if (at_ + 1 < text_.size() && reading_.isLetter(text_[at_], text_[at_ + 1])) {
      at_ += 2;
    } else if (text_[at_] == '\\' && reading_.escapesIn(quote)) {
      at_ += 2;
    } else if (text_[at_++] == quote) {
      if (at_ >= text_.size() || text_[at_] != quote) break;
      ++at_;
    }
  }
  at_ = std::min(at_, text_.size());
  const bool name = quote == '`' || (quote == '"' && reading_.ansiQuotes);
  return {name ? SqlToken::Kind::identifier : SqlToken::Kind::string, text_.substr(begin, at_ - begin), begin,
          reading_};
}

SqlToken SqlLexer::next() {
  skip();
  if (at_ >= text_.size()) return {SqlToken::Kind::end, {}, text_.size()};
  const char c = text_[at_];
  if (c == '\'' || c == '"' || c == '`') return quoted(c);
  const size_t begin = at_++;
  if (!isWordByte(c)) return {SqlToken::Kind::symbol, text_.substr(begin, 1), begin};
  while (at_ < text_.size() && isWordByte(text_[at_])) ++at_;
  return {SqlToken::Kind::word, text_.substr(begin, at_ - begin), begin};
}

SqlToken SqlLexer::peek() {
  SqlLexer copy = *this;
  return copy.next();
}

bool SqlLexer::take(std::initializer_list<std::string_view> words) {
  SqlLexer copy = *this;
  for (const std::string_view word : words) {
    if (!copy.next().is(word)) return false;
  }
  *this = copy;
  return true;
}

namespace {

// @@SESSION.x, @x, GLOBAL x, x.
std::optional<SqlAssignment> target(SqlLexer& lexer) {
  using Scope = SqlAssignment::Scope;
  SqlAssignment assignment;
  SqlToken token = lexer.next();
  if (token.isSymbol('@')) {
    token = lexer.next();
    if (!token.isSymbol('@')) {
      if (token.kind == SqlToken::Kind::end || token.kind == SqlToken::Kind::symbol) return std::nullopt;
      return SqlAssignment{Scope::user, toLower(token.text()), {}};
    }
    token = lexer.next();
  }
  const auto scope = [&]() -> std::optional<Scope> {
    if (token.is("SESSION") || token.is("LOCAL")) return Scope::session;
    if (token.is("GLOBAL")) return Scope::global;
    if (token.is("PERSIST") || token.is("PERSIST_ONLY")) return Scope::persist;
    return std::nullopt;
  }();
  if (scope) {
    assignment.scope = *scope;
    if (lexer.peek().isSymbol('.')) lexer.next();
    token = lexer.next();
    while (token.isSymbol('@') || token.isSymbol('.')) token = lexer.next();
  }
  if (!token.isName()) return std::nullopt;
  assignment.name = toLower(token.text());
  return assignment;
}

// To the next comma outside parentheses.
std::string valueText(SqlLexer& lexer, std::string_view statement) {
  // From here, not from the first token: that one may stand in a conditional comment of its own.
  const size_t begin = lexer.position();
  size_t end = begin;
  unsigned depth = 0;
  for (SqlToken token = lexer.peek(); token.kind != SqlToken::Kind::end; token = lexer.peek()) {
    if (depth == 0 && token.isSymbol(',')) break;
    if (token.isSymbol('(')) ++depth;
    if (token.isSymbol(')') && depth > 0) --depth;
    lexer.next();
    end = lexer.position();
  }
  return trim(statement.substr(begin, end - begin));
}

}  // namespace

std::optional<std::vector<SqlAssignment>> parseSet(std::string_view statement, SqlReading reading) {
  SqlLexer lexer(statement, reading);
  if (!lexer.take({"SET"})) return std::nullopt;
  std::vector<SqlAssignment> result;
  do {
    if (lexer.take({"NAMES"}) || lexer.take({"CHARACTER", "SET"}) || lexer.take({"CHARSET"})) {
      result.push_back({SqlAssignment::Scope::session, "names", valueText(lexer, statement)});
      continue;
    }
    auto assignment = target(lexer);
    if (!assignment) return std::nullopt;
    if (lexer.peek().isSymbol(':')) lexer.next();
    if (!lexer.next().isSymbol('=')) return std::nullopt;
    assignment->value = valueText(lexer, statement);
    result.push_back(std::move(*assignment));
  } while (lexer.next().isSymbol(','));
  return result;
}

void SqlReadingTracker::observe(std::string_view statement) {
  if (statement.size() > 65536) return;
  const auto assignments = parseSet(statement, reading_);
  if (!assignments) return;
  for (const SqlAssignment& assignment : *assignments) observe(assignment);
}

void SqlReadingTracker::observe(const SqlAssignment& assignment) {
  SqlLexer lexer(assignment.value, reading_);
  SqlToken value = lexer.next();
  if (assignment.scope == SqlAssignment::Scope::user) {
    std::erase_if(saved_, [&](const auto& entry) { return entry.first == assignment.name; });
    saved_.emplace_back(assignment.name, reading_);
    return;
  }
  const bool mode = assignment.name == "sql_mode";
  const bool charset = assignment.name == "names" || assignment.name == "character_set_client";
  if (assignment.scope != SqlAssignment::Scope::session || (!mode && !charset)) return;
  SqlReading wanted;
  if (value.isSymbol('@')) {
    value = lexer.next();
    const std::string name = toLower(value.text());
    const auto found =
        std::find_if(saved_.begin(), saved_.end(), [&](const auto& entry) { return entry.first == name; });
    if (found != saved_.end()) wanted = found->second;
  } else {
    const std::string text = toLower(value.text());
    wanted.backslashEscapes = text.find("no_backslash_escapes") == std::string::npos;
    wanted.ansiQuotes = text.find("ansi") != std::string::npos;
    wanted.doubleByte = doubleByteOf(text);
  }
  if (mode) {
    reading_.backslashEscapes = wanted.backslashEscapes;
    reading_.ansiQuotes = wanted.ansiQuotes;
  } else {
    reading_.doubleByte = wanted.doubleByte;
  }
}

}  // namespace dlpx
