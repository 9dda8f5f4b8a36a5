#include "base/access.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace dlpx {
namespace {

bool isMemberOf(const passwd& user, gid_t group) {
  if (user.pw_gid == group) return true;
  int count = 64;
  std::vector<gid_t> groups(64);
  while (getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) < 0) {
    if (static_cast<size_t>(count) <= groups.size()) return false;  // it tells how many there are
    groups.resize(static_cast<size_t>(count));
  }
  groups.resize(static_cast<size_t>(count));
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

// `owner`, `group` and `others` are one permission for each of the three.
bool mayBy(const std::string& osUser, const fs::path& path, mode_t owner, mode_t group, mode_t others) {
  const passwd* const user = getpwnam(osUser.c_str());
  struct stat facts = {};
  if (user == nullptr) return false;
  if (user->pw_uid == 0) return true;
  if (stat(path.c_str(), &facts) != 0) return false;
  if (facts.st_uid == user->pw_uid) return (facts.st_mode & owner) != 0;
  return (facts.st_mode & (isMemberOf(*user, facts.st_gid) ? group : others)) != 0;
}

}  // namespace

fs::path existingAncestor(fs::path path) {
  std::error_code unseen;
  while (!path.empty() && path.has_parent_path() && path != path.parent_path() && !fs::exists(path, unseen))
    path = path.parent_path();
  return path;
}

std::vector<fs::path> missingDirectories(const fs::path& path) {
  const fs::path there = existingAncestor(path);
  std::vector<fs::path> missing;
  for (fs::path at = path; at != there && at != at.parent_path(); at = at.parent_path())
    missing.insert(missing.begin(), at);
  return missing;
}

bool mayEnter(const std::string& osUser, const fs::path& directory) {
  return mayBy(osUser, directory, S_IXUSR, S_IXGRP, S_IXOTH);
}

bool mayRead(const std::string& osUser, const fs::path& file) {
  return mayBy(osUser, file, S_IRUSR, S_IRGRP, S_IROTH);
}

std::optional<fs::path> barredDirectory(const std::string& osUser, const fs::path& directory) {
  for (fs::path at = fs::weakly_canonical(directory); at != at.parent_path(); at = at.parent_path())
    if (!mayEnter(osUser, at)) return at;
  return std::nullopt;
}

}  // namespace dlpx
