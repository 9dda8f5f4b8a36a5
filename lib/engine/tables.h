#pragma once

#include <ctime>
#include <string>
#include <vector>

namespace dlpx {

// How the engine's reports are drawn. Nothing here looks at an engine: words in, lines out.

// The columns of the terminal that stdout is; else COLUMNS, else 80.
size_t terminalWidth();

// "45 s", "12 min", "3 h", "2 d", "5 w": the time since `utc` ("2026-01-31T13:45:00Z"), whole units, rounded
// down; "-" when `utc` is no time.
std::string ageOf(const std::string& utc, std::time_t now);

// "850 ms", "7.0 s"; from a minute on in whole units, as an age.
std::string shortDuration(double seconds);

struct TreeNode {
  std::string name;
  std::string parent;  // empty, or not among the nodes: a root
};
struct TreeLine {
  size_t node;       // its place in what was given
  std::string text;  // the name, behind branches drawn as in tree(1)
};
// Each node below its parent; siblings and roots in the order given.
std::vector<TreeLine> treeOf(const std::vector<TreeNode>& nodes);

using TableRow = std::vector<std::string>;
struct TableStyle {
  std::vector<size_t> right;       // columns whose text stands to the right
  std::vector<size_t> shortening;  // columns that may lose text ("shop@2026…") to fit, the first ones first
};
// A table, its first row the head, in at most `width` columns where shortening reaches that; cells keep at
// least 6 columns.
std::string tableText(std::vector<TableRow> rows, const TableStyle& style, size_t width);

}  // namespace dlpx
