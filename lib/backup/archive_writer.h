#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/progress.h"

namespace dlpx {

enum class Compression { none, gzip, zstd, xz };
// By a file name's ending: .gz or .tgz, .zst or .tzst, .xz or .txz; none otherwise.
Compression compressionOfName(const fs::path& file);

// Where written bytes go: a file (0600), new or left by a command that was killed, which goes again unless it
// is completed; or a descriptor that stays open. All functions of this header throw Error{backup},
// Error{noSpace} where the disk is full, or Error{locked} while another command writes that file.
struct ArchiveTarget {
  fs::path file;  // also for errors
  int fd = -1;    // instead of opening `file`
};

// One stream, compressed as it comes. finish() completes it; without it what was written is worthless.
class CompressedWriter {
 public:
  CompressedWriter(const ArchiveTarget& target, Compression compression);
  ~CompressedWriter();
  CompressedWriter(const CompressedWriter&) = delete;
  CompressedWriter& operator=(const CompressedWriter&) = delete;

  void write(std::string_view bytes);
  // Complete and, a file, on the disk.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Who owns what is unpacked: tar prefers names to numbers.
struct ArchiveOwner {
  std::string user;
  std::string group;
  Owner ids{0, 0};
};

// The directory as a tar (pax) whose entries are all below `root`, complete and on the disk. Only directories
// and regular files are taken; a signal ends it with Error{interrupted}.
void writeTar(const fs::path& directory, const std::string& root, const ArchiveOwner& owner,
              const ArchiveTarget& target, Compression compression, Progress& progress);

}  // namespace dlpx
