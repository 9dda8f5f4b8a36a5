#include "base/files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/secret.h"

namespace dlpx {
namespace {

Error fileError(const std::string& what, const fs::path& path, int error = errno) {
  return systemError(ExitCode::storage, what + " " + path.string(), error);
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int UniqueFd::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void UniqueFd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

UniqueFd openFile(const fs::path& path, int flags, mode_t mode) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) throw fileError("cannot open", path);
  return fd;
}

void writeAll(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw fileError("cannot write", name);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

std::string readAll(int fd, const std::string& name) {
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw fileError("cannot read", name);
    if (count == 0) return content;
    content.append(buffer, static_cast<size_t>(count));
  }
}

std::string readFile(const fs::path& path) {
  return readAll(openFile(path, O_RDONLY).get(), path);
}

std::optional<std::string> readFileIfThere(const fs::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!fd) throw fileError("cannot open", path);
  return readAll(fd.get(), path);
}

Owner ownerOf(const std::string& osUser) {
  errno = 0;
  const passwd* entry = getpwnam(osUser.c_str());
  if (entry == nullptr) {
    throw Error(ExitCode::usage, "operating system user '" + osUser + "' does not exist",
                "create it (useradd --system " + osUser + "), or name another with --os-user");
  }
  return {entry->pw_uid, entry->pw_gid};
}

Owner ownerOf(const fs::path& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) throw fileError("cannot look at", path);
  return {status.st_uid, status.st_gid};
}

void setOwner(const fs::path& path, Owner owner) {
  if (lchown(path.c_str(), owner.uid, owner.gid) != 0) throw fileError("cannot change the owner of", path);
}

void setOwnerOfTree(const fs::path& path, Owner owner) {
  setOwner(path, owner);
  walk(path, [&](const fs::directory_entry& entry) { setOwner(entry.path(), owner); });
}

void writeFile(const fs::path& path, std::string_view content, FileTraits traits) {
  const fs::path beside = path.string() + "." + randomHex(4) + ".tmp";
  try {
    const UniqueFd fd = openFile(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    writeAll(fd.get(), content, beside);
    if (traits.owner && fchown(fd.get(), traits.owner->uid, traits.owner->gid) != 0) {
      throw fileError("cannot change the owner of", beside);
    }
    if (fchmod(fd.get(), traits.mode) != 0) throw fileError("cannot change the mode of", beside);
    if (fsync(fd.get()) != 0) throw fileError("cannot sync", beside);
    if (rename(beside.c_str(), path.c_str()) != 0) throw fileError("cannot rename to", path);
  } catch (...) {
    unlink(beside.c_str());
    throw;
  }
  syncPath(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void makeDirectory(const fs::path& path, FileTraits traits) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw fileError("cannot create directory", path, error.value());
  if (chmod(path.c_str(), traits.mode) != 0) throw fileError("cannot change the mode of", path);
  if (traits.owner) setOwner(path, *traits.owner);
}

void removeTree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw fileError("cannot remove", path, error.value());
}

bool isEmptyDirectory(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) && fs::directory_iterator(path, error) == fs::directory_iterator();
}

void walk(const fs::path& path, const std::function<void(const fs::directory_entry&)>& visit) {
  std::error_code error;
  fs::recursive_directory_iterator at(path, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    visit(*at);
    at.increment(error);
  }
  if (error && error.value() != ENOENT) throw fileError("cannot walk", path, error.value());
}

void syncPath(const fs::path& path) {
  const UniqueFd fd = openFile(path, O_RDONLY);
  if (fsync(fd.get()) != 0) throw fileError("cannot sync", path);
}

void syncFileSystem(const fs::path& path) {
  const UniqueFd fd = openFile(path, O_RDONLY);
  if (syncfs(fd.get()) != 0) throw fileError("cannot sync the file system of", path);
}

uint64_t allocatedBytes(const fs::path& tree) {
  std::set<std::pair<dev_t, ino_t>> seen;
  uint64_t blocks = 0;
  const auto count = [&](const fs::path& path) {
    struct stat status = {};
    // A running server removes files while we look: gone is fine.
    if (lstat(path.c_str(), &status) != 0) return;
    if (status.st_nlink > 1 && !S_ISDIR(status.st_mode) &&
        !seen.insert({status.st_dev, status.st_ino}).second)
      return;
    blocks += static_cast<uint64_t>(status.st_blocks);
  };
  count(tree);
  walk(tree, [&](const fs::directory_entry& entry) { count(entry.path()); });
  return blocks * 512;
}

uint64_t freeBytes(const fs::path& path) {
  struct statvfs status = {};
  if (statvfs(path.c_str(), &status) != 0) throw fileError("cannot look at the file system of", path);
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

bool liesInside(const fs::path& path, const fs::path& directory) {
  const fs::path inner = fs::weakly_canonical(path);
  const fs::path outer = fs::weakly_canonical(directory);
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

UniqueFd memoryFile(const std::string& name, std::string_view content) {
  UniqueFd fd(memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!fd) throw systemError(ExitCode::internal, "no memory file " + name, errno);
  // Client programs ignore an option file that others can write.
  if (fchmod(fd.get(), 0600) != 0)
    throw systemError(ExitCode::internal, "cannot protect memory file " + name, errno);
  writeAll(fd.get(), content, name);
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace dlpx
