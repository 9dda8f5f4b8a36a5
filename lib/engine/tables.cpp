#include "engine/tables.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t kUsualWidth = 80;
constexpr size_t kLeastCell = 6;

bool beginsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

size_t charactersIn(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), beginsCharacter));
}

std::string shortened(const std::string& text, size_t characters) {
  if (charactersIn(text) <= characters) return text;
  std::string kept;
  size_t count = 0;
  for (const char c : text) {
    if (beginsCharacter(c) && ++count == characters) break;
    kept += c;
  }
  return kept + "…";
}

std::vector<size_t> widthsOf(const std::vector<TableRow>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const TableRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], charactersIn(row[i]));
  }
  return widths;
}

void addBelow(const std::vector<TreeNode>& nodes, const std::vector<size_t>& siblings,
              const std::string& branches, bool isRoot, std::vector<TreeLine>& lines) {
  for (const size_t node : siblings) {
    const bool last = node == siblings.back();
    lines.push_back({node, branches + (isRoot ? "" : last ? "└─ " : "├─ ") + nodes[node].name});
    std::vector<size_t> children;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].parent == nodes[node].name) children.push_back(i);
    }
    if (!children.empty())
      addBelow(nodes, children, branches + (isRoot ? "" : last ? "   " : "│  "), false, lines);
  }
}

}  // namespace

size_t terminalWidth() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long given = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
  return given > 0 && given < 10000 ? static_cast<size_t>(given) : kUsualWidth;
}

std::string ageOf(const std::string& utc, std::time_t now) {
  std::tm parts = {};
  if (strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return "-";
  const std::time_t age = std::max<std::time_t>(0, now - timegm(&parts));
  struct Unit {
    std::time_t until;
    std::time_t seconds;
    const char* name;
  };
  constexpr Unit units[] = {
      {60, 1, "s"}, {3600, 60, "min"}, {2 * 86400, 3600, "h"}, {21 * 86400, 86400, "d"}};
  for (const Unit& unit : units) {
    if (age < unit.until) return std::to_string(age / unit.seconds) + " " + unit.name;
  }
  return std::to_string(age / (7 * 86400)) + " w";
}

std::vector<TreeLine> treeOf(const std::vector<TreeNode>& nodes) {
  std::set<std::string> names;
  for (const TreeNode& node : nodes) names.insert(node.name);
  std::vector<size_t> roots;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!names.contains(nodes[i].parent)) roots.push_back(i);
  }
  std::vector<TreeLine> lines;
  addBelow(nodes, roots, "", true, lines);
  return lines;
}

std::string tableText(std::vector<TableRow> rows, const TableStyle& style, size_t width) {
  const std::vector<size_t> widths = widthsOf(rows);
  const size_t whole =
      std::accumulate(widths.begin(), widths.end(), size_t{0}) + 2 * (widths.empty() ? 0 : widths.size() - 1);
  size_t excess = whole > width ? whole - width : 0;
  for (const size_t column : style.shortening) {
    const size_t spare = widths[column] > kLeastCell ? widths[column] - kLeastCell : 0;
    const size_t less = std::min(excess, spare);
    for (TableRow& row : rows) row[column] = shortened(row[column], widths[column] - less);
    excess -= less;
  }
  TextTable table(rows.front());
  for (size_t i = 1; i < rows.size(); ++i) table.add(rows[i]);
  table.alignRight(style.right);
  return table.text();
}

}  // namespace dlpx
