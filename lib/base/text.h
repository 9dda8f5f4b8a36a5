#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string trim(std::string_view text);
std::string toLower(std::string_view text);
bool startsWith(std::string_view text, std::string_view prefix);
bool endsWith(std::string_view text, std::string_view suffix);
// Every occurrence of `from` replaced by `to`.
std::string replaceAll(std::string text, std::string_view from, std::string_view to);
// The last `count` lines, for an excerpt of a foreign program's output in an error.
std::string lastLines(std::string_view text, size_t count);

// "1.2 GB": decimal units, as disk vendors and df -H print them.
std::string humanBytes(uint64_t bytes);
// "850 ms", "2.3 s", "4 min 10 s", "3 h 20 min".
std::string humanDuration(double seconds);
// ISO 8601 in UTC with seconds: "2026-01-31T13:45:00Z".
std::string utcNow();

// The candidate with the smallest edit distance to `word`, or empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// A table for a terminal: columns padded to their widest cell (counted in UTF-8 characters), two spaces
// between.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Columns whose text stands to the right, counted from 0.
  void alignRight(std::vector<size_t> columns) { right_ = std::move(columns); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> right_;
};

}  // namespace dlpx
