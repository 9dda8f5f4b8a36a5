#include "backup/newest.h"

#include <algorithm>

#include "backup/inspect.h"
#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

// A directory's own time changes with its entries only.
fs::file_time_type lastChange(const fs::path& path) {
  fs::file_time_type last = fs::last_write_time(path);
  if (fs::is_directory(path)) {
    last = fs::file_time_type::min();
    walk(path, [&](const fs::directory_entry& entry) {
      if (entry.is_regular_file()) last = std::max(last, entry.last_write_time());
    });
  }
  return last;
}

std::vector<fs::path> newestFirst(const fs::path& directory) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const bool hidden = entry.path().filename().string().front() == '.';
    if (!hidden && (entry.is_regular_file() || entry.is_directory()))
      found.emplace_back(lastChange(entry.path()), entry.path());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> paths;
  for (auto& [time, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

bool holdsBackups(const fs::path& path) {
  if (!fs::is_directory(path)) return false;
  try {
    inspectBackup(path);
    return false;
  } catch (const Error& e) {
    if (e.code() != ExitCode::providedBackup) throw;
    return true;
  }
}

NewestBackup newestBackup(const fs::path& directory, const Version& target) {
  NewestBackup newest;
  for (const fs::path& path : newestFirst(directory)) {
    try {
      newest.facts = requireBackup(path, target);
      return newest;
    } catch (const Error& e) {
      if (e.code() != ExitCode::providedBackup) throw;
      newest.skipped.emplace_back(e.what());
    }
  }
  throw Error(ExitCode::providedBackup,
              "directory " + directory.string() + " holds no complete backup" +
                  (newest.skipped.empty() ? "" : ": " + join(newest.skipped, "; ")),
              "take a backup into it, or name another with --backup; nothing was changed");
}

}  // namespace dlpx
