#include "backup/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"

namespace dlpx {
namespace {

constexpr size_t block = 256 * 1024;

Error bad(const fs::path& file, const std::string& why) {
  return Error(ExitCode::providedBackup, "backup " + file.string() + " " + why,
               "copy the backup again, or take a new one");
}

// For files that end within their first block: libarchive does not even tell what they are.
std::string compressionByMark(const fs::path& file) {
  using namespace std::string_view_literals;
  char first[6] = {};
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t count = fd ? ::read(fd.get(), first, sizeof(first)) : 0;
  const std::string_view bytes(first, count > 0 ? static_cast<size_t>(count) : 0);
  const std::pair<std::string_view, const char*> marks[] = {{"\x1f\x8b"sv, "gzip"},
                                                            {"BZh"sv, "bzip2"},
                                                            {"\xfd"
                                                             "7zXZ"sv,
                                                             "xz"},
                                                            {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                                            {"\x04\x22\x4d\x18"sv, "lz4"}};
  for (const auto& [mark, name] : marks)
    if (bytes.starts_with(mark)) return name;
  return "none";
}

}  // namespace

struct BackupStream::Impl {
  archive* reader = archive_read_new();
  UniqueFd plain;  // a file without compression and archive is read without libarchive
  uint64_t plainRead = 0;
  bool empty = false;
  bool broken = false;  // compressed, and damaged within the first block

  ~Impl() { archive_read_free(reader); }

  // Only filters that libarchive has built in: others would start programs.
  void supportFormats() const {
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_lzip(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_lz4(reader);
    archive_read_support_filter_compress(reader);
    archive_read_support_format_tar(reader);
    archive_read_support_format_gnutar(reader);
    archive_read_support_format_raw(reader);
    archive_read_support_format_empty(reader);
  }
};

BackupStream::BackupStream(const fs::path& file) : file_(file), impl_(std::make_unique<Impl>()) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) != 0)
    throw systemError(ExitCode::providedBackup, "backup " + file.string() + " cannot be read", errno);
  fileBytes_ = static_cast<uint64_t>(facts.st_size);
  impl_->supportFormats();
  archive_entry* entry = nullptr;
  const int opened = archive_read_open_filename(impl_->reader, file.c_str(), block);
  const int found = opened == ARCHIVE_OK ? archive_read_next_header(impl_->reader, &entry) : opened;
  if (found == ARCHIVE_EOF) {
    impl_->empty = true;
    compression_ = "none";
    return;
  }
  impl_->broken = found < ARCHIVE_WARN;
  compression_ = impl_->broken ? compressionByMark(file) : archive_filter_name(impl_->reader, 0);
  if (impl_->broken && compression_ == "none") fail();
  if (compression_ == "none" && !isArchive()) {
    impl_->plain = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!impl_->plain)
      throw systemError(ExitCode::providedBackup, "backup " + file.string() + " cannot be read", errno);
    ::posix_fadvise(impl_->plain.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

BackupStream::~BackupStream() = default;

void BackupStream::fail() const {
  const char* const said = archive_error_string(impl_->reader);
  throw bad(file_, std::string("is damaged or not complete: ") + (said != nullptr ? said : "unknown error"));
}

bool BackupStream::isArchive() const {
  return !impl_->empty && !impl_->broken &&
         (archive_format(impl_->reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

uint64_t BackupStream::consumed() const {
  if (impl_->empty) return 0;
  if (impl_->plain) return impl_->plainRead;
  return static_cast<uint64_t>(archive_filter_bytes(impl_->reader, -1));
}

size_t BackupStream::readData(char* buffer, size_t size) {
  if (impl_->broken) fail();
  const la_ssize_t count = archive_read_data(impl_->reader, buffer, size);
  if (count < 0) fail();
  return static_cast<size_t>(count);
}

size_t BackupStream::read(char* buffer, size_t size) {
  if (impl_->empty) return 0;
  if (!impl_->plain) return readData(buffer, size);
  ssize_t count = 0;
  do count = ::read(impl_->plain.get(), buffer, size);
  while (count < 0 && errno == EINTR);
  if (count < 0)
    throw systemError(ExitCode::providedBackup, "backup " + file_.string() + " cannot be read", errno);
  impl_->plainRead += static_cast<uint64_t>(count);
  return static_cast<size_t>(count);
}

void BackupStream::forEachEntry(const std::function<void(const Entry&, const Content&)>& visit) {
  // The first header was read to find out the format: begin anew.
  impl_ = std::make_unique<Impl>();
  impl_->supportFormats();
  if (archive_read_open_filename(impl_->reader, file_.c_str(), block) != ARCHIVE_OK) fail();
  const Content content = [this](char* buffer, size_t size) { return readData(buffer, size); };
  archive_entry* found = nullptr;
  for (;;) {
    const int result = archive_read_next_header(impl_->reader, &found);
    if (result == ARCHIVE_EOF) return;
    if (result < ARCHIVE_WARN) fail();
    const auto type = archive_entry_filetype(found);
    const char* const path = archive_entry_pathname(found);
    const bool hard = archive_entry_hardlink(found) != nullptr;
    visit({.path = path != nullptr ? path : "",
           .directory = type == AE_IFDIR,
           .regular = type == AE_IFREG && !hard,
           .link = type == AE_IFLNK || hard,
           .bytes = static_cast<uint64_t>(std::max<la_int64_t>(archive_entry_size(found), 0))},
          content);
  }
}

std::string readTail(const fs::path& file, size_t size) {
  const UniqueFd fd = openFile(file, O_RDONLY);
  const off_t end = ::lseek(fd.get(), 0, SEEK_END);
  const auto begin = std::max<off_t>(0, end - static_cast<off_t>(size));
  std::string tail(static_cast<size_t>(end - begin), '\0');
  size_t got = 0;
  while (got < tail.size()) {
    const ssize_t count =
        ::pread(fd.get(), tail.data() + got, tail.size() - got, begin + static_cast<off_t>(got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    got += static_cast<size_t>(count);
  }
  tail.resize(got);
  return tail;
}

struct ZstdWriter::Impl {
  archive* writer = archive_write_new();
  archive_entry* entry = archive_entry_new();
  UniqueFd fd;

  ~Impl() {
    archive_write_free(writer);
    archive_entry_free(entry);
  }
};

ZstdWriter::ZstdWriter(const fs::path& file) : file_(file), impl_(std::make_unique<Impl>()) {
  impl_->fd = UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!impl_->fd) throw systemError(ExitCode::backup, file.string() + " cannot be written", errno);
  archive* const writer = impl_->writer;
  archive_entry_set_pathname(impl_->entry, "data");
  archive_entry_set_filetype(impl_->entry, AE_IFREG);
  if (archive_write_add_filter_zstd(writer) != ARCHIVE_OK ||
      archive_write_set_format_raw(writer) != ARCHIVE_OK ||
      archive_write_set_filter_option(writer, "zstd", "compression-level", "3") != ARCHIVE_OK ||
      archive_write_set_bytes_in_last_block(writer, 1) != ARCHIVE_OK ||
      archive_write_open_fd(writer, impl_->fd.get()) != ARCHIVE_OK ||
      archive_write_header(writer, impl_->entry) != ARCHIVE_OK)
    fail();
}

ZstdWriter::~ZstdWriter() = default;

void ZstdWriter::fail() const {
  const int number = archive_errno(impl_->writer);
  const char* const said = archive_error_string(impl_->writer);
  if (number == ENOSPC || number == EDQUOT) throw systemError(ExitCode::backup, file_.string(), number);
  throw Error(ExitCode::backup,
              file_.string() + " cannot be written: " + (said != nullptr ? said : "unknown error"));
}

void ZstdWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const la_ssize_t count = archive_write_data(impl_->writer, bytes.data(), bytes.size());
    if (count <= 0) fail();
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void ZstdWriter::finish() {
  if (archive_write_close(impl_->writer) != ARCHIVE_OK) fail();
  if (::fsync(impl_->fd.get()) != 0)
    throw systemError(ExitCode::backup, file_.string() + " cannot be written", errno);
}

}  // namespace dlpx
