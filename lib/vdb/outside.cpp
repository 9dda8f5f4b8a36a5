#include "vdb/outside.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "server/snapshot_facts.h"

namespace dlpx {
namespace {

constexpr size_t longestName = 512;    // mysql.tablespace_files.file_name
constexpr size_t partBytes = 1 << 18;  // whole blocks of redo

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

// 8.0.30 and newer, in the order they were written; files that are spare hold nothing. Before: two in a ring.
std::vector<fs::path> redoFiles(const Mount& mount) {
  std::vector<std::pair<uint64_t, fs::path>> files;
  for (const fs::path& directory : {mount.data(), mount.data() / "#innodb_redo"}) {
    if (!fs::is_directory(directory)) continue;
    for (const auto& entry : fs::directory_iterator(directory)) {
      const std::string name = entry.path().filename().string();
      for (const std::string_view prefix : {"#ib_redo", "ib_logfile"}) {
        const std::string number = startsWith(name, prefix) ? name.substr(prefix.size()) : "";
        if (!number.empty() && number.find_first_not_of("0123456789") == std::string::npos)
          files.emplace_back(std::stoull(number), entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<fs::path> paths;
  for (const auto& file : files) paths.push_back(file.second);
  return paths;
}

}  // namespace

std::vector<std::string> outsideNames(std::string_view pages, size_t seen) {
  std::set<std::string> names;
  const auto add = [&](size_t end) {
    if (end > seen) addCandidates(pages, end, names);
  };
  for (const std::string_view ending : {std::string_view(".ibd"), std::string_view(".ibu")}) {
    for (size_t at = pages.find(ending); at != std::string_view::npos; at = pages.find(ending, at + 1))
      add(at + ending.size());
  }
  constexpr std::string_view undo = "/undo_";
  for (size_t at = pages.find(undo); at != std::string_view::npos; at = pages.find(undo, at + 1)) {
    size_t end = at + undo.size();
    while (end < pages.size() && pages[end] >= '0' && pages[end] <= '9') ++end;
    if (end > at + undo.size()) add(end);
  }
  return {names.begin(), names.end()};
}

std::string redoPayload(std::string_view blocks) {
  constexpr size_t block = 512, header = 12, trailer = 4;
  std::string payload;
  payload.reserve(blocks.size());
  for (size_t at = 0; at + block <= blocks.size(); at += block)
    payload += blocks.substr(at + header, block - header - trailer);
  return payload;
}

namespace {

// Each part but the last is full.
void readParts(const fs::path& path, const std::function<void(std::string_view)>& part) {
  const UniqueFd fd = openFile(path, O_RDONLY);
  std::string buffer(partBytes, '\0');
  for (size_t filled = 0;;) {
    const ssize_t count = read(fd.get(), buffer.data() + filled, partBytes - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw systemError(ExitCode::storage, "cannot read " + path.string(), errno);
    filled += static_cast<size_t>(count);
    if (count != 0 && filled < partBytes) continue;
    if (filled != 0) part(std::string_view(buffer).substr(0, filled));
    if (count == 0) return;
    filled = 0;
  }
}

// Looks through bytes that come in parts, with what a name that goes on from one part into the next needs: a
// dictionary in one piece would cost more than the search, in pages of memory that are touched once.
class OutsideSearch {
 public:
  OutsideSearch(const Mount& mount, std::string where) : mount_(mount), where_(std::move(where)) {}

  void look(std::string_view part) {
    const size_t seen = window_.size();
    window_ += part;
    for (const std::string& name : outsideNames(window_, seen)) refuse(name);
    window_.erase(0, window_.size() - std::min(window_.size(), longestName));
  }

 private:
  void refuse(const std::string& name) const {
    const fs::path file = mount_.data() / name;  // an absolute name stays itself
    std::error_code error;
    if (fs::is_regular_file(file, error) && !liesInside(file, mount_.root()))
      throw outside(where_ + " names the tablespace file " + name + " outside the mount");
  }

  const Mount& mount_;
  std::string where_;
  std::string window_;
};

void refuseInDictionary(const Mount& mount) {
  const fs::path file = mount.data() / "mysql.ibd";
  if (!fs::exists(file)) return;
  OutsideSearch search(mount, "the data dictionary");
  readParts(file, [&](std::string_view part) { search.look(part); });
}

// A snapshot that was not prepared holds pages which recovery has yet to change: names that stand here only.
void refuseInRedoLog(const Mount& mount) {
  OutsideSearch search(mount, "the redo log");
  for (const fs::path& file : redoFiles(mount))
    readParts(file, [&](std::string_view blocks) { search.look(redoPayload(blocks)); });
}

}  // namespace

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
  refuseInDictionary(mount);
  refuseInRedoLog(mount);
}

void refuseFilesElsewhere(const Mount& mount, const Version& version, const std::string& dataFilePath) {
  const auto requireHere = [&](bool there, const std::string& what, const std::string& variable) {
    if (there) return;
    throw Error(ExitCode::unsafeClone, what + " of the parent is not on the mount, so the clone is not whole",
                "let the parent's " + variable + " lie in its data directory, then take a new snapshot");
  };
  for (const std::string& file : split(dataFilePath.empty() ? "ibdata1" : dataFilePath, ';')) {
    const std::string name = trim(file.substr(0, file.find(':')));
    const fs::path path = mount.data() / name;
    requireHere(liesInside(path, mount.root()) && fs::exists(path), "the system tablespace " + name,
                "innodb_data_home_dir and innodb_data_file_path");
  }
  requireHere(!redoFiles(mount).empty(), "the redo log", "innodb_log_group_home_dir");
  if (version.atLeast(8, 0))
    requireHere(fs::exists(mount.data() / "undo_001"), "the undo tablespace undo_001",
                "innodb_undo_directory");
}

}  // namespace dlpx
