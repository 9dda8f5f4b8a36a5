#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/files.h"

namespace dlpx {

// A backup file's bytes, decompressed as its content says (gzip, bzip2, xz, zstd, lz4, lzip, compress), never
// as its name does. All functions throw Error{providedBackup} that names the file when it cannot be read, and
// when its compressed data is damaged or ends too early.
class BackupStream {
 public:
  // Damage in compressed data is told by read(), not here.
  explicit BackupStream(const fs::path& file);
  ~BackupStream();
  BackupStream(const BackupStream&) = delete;
  BackupStream& operator=(const BackupStream&) = delete;

  // At most `size` bytes; 0 at the end.
  size_t read(char* buffer, size_t size);
  // "none", "gzip", …
  const std::string& compression() const { return compression_; }
  // A tar archive, compressed or not; read() is not for those.
  bool isArchive() const;
  // Bytes of the file that were read so far, for progress.
  uint64_t consumed() const;
  uint64_t fileBytes() const { return fileBytes_; }

  // The entries of a tar archive in order, once. `visit` gets a regular file's content by `content`, which
  // fills a buffer and returns how many bytes, 0 at the end; what it leaves unread is skipped.
  using Content = std::function<size_t(char*, size_t)>;
  struct Entry {
    std::string path;  // as written
    bool directory = false;
    bool regular = false;
    bool link = false;  // symbolic or hard
    uint64_t bytes = 0;
  };
  void forEachEntry(const std::function<void(const Entry&, const Content&)>& visit);

 private:
  struct Impl;
  [[noreturn]] void fail() const;
  size_t readData(char* buffer, size_t size);

  fs::path file_;
  std::string compression_;
  bool gzip_ = false;
  uint64_t fileBytes_ = 0;
  std::unique_ptr<Impl> impl_;
};

// The last bytes of a plain file, at most `size`.
std::string readTail(const fs::path& file, size_t size);

}  // namespace dlpx
