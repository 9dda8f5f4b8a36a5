#include "backup/sql_splitter.h"

#include <algorithm>

#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t large = 1024 * 1024;

// MariaDB's first line, a command to its own client; the statement of a server it never is.
constexpr std::string_view sandbox = "/*!999999\\-";

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

SqlSplitter::SqlSplitter() {
  markStops();
}

void SqlSplitter::markStops() {
  stops_.fill(false);
  for (const char c : std::string_view("'\"`#-/*\n")) stops_[static_cast<unsigned char>(c)] = true;
  stops_[static_cast<unsigned char>(delimiter_[0])] = true;
  if (reading().doubleByte != SqlReading::DoubleByte::none)
    std::fill(stops_.begin() + 0x80, stops_.end(), true);
}

void SqlSplitter::feed(std::string_view bytes) {
  if (start_ > 0) {  // what is left is the beginning of one statement
    buffer_.erase(0, start_);
    at_ -= start_;
    start_ = 0;
  }
  buffer_.append(bytes);
}

bool SqlSplitter::beginsWith(std::string_view text) const {
  return std::string_view(buffer_).substr(at_, text.size()) == text;
}

bool SqlSplitter::startsLineComment() const {
  if (byte(0) == '#') return true;
  if (byte(0) != '-' || byte(1) != '-') return false;
  return !has(3) || isSpace(byte(2)) || static_cast<unsigned char>(byte(2)) < 0x20;
}

void SqlSplitter::pass(size_t bytes) {
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
  line_ += static_cast<uint64_t>(std::count(begin, begin + static_cast<std::ptrdiff_t>(bytes), '\n'));
  at_ += bytes;
}

std::optional<SqlPiece> SqlSplitter::next() {
  for (;;) {
    Step step = Step::more;
    switch (state_) {
      case State::between:
        step = between();
        break;
      case State::statement:
        step = inStatement();
        break;
      case State::quoted:
        step = inQuotes();
        break;
      case State::lineComment:
        step = inLineComment();
        break;
      case State::blockComment:
        step = inBlockComment();
        break;
    }
    if (step == Step::piece) return cut(true);
    if (step == Step::again) continue;
    if (!ended_ || state_ == State::between) return std::nullopt;
    return cut(state_ == State::lineComment && !inStatement_);
  }
}

SqlSplitter::Step SqlSplitter::between() {
  while (has(1) && isSpace(buffer_[at_])) pass(1);
  start_ = at_;
  pieceLine_ = line_;
  if (!has(1)) return Step::more;
  constexpr std::string_view command = "delimiter";
  if (undecided(std::max(sandbox.size(), delimiter_.size()))) return Step::more;
  if (beginsWith(delimiter_)) {
    pass(delimiter_.size());
    return Step::again;
  }
  if (toLower(std::string_view(buffer_).substr(at_, command.size())) == command &&
      (!has(command.size() + 1) || isSpace(byte(command.size()))))
    return delimiterCommand();
  inStatement_ = false;
  conditional_ = false;
  if (startsLineComment()) {
    state_ = State::lineComment;
  } else if (beginsWith(sandbox) || (beginsWith("/*") && byte(2) != '!' && byte(2) != '+')) {
    state_ = State::blockComment;
    at_ += 2;
  } else {
    state_ = State::statement;
    inStatement_ = true;
  }
  return Step::again;
}

SqlSplitter::Step SqlSplitter::delimiterCommand() {
  size_t end = buffer_.find('\n', at_);
  if (end == std::string::npos) {
    if (!ended_) return Step::more;
    end = buffer_.size();
  }
  std::string argument = trim(std::string_view(buffer_).substr(at_ + 9, end - at_ - 9));
  argument = argument.substr(0, argument.find_first_of(" \t"));
  if (argument.size() > 2 && (argument.front() == '\'' || argument.front() == '"') &&
      argument.back() == argument.front())
    argument = argument.substr(1, argument.size() - 2);
  if (!argument.empty()) delimiter_ = argument;
  markStops();
  pass(end - at_);
  return Step::again;
}

SqlSplitter::Step SqlSplitter::inStatement() {
  for (;;) {
    while (at_ < buffer_.size() && !stops_[static_cast<unsigned char>(buffer_[at_])]) ++at_;
    if (!has(1)) return Step::more;
    if (undecided(std::max<size_t>(3, delimiter_.size()))) return Step::more;
    const char c = buffer_[at_];
    if (has(2) && reading().isLetter(c, buffer_[at_ + 1])) {
      at_ += 2;
    } else if (!conditional_ && beginsWith(delimiter_)) {
      return Step::piece;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote_ = c;
      ++at_;
      state_ = State::quoted;
      return Step::again;
    } else if (startsLineComment()) {
      state_ = State::lineComment;
      return Step::again;
    } else if (beginsWith("/*!") || beginsWith("/*+")) {
      conditional_ = true;
      at_ += 3;
    } else if (beginsWith("/*")) {
      at_ += 2;
      state_ = State::blockComment;
      return Step::again;
    } else if (conditional_ && beginsWith("*/")) {
      conditional_ = false;
      at_ += 2;
    } else {
      pass(1);
    }
  }
}

SqlSplitter::Step SqlSplitter::inQuotes() {
  const bool escapes = reading().escapesIn(quote_);
  const bool letters = reading().doubleByte != SqlReading::DoubleByte::none;
  for (;;) {
    const size_t size = buffer_.size();
    while (at_ < size) {
      const char c = buffer_[at_];
      if (c == quote_ || c == '\\' || c == '\n' || (letters && static_cast<unsigned char>(c) >= 0x80)) break;
      ++at_;
    }
    if (at_ >= size) return Step::more;
    const char c = buffer_[at_];
    if (c == quote_) {
      ++at_;
      state_ = State::statement;
      return Step::again;
    }
    const bool two = (c == '\\' && escapes) || letters;
    if (two && undecided(2)) return Step::more;
    if (c == '\\' && escapes) {
      pass(has(2) ? 2 : 1);
    } else if (letters && has(2) && reading().isLetter(c, buffer_[at_ + 1])) {
      at_ += 2;
    } else {
      pass(1);
    }
  }
}

SqlSplitter::Step SqlSplitter::inLineComment() {
  const size_t end = buffer_.find('\n', at_);
  if (end == std::string::npos) {
    at_ = buffer_.size();
    return Step::more;
  }
  at_ = end;
  if (!inStatement_) return Step::piece;
  state_ = State::statement;
  return Step::again;
}

SqlSplitter::Step SqlSplitter::inBlockComment() {
  const size_t end = buffer_.find("*/", at_);
  if (end == std::string::npos) {
    const size_t last = buffer_.size();
    // The mark's first half may be the last byte.
    if (last > at_) pass(last - at_ - (!ended_ && buffer_.back() == '*' ? 1 : 0));
    return Step::more;
  }
  pass(end + 2 - at_);
  if (!inStatement_) return Step::piece;
  state_ = State::statement;
  return Step::again;
}

std::optional<SqlPiece> SqlSplitter::cut(bool whole) {
  SqlPiece piece;
  piece.line = pieceLine_;
  piece.kind = inStatement_ ? SqlPiece::Kind::statement : SqlPiece::Kind::comment;
  piece.terminated = whole;
  const size_t length = at_ - start_;
  size_t after = at_;
  if (piece.kind == SqlPiece::Kind::statement && piece.terminated) after += delimiter_.size();
  if (length >= large && start_ == 0 && buffer_.size() - after <= length / 2) {
    std::string rest = buffer_.substr(after);
    piece.text = std::move(buffer_);
    piece.text.resize(length);
    buffer_ = std::move(rest);
    start_ = at_ = 0;
  } else {
    piece.text = buffer_.substr(start_, length);
    start_ = at_ = after;
  }
  state_ = State::between;
  if (piece.kind == SqlPiece::Kind::statement) {
    while (!piece.text.empty() && isSpace(piece.text.back())) piece.text.pop_back();
    const auto before = reading().doubleByte;
    tracker_.observe(piece.text);
    if (reading().doubleByte != before) markStops();
  }
  return piece;
}

}  // namespace dlpx
