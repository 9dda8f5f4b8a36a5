#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/kind.h"
#include "backup/method.h"
#include "command/app.h"
#include "mysql/option_file.h"
#include "server/installation.h"
#include "staging/encryption.h"
#include "staging/request.h"
#include "staging/source_facts.h"

namespace dlpx {

enum class Verdict { pass, warn, fail };

struct Check {
  std::string name;
  Verdict verdict = Verdict::pass;
  std::string finding;
  std::string remedy;  // of warn and fail
};

// A table of checks, each with its remedy.
class Preflight {
 public:
  void pass(const std::string& name, const std::string& finding);
  void warn(const std::string& name, const std::string& finding, const std::string& remedy);
  void fail(const std::string& name, const std::string& finding, const std::string& remedy);

  const std::vector<Check>& checks() const { return checks_; }
  size_t count(Verdict verdict) const;
  Output output() const;
  // ReportedError{preflight} that tells the first failed check and carries the table.
  void throwIfFailed() const;

 private:
  std::vector<Check> checks_;
};

// What the checks found out and the work goes by.
struct Plan {
  Installation installation;
  std::optional<SourceFacts> source;  // nothing for type manual, and when it could not be read
  MethodChoice choice;
  std::optional<BackupFacts> backup;  // of method file
  std::vector<Option> recipient;      // settings that the source imposes
  SourceEncryption encryption;
  bool keyring = false;  // staging gets one
};

// Looks at everything that init needs and changes nothing. Throws only Error{installation} (no MySQL at the
// basedir), Error{providedBackup} (a directory of backups holds none that is complete) and
// Error{interrupted}; all else becomes a row.
Plan preflight(const StagingRequest& request, Preflight& table);

// Its parts.
void checkHost(const StagingRequest& request, const Installation& installation, Preflight& table);
void checkSource(const StagingRequest& request, Plan& plan, Preflight& table);
// The backup that was given, or the newest complete one in a directory of backups.
void checkBackup(const StagingRequest& request, Plan& plan, Preflight& table);
// Space for that many bytes of source data on the mount, at the most that the method takes meanwhile.
void checkSpace(const StagingRequest& request, uint64_t sourceBytes, Method method, Preflight& table);
// That the mount has for new data: a resync keeps the old beside it, unfinished work goes.
uint64_t usableBytes(const fs::path& mount);

// Whether a staging server of that version can replicate from the source: the same series or the next one.
bool canFollow(const Version& staging, const Version& source);

}  // namespace dlpx
