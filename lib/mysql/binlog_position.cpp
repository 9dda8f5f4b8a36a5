#include "mysql/binlog_position.h"

#include <algorithm>

namespace dlpx {

namespace {

struct FileName {
  std::string base;
  std::string number;  // without leading zeros
};

FileName parts(const std::string& file) {
  const size_t dot = file.rfind('.');
  if (dot == std::string::npos) return {file, {}};
  std::string number = file.substr(dot + 1);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return {file, {}};
  number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
  return {file.substr(0, dot), number};
}

}  // namespace

std::partial_ordering operator<=>(const BinlogPosition& a, const BinlogPosition& b) {
  const FileName left = parts(a.file);
  const FileName right = parts(b.file);
  if (left.base != right.base) return std::partial_ordering::unordered;
  if (left.number.size() != right.number.size()) return left.number.size() <=> right.number.size();
  if (const int order = left.number.compare(right.number); order != 0) return order <=> 0;
  return a.position <=> b.position;
}

std::string Coordinates::text() const {
  if (usesGtid || !position) return gtids.empty() ? "no GTIDs" : "GTID set " + gtids.text();
  return position->text();
}

}  // namespace dlpx
