#pragma once

#include <string>

#include "base/files.h"
#include "base/journal.h"
#include "base/lock.h"

namespace dlpx {

// The layout of one instance on the directory that the engine gives to it (design section 4).
class Mount {
 public:
  // The path is made absolute; nothing is created or looked at.
  explicit Mount(const fs::path& root);

  const fs::path& root() const { return root_; }
  fs::path data() const { return root_ / "data"; }
  fs::path log() const { return root_ / "log"; }
  fs::path tmp() const { return root_ / "tmp"; }
  fs::path optionFile() const { return root_ / "my.cnf"; }
  fs::path pidFile() const { return root_ / "mysqld.pid"; }
  fs::path errorLog() const { return root_ / "mysqld_error.log"; }
  fs::path control() const { return root_ / ".dlpx-mysql"; }
  fs::path stateFile() const { return control() / "state.json"; }
  fs::path snapshotFile() const { return control() / "snapshot.json"; }
  // A place on the same file system where the data that is to follow is built, an instance of its own, and
  // one where the data that it follows is kept until that is proven.
  Mount next() const { return Mount(control() / "next"); }
  Mount previous() const { return Mount(control() / "previous"); }
  // <mount>/mysql.sock while that fits into the 107 bytes that a socket address takes, else in a private
  // directory below /run (or XDG_RUNTIME_DIR) that startableBy() creates.
  fs::path socket() const;

  // True once create() has been here.
  bool exists() const { return fs::is_directory(control()); }
  // Data, log, tmp, control and, where needed, the socket's directory. What is there stays.
  void create(Owner owner) const;
  // Throws Error{locked} naming the holder. Creates the control directory when it is missing.
  FileLock lock(const std::string& operation, const Deadline& deadline) const;
  // The owner of the mount's files.
  Journal journal(const std::string& operation) const;

 private:
  fs::path root_;
};

}  // namespace dlpx
