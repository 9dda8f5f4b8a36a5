#include "backup/data_directory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"

namespace dlpx {
namespace {

Error bad(const BackupFacts& backup, const std::string& why) {
  return Error(ExitCode::providedBackup, "backup " + backup.path.string() + " " + why,
               "take a backup of the whole data directory of a server that is down");
}

// Files that belong to the server that was, or that a start makes anew. `name` is relative to the data
// directory.
bool isLeftBehind(const std::string& name) {
  static const std::set<std::string> files{
      "auto.cnf",        "mysqld-auto.cnf", "ibtmp1",          "ca.pem",         "ca-key.pem",
      "server-cert.pem", "server-key.pem",  "client-cert.pem", "client-key.pem", "private_key.pem",
      "public_key.pem",  "mysql.sock",      "mysql.sock.lock", "my.cnf",         "backup-my.cnf",
      "mysqld.my",       "debian-5.7.flag"};
  const std::string first = name.substr(0, name.find('/'));
  return files.contains(name) || first == "#innodb_temp" || first == ".dlpx-mysql" ||
         startsWith(name, "component_keyring_file") || endsWith(name, ".pid") || endsWith(name, ".err") ||
         endsWith(name, ".log") || endsWith(name, ".sock") || endsWith(name, ".sock.lock") ||
         startsWith(name, "xtrabackup_") || name.find("-relay-bin") != std::string::npos;
}

class Copier {
  static constexpr uint64_t betweenChecks = 8ULL << 20;

 public:
  Copier(const BackupFacts& backup, const fs::path& target, Owner owner, uint64_t leaving)
      : backup_(backup),
        target_(target),
        owner_(owner),
        leaving_(leaving),
        progress_("copying " + backup.path.string(), backup.bytes) {
    if (fs::exists(target_) && !isEmptyDirectory(target_)) {
      throw Error(ExitCode::restore, "directory " + target_.string() + " is not empty",
                  "remove what is in it, or name another mount");
    }
    makeDirectory(target_, {0750, owner_});
  }

  void directory() {
    for (auto entry = fs::recursive_directory_iterator(backup_.path);
         entry != fs::recursive_directory_iterator(); ++entry) {
      const std::string name = entry->path().lexically_relative(backup_.path).string();
      if (isLeftBehind(name)) {
        if (entry->is_directory() && !entry->is_symlink()) entry.disable_recursion_pending();
        continue;
      }
      refuseLinks(name, entry->is_symlink());
      if (entry->is_directory()) {
        makeDirectory(target_ / name, {0750, owner_});
      } else if (entry->is_regular_file()) {
        const UniqueFd from = openFile(entry->path(), O_RDONLY);
        copy(from.get(), entry->path(), name);
      }
    }
    syncFileSystem(target_);
  }

  void archive() {
    const std::string root = rootInArchive();
    BackupStream stream(backup_.path);
    stream.forEachEntry([&](const BackupStream::Entry& entry, const BackupStream::Content& content) {
      const std::string path = fs::path(entry.path).lexically_normal().string();
      if (!startsWith(path, root)) return;
      const std::string name = trimSlash(path.substr(root.size()));
      if (name.empty() || isLeftBehind(name)) return;
      if (fs::path(name).is_absolute() || startsWith(name, ".."))
        throw bad(backup_, "holds the outside path " + name);
      refuseLinks(name, entry.link);
      if (entry.directory) return makeDirectories(name);
      if (entry.regular) extract(name, content);
    });
    syncFileSystem(target_);
  }

 private:
  static std::string trimSlash(std::string text) {
    while (!text.empty() && text.back() == '/') text.pop_back();
    return text;
  }

  void refuseLinks(const std::string& name, bool link) const {
    if (link) throw bad(backup_, "holds a link, " + name);
    if (endsWith(name, ".isl")) throw bad(backup_, "has a tablespace outside of it, see " + name);
  }

  // What stands before "ibdata1".
  std::string rootInArchive() const {
    std::string root;
    BackupStream stream(backup_.path);
    stream.forEachEntry([&](const BackupStream::Entry& entry, const BackupStream::Content&) {
      const std::string path = fs::path(entry.path).lexically_normal().string();
      if (endsWith("/" + path, "/ibdata1")) root = path.substr(0, path.size() - 7);
    });
    return root;
  }

  void makeDirectories(const fs::path& name) const {
    fs::path made = target_;
    for (const fs::path& part : name) {
      made /= part;
      if (!fs::exists(made)) makeDirectory(made, {0750, owner_});
    }
  }

  UniqueFd create(const std::string& name) const {
    UniqueFd file = openFile(target_ / name, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    if (::fchown(file.get(), owner_.uid, owner_.gid) != 0) throw systemError(ExitCode::restore, name, errno);
    return file;
  }

  void write(int to, std::string_view bytes, const std::string& name) {
    writeAll(to, bytes, (target_ / name).string());
    progress_.advance(bytes.size());
    unchecked_ += bytes.size();
    if (unchecked_ < betweenChecks) return;
    unchecked_ = 0;
    if (freeBytes(target_) >= leaving_) return;
    throw Error(ExitCode::noSpace,
                "the disk of " + target_.string() + " is nearly full, and " + backup_.path.string() +
                    " is not all there",
                "give that file system more space, then repeat the command");
  }

  void copy(int from, const fs::path& source, const std::string& name) {
    const UniqueFd to = create(name);
    if (::ioctl(to.get(), FICLONE, from) == 0) return;
    std::array<char, 65536> buffer;
    for (;;) {
      throwIfInterrupted();
      const ssize_t count = ::read(from, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw systemError(ExitCode::providedBackup, source.string(), errno);
      if (count == 0) return;
      write(to.get(), {buffer.data(), static_cast<size_t>(count)}, name);
    }
  }

  void extract(const std::string& name, const BackupStream::Content& content) {
    makeDirectories(fs::path(name).parent_path());
    const UniqueFd to = create(name);
    std::string buffer(256 * 1024, '\0');
    for (size_t count = content(buffer.data(), buffer.size()); count > 0;
         count = content(buffer.data(), buffer.size())) {
      throwIfInterrupted();
      write(to.get(), std::string_view(buffer).substr(0, count), name);
    }
  }

  const BackupFacts& backup_;
  fs::path target_;
  Owner owner_;
  uint64_t leaving_;
  uint64_t unchecked_ = 0;
  Progress progress_;
};

}  // namespace

std::optional<Version> versionOfTablespace(std::string_view firstBytes) {
  if (firstBytes.size() < 12) return std::nullopt;
  unsigned number = 0;
  for (size_t i = 8; i < 12; ++i) number = number << 8 | static_cast<unsigned char>(firstBytes[i]);
  const Version version{number / 10000, number / 100 % 100, number % 100};
  if (version.major < 8 || version.major > 30) return std::nullopt;
  return version;
}

std::optional<Version> versionInHistory(const std::string& content) {
  constexpr std::string_view key = "\"version\":\"";
  const size_t at = content.rfind(key);
  return Version::find(at == std::string::npos ? content : content.substr(at + key.size()));
}

std::string lastLogIn(const std::string& index) {
  const std::string text = trim(index);
  const std::string name = fs::path(text.substr(text.rfind('\n') + 1)).filename().string();
  return name.find("relay") == std::string::npos ? name : std::string();
}

void setEndOfLog(BackupFacts& facts, const std::string& log, uint64_t bytes) {
  facts.coordinates = Coordinates{{}, BinlogPosition{log, bytes}, false};
  facts.coordinatesFrom = "the end of its last binary log";
}

std::string databaseOfDirectory(const std::string& directory) {
  const auto isHex = [&](size_t from) {
    const std::string digits = directory.substr(from, 4);
    return digits.size() == 4 && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  };
  std::string name;
  for (size_t i = 0; i < directory.size(); ++i) {
    if (directory[i] != '@' || !isHex(i + 1)) {
      name += directory[i];
      continue;
    }
    const auto code = static_cast<unsigned>(std::strtoul(directory.substr(i + 1, 4).c_str(), nullptr, 16));
    if (code < 0x80) {
      name += static_cast<char>(code);
    } else if (code < 0x800) {
      name += {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3f))};
    } else {
      name += {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
               static_cast<char>(0x80 | (code & 0x3f))};
    }
    i += 4;
  }
  return name;
}

BackupFacts inspectArchive(BackupFacts facts, BackupStream& archive) {
  facts.kind = BackupKind::dataArchive;
  facts.writtenBy = "mysqld";
  std::map<std::string, uint64_t> files;
  std::vector<std::string> indexes;  // of logs, their text
  std::string root = "?";
  try {
    archive.forEachEntry([&](const BackupStream::Entry& entry, const BackupStream::Content& content) {
      const std::string path = fs::path(entry.path).lexically_normal().string();
      facts.contentBytes += entry.bytes;
      files[path] = entry.bytes;
      if (endsWith("/" + path, "/ibdata1")) root = path.substr(0, path.size() - 7);
      if (entry.regular && endsWith(path, ".index") && entry.bytes < 1024 * 1024) {
        std::string& index = indexes.emplace_back(entry.bytes, '\0');
        index.resize(content(index.data(), index.size()));
      }
      char first[4096] = {};
      if (entry.regular && endsWith(path, "mysql.ibd")) {
        const size_t count = content(first, sizeof(first));
        if (!facts.serverVersion) facts.serverVersion = versionOfTablespace({first, count});
      } else if (entry.regular &&
                 (endsWith(path, "mysql_upgrade_history") || endsWith(path, "mysql_upgrade_info"))) {
        const size_t count = content(first, sizeof(first));
        facts.serverVersion = versionInHistory(std::string(first, count));
      }
    });
    facts.completeness = Completeness::complete;
  } catch (const Error& e) {
    if (e.code() != ExitCode::providedBackup) throw;
    facts.completeness = Completeness::incomplete;
    facts.incompleteBecause = e.what();
  }
  if (root == "?" && facts.completeness == Completeness::complete) {
    throw Error(ExitCode::providedBackup, "archive " + facts.path.string() + " holds no data directory",
                "name a tar of a data directory with its ibdata1; unpack archives of other backups first");
  }
  std::set<std::string> databases;
  for (const auto& [path, size] : files) {
    if (!startsWith(path, root)) continue;
    const std::string name = path.substr(root.size());
    const size_t slash = name.find('/');
    if (slash != std::string::npos && slash > 0 && name[0] != '#')
      databases.insert(databaseOfDirectory(name.substr(0, slash)));
  }
  facts.databases.assign(databases.begin(), databases.end());
  for (const std::string& index : indexes) {
    const std::string name = lastLogIn(index);
    const auto log = files.find(root + name);
    if (!name.empty() && log != files.end()) setEndOfLog(facts, name, log->second);
  }
  if (!facts.coordinates) facts.notes.push_back("its GTIDs are known once a server runs on it");
  return facts;
}

void copyDataDirectory(const BackupFacts& backup, const fs::path& target, Owner owner, uint64_t leaving) {
  Copier copier(backup, target, owner, leaving);
  if (backup.kind == BackupKind::dataArchive) return copier.archive();
  copier.directory();
}

}  // namespace dlpx
