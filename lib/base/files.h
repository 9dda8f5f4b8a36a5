#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

namespace fs = std::filesystem;

// All functions throw Error{storage} (or noSpace, where the disk is full) that names the path, unless they
// say otherwise. Every descriptor is opened close-on-exec: a mysqld that we start inherits nothing.

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

UniqueFd openFile(const fs::path& path, int flags, mode_t mode = 0600);
void writeAll(int fd, std::string_view bytes, const std::string& name);
std::string readAll(int fd, const std::string& name);

std::string readFile(const fs::path& path);
// Nothing when the file does not exist.
std::optional<std::string> readFileIfThere(const fs::path& path);

struct Owner {
  uid_t uid;
  gid_t gid;
};
// The account's ids; throws Error{usage} when it does not exist.
Owner ownerOf(const std::string& osUser);
Owner ownerOf(const fs::path& path);
void setOwner(const fs::path& path, Owner owner);
// Everything below and including `path`; symbolic links themselves, never their targets.
void setOwnerOfTree(const fs::path& path, Owner owner);

struct FileTraits {
  mode_t mode = 0644;
  std::optional<Owner> owner;
};
// The file holds either its old or its new content, also after a power failure: written beside, synced,
// renamed, directory synced.
void writeFile(const fs::path& path, std::string_view content, FileTraits traits = {});

void makeDirectory(const fs::path& path, FileTraits traits = {0750, std::nullopt});
// Removes what is there; nothing there is fine. Does not follow symbolic links.
void removeTree(const fs::path& path);
bool isEmptyDirectory(const fs::path& path);
// Files and directories below `path`, depth first, symbolic links not followed.
void walk(const fs::path& path, const std::function<void(const fs::directory_entry&)>& visit);

void syncPath(const fs::path& path);        // fsync(2) of a file or directory
void syncFileSystem(const fs::path& path);  // syncfs(2) of the file system that holds the path

// Bytes that the tree's files occupy (blocks), each inode once. Shared extents count fully.
uint64_t allocatedBytes(const fs::path& tree);
// Bytes that an unprivileged user may still write to the file system of `path`.
uint64_t freeBytes(const fs::path& path);

// True when `path`, with symbolic links and dots resolved as far as they exist, lies in `directory`.
bool liesInside(const fs::path& path, const fs::path& directory);

// Memory as a file (memfd, 0600, close-on-exec), rewound: for a child's output or for a secret that a child
// reads through /dev/fd.
UniqueFd memoryFile(const std::string& name, std::string_view content = {});

}  // namespace dlpx
