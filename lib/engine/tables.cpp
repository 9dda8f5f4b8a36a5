#include "engine/tables.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "base/columns.h"
#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t kUsualWidth = 80;
// What shortening leaves of a cell: enough to know it by while that fits, then as little as can be.
constexpr size_t kLeastCells[] = {16, 6};

std::vector<size_t> widthsOf(const std::vector<TableRow>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const TableRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columnsOf(row[i]));
  }
  return widths;
}

std::string inOneUnit(std::time_t seconds) {
  struct Unit {
    std::time_t until;
    std::time_t seconds;
    const char* name;
  };
  constexpr Unit units[] = {
      {60, 1, "s"}, {3600, 60, "min"}, {2 * 86400, 3600, "h"}, {21 * 86400, 86400, "d"}};
  for (const Unit& unit : units) {
    if (seconds < unit.until) return std::to_string(seconds / unit.seconds) + " " + unit.name;
  }
  return std::to_string(seconds / (7 * 86400)) + " w";
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
  return inOneUnit(std::max<std::time_t>(0, now - timegm(&parts)));
}

std::string shortDuration(double seconds) {
  return seconds < 60 ? humanDuration(seconds) : inOneUnit(static_cast<std::time_t>(seconds));
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
  std::vector<size_t> widths = widthsOf(rows);
  const size_t whole =
      std::accumulate(widths.begin(), widths.end(), size_t{0}) + 2 * (widths.empty() ? 0 : widths.size() - 1);
  size_t excess = whole > width ? whole - width : 0;
  for (const size_t least : kLeastCells) {
    for (const size_t column : style.shortening) {
      const size_t less = std::min(excess, widths[column] > least ? widths[column] - least : 0);
      widths[column] -= less;
      excess -= less;
    }
  }
  for (TableRow& row : rows)
    for (const size_t column : style.shortening) row[column] = shortenedTo(row[column], widths[column]);
  TextTable table(rows.front());
  for (size_t i = 1; i < rows.size(); ++i) table.add(rows[i]);
  table.alignRight(style.right);
  return table.text();
}

}  // namespace dlpx
