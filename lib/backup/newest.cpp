#include "backup/newest.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "backup/inspect.h"
#include "base/text.h"

namespace dlpx {
namespace {

// Nothing for a link that leads nowhere, and for what is removed meanwhile.
std::optional<struct stat> look(const fs::path& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) == 0) return facts;
  if (errno == ENOENT || errno == ELOOP) return std::nullopt;
  throw unreadableBackup(path, std::generic_category().message(errno));
}

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Of a file, or of the files below a directory: its own time changes with its entries only. Nothing for what
// is neither.
std::optional<int64_t> lastChange(const fs::path& path) {
  const auto facts = look(path);
  if (!facts || !(S_ISREG(facts->st_mode) || S_ISDIR(facts->st_mode))) return std::nullopt;
  if (S_ISREG(facts->st_mode)) return nanoseconds(facts->st_mtim);
  int64_t last = 0;
  walk(path, [&](const fs::directory_entry& entry) {
    const auto below = look(entry.path());
    if (below && S_ISREG(below->st_mode)) last = std::max(last, nanoseconds(below->st_mtim));
  });
  return last;
}

std::vector<fs::path> newestFirst(const fs::path& directory) {
  std::vector<std::pair<int64_t, fs::path>> found;
  try {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.path().filename().string().front() == '.') continue;
      if (const auto changed = lastChange(entry.path())) found.emplace_back(*changed, entry.path());
    }
  } catch (const fs::filesystem_error& e) {
    throw unreadableBackup(directory, e.code().message());
  } catch (const Error& e) {
    if (e.code() == ExitCode::storage) throw unreadableBackup(directory, e.what());
    throw;
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> paths;
  for (auto& [time, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

bool holdsBackups(const fs::path& path) {
  std::error_code unseen;
  if (!fs::is_directory(path, unseen)) return false;
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
