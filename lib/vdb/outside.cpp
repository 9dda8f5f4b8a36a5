#include "vdb/outside.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "server/snapshot_facts.h"

namespace dlpx {
namespace {

constexpr size_t longestName = 512;  // mysql.tablespace_files.file_name

Error outside(const std::string& what) {
  return Error(ExitCode::unsafeClone, what + ", so a clone would open a file that is not its own",
               "move it into the parent's data directory, then take a new snapshot");
}

bool isPathByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7f;
}

// The printable bytes that end at `end`. What precedes a column in its row may be printable, too, so every
// place in it where a path could begin is a candidate.
void addCandidates(std::string_view pages, size_t end, std::set<std::string>& names) {
  size_t begin = end;
  while (begin > 0 && end - begin < longestName && isPathByte(pages[begin - 1])) --begin;
  const std::string_view run = pages.substr(begin, end - begin);
  for (size_t at = 0; at < run.size(); ++at) {
    const bool absolute = run[at] == '/' && (at == 0 || run[at - 1] != '.');
    const bool upwards = run.substr(at, 3) == "../" && (at == 0 || run[at - 1] != '/');
    if (absolute || upwards) names.insert(std::string(run.substr(at)));
    // "./shop/orders.ibd": all that follows is the data directory's.
    if (run.substr(at, 2) == "./" && !upwards && (at == 0 || run[at - 1] != '.')) return;
  }
}

}  // namespace

std::vector<std::string> outsideNames(std::string_view pages) {
  std::set<std::string> names;
  for (const std::string_view ending : {std::string_view(".ibd"), std::string_view(".ibu")}) {
    for (size_t at = pages.find(ending); at != std::string_view::npos; at = pages.find(ending, at + 1))
      addCandidates(pages, at + ending.size(), names);
  }
  constexpr std::string_view undo = "/undo_";
  for (size_t at = pages.find(undo); at != std::string_view::npos; at = pages.find(undo, at + 1)) {
    size_t end = at + undo.size();
    while (end < pages.size() && pages[end] >= '0' && pages[end] <= '9') ++end;
    if (end > at + undo.size()) addCandidates(pages, end, names);
  }
  return {names.begin(), names.end()};
}

void refuseOutsidePaths(const Mount& mount) {
  refuseSymbolicLinks(mount);
  for (const fs::path& file :
       {mount.optionFile(), mount.control(), mount.stateFile(), mount.snapshotFile()}) {
    if (fs::is_symlink(file)) throw outside(file.string() + " is a symbolic link");
  }
  walk(mount.data(), [](const fs::directory_entry& entry) {
    if (entry.path().extension() == ".isl")
      throw outside(entry.path().string() + " points to a tablespace elsewhere");
  });
  const auto dictionary = readFileIfThere(mount.data() / "mysql.ibd");
  if (!dictionary) return;
  for (const std::string& name : outsideNames(*dictionary)) {
    const fs::path file = mount.data() / name;  // an absolute name stays itself
    std::error_code error;
    if (fs::is_regular_file(file, error) && !liesInside(file, mount.root()))
      throw outside("the data dictionary names the tablespace file " + name + " outside the mount");
  }
}

}  // namespace dlpx
