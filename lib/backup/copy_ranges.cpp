#include "backup/copy_ranges.h"

#include <algorithm>
#include <optional>

namespace dlpx {
namespace {

constexpr size_t mostPieces = 2000;

bool isInteger(const CopyColumn& column) {
  return column.type == "bigint" || column.type == "int" || column.type == "mediumint" ||
         column.type == "smallint" || column.type == "tinyint";
}

bool isText(const CopyColumn& column) {
  return column.type == "char" || column.type == "varchar";
}

bool isBytes(const CopyColumn& column) {
  return column.type == "binary" || column.type == "varbinary";
}

bool isTime(const CopyColumn& column) {
  return column.type == "date" || column.type == "datetime" || column.type == "timestamp";
}

// Integers as numbers in the order of the column's values.
class Integers {
 public:
  explicit Integers(bool isUnsigned) : flip_(isUnsigned ? 0 : 1ULL << 63) {}
  uint64_t parse(const std::string& text) const {
    return flip_ == 0 ? std::stoull(text) : static_cast<uint64_t>(std::stoll(text)) ^ flip_;
  }
  std::string text(uint64_t place) const {
    return flip_ == 0 ? std::to_string(place) : std::to_string(static_cast<int64_t>(place ^ flip_));
  }

 private:
  uint64_t flip_;
};

// Halves a range of integers as long as the optimizer expects too many rows in it: it looks into the index,
// so that gaps and outliers cost a few questions and no scan.
class Halving {
 public:
  Halving(Session& source, const CopyTable& table, uint64_t wantedRows)
      : source_(source),
        table_(table),
        column_(quoteIdentifier(table.rangeColumn()->name)),
        integers_(table.rangeColumn()->isUnsigned),
        wanted_(wantedRows) {}

  // Where pieces but the first begin, ascending.
  std::vector<std::string> run() {
    const Rows rows = source_.query(
        std::string_view("SELECT MIN(" + column_ + "), MAX(" + column_ + ") FROM " + table_.name.quoted()));
    if (!rows.at(0)[0] || !rows.at(0)[1]) return {};
    halve(integers_.parse(*rows[0][0]), integers_.parse(*rows[0][1]));
    return std::move(begins_);
  }

 private:
  void halve(uint64_t low, uint64_t high) {
    if (low >= high || begins_.size() >= mostPieces || expected(low, high) <= wanted_ + wanted_ / 2) return;
    const uint64_t middle = low + (high - low) / 2;
    halve(low, middle);
    begins_.push_back(integers_.text(middle + 1));
    halve(middle + 1, high);
  }

  // Not FORCE INDEX: with it the optimizer (8.0 and newer) spares the look into the index and says 1.
  uint64_t expected(uint64_t low, uint64_t high) {
    const Rows rows = source_.query(std::string_view(
        "EXPLAIN FORMAT=TRADITIONAL SELECT * FROM " + table_.name.quoted() + " USE INDEX (PRIMARY) WHERE " +
        column_ + " BETWEEN " + integers_.text(low) + " AND " + integers_.text(high)));
    return rows.empty() ? 0 : rows[0].number("rows");
  }

  Session& source_;
  const CopyTable& table_;
  std::string column_;
  Integers integers_;
  uint64_t wanted_;
  std::vector<std::string> begins_;
};

std::string literal(const CopyColumn& column, const std::string& value) {
  if (isTime(column)) return quoteString(value);
  const std::string bytes = value.empty() ? "X''" : hexLiteral(value);
  return isText(column) ? "_" + column.characterSet + " " + bytes : bytes;
}

// Walks through the index in strides: one scan of it, without its rows being sent.
std::vector<std::string> strides(Session& source, const CopyTable& table, uint64_t wantedRows) {
  const CopyColumn& column = *table.rangeColumn();
  const std::string name = quoteIdentifier(column.name);
  std::vector<std::string> begins;
  while (begins.size() < mostPieces) {
    std::string statement = "SELECT " + name + " FROM " + table.name.quoted() + " FORCE INDEX (PRIMARY)";
    if (!begins.empty()) statement += " WHERE " + name + " > " + begins.back();
    statement += " ORDER BY " + name + " LIMIT 1 OFFSET " + std::to_string(wantedRows);
    const auto value = source.value(std::string_view(statement));
    if (!value) break;
    begins.push_back(literal(column, *value));
  }
  return begins;
}

std::vector<std::string> conditions(const std::string& column, const std::vector<std::string>& begins) {
  if (begins.empty()) return {""};
  std::vector<std::string> result{column + " < " + begins.front()};
  for (size_t i = 0; i + 1 < begins.size(); ++i) {
    std::string range = column + " >= " + begins[i];
    range += " AND " + column + " < " + begins[i + 1];
    result.push_back(range);
  }
  result.push_back(column + " >= " + begins.back());
  return result;
}

}  // namespace

std::vector<std::string> rangesOf(Session& source, const CopyTable& table, uint64_t pieceBytes) {
  const CopyColumn* const column = table.rangeColumn();
  if (column == nullptr || table.bytes < 2 * pieceBytes || table.rows < 100) return {""};
  const uint64_t wantedRows = std::max<uint64_t>(1, table.rows / (table.bytes / pieceBytes));
  std::vector<std::string> begins;
  if (isInteger(*column)) {
    begins = Halving(source, table, wantedRows).run();
  } else if (isText(*column) || isBytes(*column) || isTime(*column)) {
    begins = strides(source, table, wantedRows);
  }
  return conditions(quoteIdentifier(column->name), begins);
}

}  // namespace dlpx
