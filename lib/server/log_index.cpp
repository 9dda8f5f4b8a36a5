#include "server/log_index.h"

#include <sstream>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::vector<fs::path> indexesOf(const Mount& mount) {
  std::vector<fs::path> indexes;
  for (const fs::path& directory : {mount.log(), mount.data()}) {
    if (!fs::is_directory(directory)) continue;
    for (const auto& entry : fs::directory_iterator(directory)) {
      // A symbolic link is not ours to write through; the check of links refuses it with its name.
      if (entry.path().extension() == ".index" && !entry.is_symlink() && entry.is_regular_file())
        indexes.push_back(entry.path());
    }
  }
  return indexes;
}

std::vector<std::string> entriesOf(const fs::path& index) {
  std::vector<std::string> entries;
  std::istringstream lines(readFile(index));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) entries.push_back(line);
  }
  return entries;
}

// As mysqld resolves it: relative to the data directory.
std::string relativeEntry(const Mount& mount, const fs::path& log) {
  return log.parent_path() == mount.data()
             ? "./" + log.filename().string()
             : "../" + log.parent_path().filename().string() + "/" + log.filename().string();
}

}  // namespace

std::vector<std::string> rewriteLogIndexes(const Mount& mount) {
  std::vector<std::string> changed;
  for (const fs::path& index : indexesOf(mount)) {
    std::string content;
    bool differs = false;
    for (const std::string& entry : entriesOf(index)) {
      const fs::path beside = index.parent_path() / fs::path(entry).filename();
      const bool there = fs::is_regular_file(fs::symlink_status(beside));
      const std::string ours = there ? relativeEntry(mount, beside) : "";
      if (there) content += ours + "\n";
      if (ours == entry) continue;
      differs = true;
      changed.push_back(index.filename().string() + ": " + entry + (there ? " → " + ours : " dropped"));
    }
    if (differs) writeFile(index, content, {0640, ownerOf(index)});
  }
  return changed;
}

void checkLogIndexes(const Mount& mount) {
  for (const fs::path& index : indexesOf(mount)) {
    for (const std::string& entry : entriesOf(index)) {
      const fs::path file = fs::path(entry).is_absolute() ? fs::path(entry) : mount.data() / entry;
      if (liesInside(file, mount.root())) continue;
      throw Error(ExitCode::unsafeClone,
                  "log index " + index.string() + " names a file outside its mount: " + entry,
                  "remove that entry from the index file, or take a new snapshot of the parent");
    }
  }
}

}  // namespace dlpx
