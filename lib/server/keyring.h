#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "server/installation.h"
#include "server/mount.h"

namespace dlpx {

struct InstanceFacts;

// The keyring of an instance of ours is a file of MySQL's component_keyring_file (8.0.24 and newer; manual:
// "Keyring Component Installation"): the master keys that encrypt the keys of tablespaces and logs. Each
// instance has its own, 0600, in a directory of the server's user, 0700. The installation is not touched.

// The keys in such a file. Their values never leave it but into another keyring.
class Keyring {
 public:
  // With what the component had not come to write (its ".backup" beside it). Throws Error{onFailure} naming
  // a file that is missing, cannot be read or is no keyring.
  static Keyring read(const fs::path& file, ExitCode onFailure);
  // Throws Error{onFailure} naming `name` for what is no keyring; an empty text is an empty one.
  static Keyring parse(const std::string& text, const fs::path& name, ExitCode onFailure);

  // "INNODBKey-<server UUID>-<n>" and others, sorted.
  std::vector<std::string> ids() const;
  // Those of `wanted` that are not here, sorted.
  template <typename Names>
  std::vector<std::string> missing(const Names& wanted) const {
    std::vector<std::string> result;
    for (const std::string& id : wanted) {
      if (!has(id)) result.push_back(id);
    }
    return result;
  }
  bool has(const std::string& id) const;
  // Takes over the other's keys; where both have one of the same name the other's counts.
  void add(const Keyring& other);
  std::string text() const;

 private:
  std::map<std::string, std::string> elements_;  // by name (and user): the component's own JSON
};

// Where an instance on that mount keeps its keyring: below the mount when `directory` is empty, else in a
// directory of its own in there, whose name is the same for the same mount.
fs::path keyringFile(const Mount& mount, const fs::path& directory);
// Writes the file, and makes its directory, with modes and owner as above.
void writeKeyring(const fs::path& file, const Keyring& keyring, Owner owner);
// Throws Error{preflight} when no instance whose server runs as `osUser` can keep its keyring in that
// directory, which need not be there yet.
void requireKeyringIn(const fs::path& directory, const std::string& osUser);
// Removes the instance's keyring with its directory, unless it is another mount's (of which this one is a
// clone).
void removeKeyring(const Mount& mount, const InstanceFacts& facts);

// "" when servers of this installation can have a keyring of ours, else why not.
std::string noKeyringBecause(const Installation& installation);

// The master keys that the InnoDB files of a data directory name in their headers: "INNODBKey-…". Complete
// only of a server that was shut down; a later header may still be in the redo log.
std::set<std::string> masterKeysOf(const fs::path& dataDirectory);

// How an instance's server is started: mysqld itself, or with a keyring a link to it, beside which the
// component is named, and options that make it find its configuration.
struct ServerProgram {
  fs::path program;
  std::vector<std::string> options;
};
// Makes what is needed on the mount, anew each time. Throws when the noted keyring is missing or cannot be
// read, Error{unsafeClone} for a VDB and Error{serverStart} else, before anything starts; the component
// itself would begin an empty one.
ServerProgram serverProgram(const Mount& mount, const InstanceFacts& facts);

}  // namespace dlpx
