#include "backup/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"

namespace dlpx {
namespace {

// Waits for who reads a pipe, but not after a signal: -1 with EINTR then.
la_ssize_t writeInterruptibly(int fd, const void* bytes, size_t size) {
  for (;;) {
    pollfd ready[] = {{fd, POLLOUT, 0}, {interruptFd(), POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return -1;
    if (interrupted()) {
      errno = EINTR;
      return -1;
    }
    if ((ready[0].revents & (POLLOUT | POLLERR | POLLHUP)) == 0) continue;
    // That much never blocks once poll() has said so.
    const ssize_t written = ::write(fd, bytes, std::min<size_t>(size, PIPE_BUF));
    if (written >= 0 || errno != EINTR) return written;
  }
}

Error notWritable(const fs::path& file) {
  return systemError(ExitCode::backup, file.string() + " cannot be written", errno);
}

// What a command of ours that was killed has left is written over; what another one writes just now is not,
// and neither is what somebody else has put there: the name is known, and the directory may be anybody's.
UniqueFd openLocked(const fs::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat opened = {}, named = {};
  if (!fd || ::fstat(fd.get(), &opened) != 0) throw notWritable(file);
  if (!S_ISREG(opened.st_mode) || opened.st_uid != geteuid() || opened.st_nlink > 1)
    throw Error(ExitCode::backup, file.string() + " is there, and not ours",
                "remove it, or name another place");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || ::lstat(file.c_str(), &named) != 0 ||
      named.st_ino != opened.st_ino)
    throw Error(ExitCode::locked, "another command is writing " + file.string(),
                "wait until it has ended, or name another place");
  if (::ftruncate(fd.get(), 0) != 0 || ::fchmod(fd.get(), 0600) != 0) throw notWritable(file);
  return fd;
}

// An archive of libarchive on its way to a file or a descriptor.
class Sink {
 public:
  Sink(const ArchiveTarget& target, Compression compression) : file_(target.file) {
    if (target.fd < 0) own_ = openLocked(file_);
    fd_ = target.fd < 0 ? own_.get() : target.fd;
    check(addFilter(compression));
    check(archive_write_set_bytes_in_last_block(writer_, 1));
  }
  ~Sink() {
    archive_write_free(writer_);
    archive_entry_free(entry_);
    if (own_ && !finished_) ::unlink(file_.c_str());
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  archive* writer() { return writer_; }
  archive_entry* entry() { return entry_; }
  void open() { check(archive_write_open(writer_, this, nullptr, passOn, nullptr)); }
  void header() { check(archive_write_header(writer_, entry_)); }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const la_ssize_t count = archive_write_data(writer_, bytes.data(), bytes.size());
      if (count <= 0) fail();
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  void finish() {
    check(archive_write_close(writer_));
    if (own_ && ::fsync(fd_) != 0) throw notWritable(file_);
    finished_ = true;
  }

  void check(int result) {
    if (result != ARCHIVE_OK) fail();
  }

 private:
  static la_ssize_t passOn(archive* writer, void* sink, const void* bytes, size_t size) {
    const la_ssize_t written = writeInterruptibly(static_cast<Sink*>(sink)->fd_, bytes, size);
    if (written < 0) archive_set_error(writer, errno, "%s", std::strerror(errno));
    return written;
  }

  int addFilter(Compression compression) {
    switch (compression) {
      case Compression::none:
        return archive_write_add_filter_none(writer_);
      case Compression::gzip:
        return archive_write_add_filter_gzip(writer_);
      case Compression::xz:
        return archive_write_add_filter_xz(writer_);
      case Compression::zstd:
        break;
    }
    const int added = archive_write_add_filter_zstd(writer_);
    return added == ARCHIVE_OK ? archive_write_set_filter_option(writer_, "zstd", "compression-level", "3")
                               : added;
  }

  [[noreturn]] void fail() const {
    throwIfInterrupted();
    const int number = archive_errno(writer_);
    const char* const said = archive_error_string(writer_);
    if (number == ENOSPC || number == EDQUOT) throw systemError(ExitCode::backup, file_.string(), number);
    throw Error(ExitCode::backup,
                file_.string() + " cannot be written: " + (said != nullptr ? said : "unknown error"));
  }

  fs::path file_;
  archive* writer_ = archive_write_new();
  archive_entry* entry_ = archive_entry_new();
  UniqueFd own_;
  int fd_ = -1;
  bool finished_ = false;
};

void describe(archive_entry* entry, const std::string& name, const struct stat& facts,
              const ArchiveOwner& owner) {
  archive_entry_clear(entry);
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_copy_stat(entry, &facts);
  archive_entry_set_nlink(entry, 1);
  archive_entry_set_uid(entry, owner.ids.uid);
  archive_entry_set_gid(entry, owner.ids.gid);
  archive_entry_set_uname(entry, owner.user.c_str());
  archive_entry_set_gname(entry, owner.group.c_str());
}

void addContent(Sink& sink, int fd, const fs::path& path, Progress& progress) {
  std::vector<char> buffer(1 << 20);
  for (;;) {
    throwIfInterrupted();
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw systemError(ExitCode::backup, path.string(), errno);
    if (count == 0) return;
    sink.write({buffer.data(), static_cast<size_t>(count)});
    progress.advance(static_cast<uint64_t>(count));
  }
}

void addEntry(Sink& sink, const fs::path& path, const std::string& name, const ArchiveOwner& owner,
              Progress& progress) {
  const UniqueFd fd = openFile(path, O_RDONLY | O_NOFOLLOW);
  struct stat facts = {};
  if (::fstat(fd.get(), &facts) != 0) throw systemError(ExitCode::backup, path.string(), errno);
  describe(sink.entry(), name, facts, owner);
  sink.header();
  if (S_ISREG(facts.st_mode)) addContent(sink, fd.get(), path, progress);
}

}  // namespace

Compression compressionOfName(const fs::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".gz" || ending == ".tgz") return Compression::gzip;
  if (ending == ".zst" || ending == ".tzst") return Compression::zstd;
  if (ending == ".xz" || ending == ".txz") return Compression::xz;
  return Compression::none;
}

struct CompressedWriter::Impl {
  Sink sink;
};

CompressedWriter::CompressedWriter(const ArchiveTarget& target, Compression compression)
    : impl_(new Impl{{target, compression}}) {
  Sink& sink = impl_->sink;
  archive_entry_set_pathname(sink.entry(), "data");
  archive_entry_set_filetype(sink.entry(), AE_IFREG);
  sink.check(archive_write_set_format_raw(sink.writer()));
  sink.open();
  sink.header();
}

CompressedWriter::~CompressedWriter() = default;

void CompressedWriter::write(std::string_view bytes) {
  impl_->sink.write(bytes);
}

void CompressedWriter::finish() {
  impl_->sink.finish();
}

void writeTar(const fs::path& directory, const std::string& root, const ArchiveOwner& owner,
              const ArchiveTarget& target, Compression compression, Progress& progress) {
  std::vector<fs::path> paths = {directory};
  walk(directory, [&](const fs::directory_entry& entry) {
    if (!entry.is_symlink() && (entry.is_directory() || entry.is_regular_file()))
      paths.push_back(entry.path());
  });
  std::sort(paths.begin(), paths.end());
  Sink sink(target, compression);
  sink.check(archive_write_set_format_pax_restricted(sink.writer()));
  sink.open();
  for (const fs::path& path : paths)
    addEntry(sink, path, (fs::path(root) / path.lexically_relative(directory)).lexically_normal().string(),
             owner, progress);
  sink.finish();
}

}  // namespace dlpx
