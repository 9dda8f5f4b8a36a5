#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mysql/option_file.h"
#include "mysql/session.h"
#include "server/keyring.h"

namespace dlpx {

struct Plan;
struct StagingRequest;
class Preflight;

// What a source encrypts at rest. Only asked by SQL: its keys never leave it.
struct SourceEncryption {
  uint64_t tablespaces = 0;       // encrypted ones, undo and mysql.ibd among them
  bool systemTablespace = false;  // mysql.ibd
  bool hasKeyring = false;        // a keyring component or plugin is active
  std::vector<Option> settings;   // those that encrypt redo, undo, logs and new tables, where they are on

  // Staging needs a keyring to follow it: its data is encrypted, or a statement of its may ask for that.
  bool used() const { return tablespaces > 0 || hasKeyring || !settings.empty(); }
  std::string text() const;
};

// As far as the account may see; all of it with SELECT and PROCESS.
SourceEncryption readEncryption(Session& source);

// Adds the row "encryption", decides whether staging gets a keyring, and lets staging's settings follow the
// source's. Fails when the installation has no keyring component, when `request.keyring` cannot be used, and
// when an encrypted data directory was given without the keyring that opens it.
void checkEncryption(const StagingRequest& request, const SourceEncryption& source, Plan& plan,
                     Preflight& table);

// The keyring that staging begins with: the one that came with a data directory, else an empty one. Throws
// Error{preflight} when it cannot be read.
Keyring firstKeyring(const StagingRequest& request, const Plan& plan);

// Throws Error{preflight} naming the master keys that encrypted files in `dataDirectory` need and the keyring
// lacks.
void requireMasterKeys(const fs::path& dataDirectory, const Keyring& keyring);

}  // namespace dlpx
