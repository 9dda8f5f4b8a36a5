#include "server/mount.h"

#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "base/error.h"

namespace dlpx {
namespace {

constexpr size_t longestSocketPath = 107;

fs::path runtimeDirectory() {
  if (geteuid() == 0) return "/run/dlpx-mysql";
  const char* own = std::getenv("XDG_RUNTIME_DIR");
  const fs::path runtime =
      own != nullptr && *own != '\0' ? fs::path(own) : fs::path("/run/user/" + std::to_string(geteuid()));
  return runtime / "dlpx-mysql";
}

}  // namespace

Mount::Mount(const fs::path& root) : root_(fs::absolute(root).lexically_normal()) {
  if (!root_.has_filename() && root_.has_parent_path()) root_ = root_.parent_path();
}

fs::path Mount::socket() const {
  const fs::path usual = root_ / "mysql.sock";
  if (usual.string().size() <= longestSocketPath) return usual;
  // The path's hash names it: the same mount always finds the same socket.
  return runtimeDirectory() / std::to_string(std::hash<std::string>{}(root_.string())) / "mysql.sock";
}

void Mount::create(Owner owner) const {
  const FileTraits traits{0750, owner};
  for (const fs::path& directory : {data(), log(), tmp(), control()}) {
    if (!fs::is_directory(directory)) makeDirectory(directory, traits);
  }
  if (socket().parent_path() == root_) return;
  if (!fs::is_directory(runtimeDirectory())) makeDirectory(runtimeDirectory(), {0755, std::nullopt});
  makeDirectory(socket().parent_path(), traits);
}

FileLock Mount::lock(const std::string& operation, const Deadline& deadline) const {
  if (!fs::is_directory(root_)) {
    throw Error(ExitCode::usage, "mount " + root_.string() + " is not a directory",
                "create it, or name the instance's directory with --mount");
  }
  if (!fs::is_directory(control())) makeDirectory(control(), {0750, ownerOf(root_)});
  return FileLock::acquire(control() / "lock", operation, deadline);
}

Journal Mount::journal(const std::string& operation) const {
  return Journal(stateFile(), operation, {0640, ownerOf(control())});
}

}  // namespace dlpx
