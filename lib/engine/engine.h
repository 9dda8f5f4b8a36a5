#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/lock.h"
#include "engine/catalogue.h"
#include "engine/hook_runner.h"
#include "engine/pool.h"

namespace dlpx {

struct EngineOptions {
  fs::path home;
  std::optional<fs::path> hooksDirectory;  // else beside the executable
  bool toLook = false;  // for a dry run: nothing is made, and a missing home is an empty one
};

// The local engine's home:
//   catalogue.db              what there is
//   pools/<pool>[.img]        where pools are mounted by default, and their images
//   config/<name>.yaml        what hooks read, made from the catalogue
//   operations/<name>.state.json, operations/<name>.run/, locks/<name>.lock
//   logs/                     of the engine, of its hooks' programs, of servers that failed
// All but the way to the mounts is closed to others.
class Engine {
 public:
  // Makes the home when it is not there. Throws Error{storage} when it cannot be used.
  explicit Engine(EngineOptions options);

  const fs::path& home() const { return options_.home; }
  Catalogue& catalogue() { return catalogue_; }
  fs::path hooksDirectory() const { return HookRunner::find(options_.hooksDirectory); }
  // Throws Error{storage} when the pool's storage is not there.
  std::unique_ptr<Pool> pool(const std::string& name);

  // Locked by name: of an object, or "pool." and a pool's name. Throws Error{locked}.
  FileLock lock(const std::string& name, const std::string& operation) const;
  fs::path journalFile(const std::string& name) const;
  fs::path scratchDirectory(const std::string& name) const;
  fs::path configFile(const std::string& name) const;

 private:
  EngineOptions options_;
  Catalogue catalogue_;
};

// Makes what is not there yet of a home; returns its absolute path.
fs::path makeHome(const fs::path& path);

// Letters, digits, '-' and '_', at most 64, beginning with a letter or digit; throws Error{usage} otherwise.
void checkName(const std::string& name);

}  // namespace dlpx
