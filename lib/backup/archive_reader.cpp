#include "backup/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

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

  gzFile gzip = nullptr;
  std::string gzipBlock;
  std::string gzipProblem;

  ~Impl() {
    archive_read_free(reader);
    if (gzip != nullptr) ::gzclose_r(gzip);
  }

  // libarchive checks neither the checksum nor the length at the end of gzip's data: zlib does.
  int open(const fs::path& file, bool isGzip) {
    supportFormats();
    if (!isGzip) return archive_read_open_filename(reader, file.c_str(), block);
    gzip = ::gzopen(file.c_str(), "rbe");
    if (gzip == nullptr) return ARCHIVE_FATAL;
    ::gzbuffer(gzip, block);
    gzipBlock.resize(block);
    return archive_read_open(reader, this, nullptr, readGzip, nullptr);
  }

  static la_ssize_t readGzip(archive* reader, void* self, const void** bytes) {
    auto& impl = *static_cast<Impl*>(self);
    const int count =
        ::gzread(impl.gzip, impl.gzipBlock.data(), static_cast<unsigned>(impl.gzipBlock.size()));
    int problem = Z_OK;
    const char* const said = ::gzerror(impl.gzip, &problem);
    if (count < 0 || (count == 0 && problem != Z_OK)) {
      impl.gzipProblem = said;
      archive_set_error(reader, EIO, "%s", said);
      return -1;
    }
    *bytes = impl.gzipBlock.data();
    return count;
  }

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
  const std::string mark = compressionByMark(file);
  gzip_ = mark == "gzip";
  archive_entry* entry = nullptr;
  const int opened = impl_->open(file, gzip_);
  const int found = opened == ARCHIVE_OK ? archive_read_next_header(impl_->reader, &entry) : opened;
  // Data that ends in an error within the first block looks empty to libarchive.
  impl_->broken = found < ARCHIVE_WARN || !impl_->gzipProblem.empty();
  if (found == ARCHIVE_EOF && !impl_->broken) {
    impl_->empty = true;
    compression_ = gzip_ ? mark : "none";
    return;
  }
  compression_ = impl_->broken || gzip_ ? mark : archive_filter_name(impl_->reader, 0);
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
  const char* const said =
      impl_->gzipProblem.empty() ? archive_error_string(impl_->reader) : impl_->gzipProblem.c_str();
  throw bad(file_, std::string("is damaged or not complete: ") + (said != nullptr ? said : "unknown error"));
}

bool BackupStream::isArchive() const {
  return !impl_->empty && !impl_->broken &&
         (archive_format(impl_->reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

uint64_t BackupStream::consumed() const {
  if (impl_->empty) return 0;
  if (impl_->plain) return impl_->plainRead;
  if (impl_->gzip != nullptr) return static_cast<uint64_t>(std::max<z_off_t>(::gzoffset(impl_->gzip), 0));
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
  if (impl_->open(file_, gzip_) != ARCHIVE_OK) fail();
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

}  // namespace dlpx
