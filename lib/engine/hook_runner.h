#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/files.h"

namespace dlpx {

using HookEnvironment = std::map<std::string, std::string>;

struct HookResult {
  std::string out;   // stdout, trimmed
  std::string json;  // what the hook wrote into DLPX_OUTPUT_FILE; empty when nothing
};

// Starts the scripts of one directory, as an engine would: bash, stdin /dev/null, output captured, our
// environment without any parameter or password of ours, and with what the operation gives.
class HookRunner {
 public:
  // `scratch` is a private directory for the files through which results come back.
  HookRunner(fs::path hooksDirectory, fs::path scratch)
      : directory_(std::move(hooksDirectory)), scratch_(std::move(scratch)) {}

  // Where the hooks are: `given`, else in libexec beside the executable, else in the source tree that the
  // executable was built from. Throws Error{usage} when they are not there.
  static fs::path find(const std::optional<fs::path>& given);

  // `hook` as "linked/pre-snapshot". A failure is thrown as the Error that the hook told as JSON at the end
  // of its stderr; without one, as Error with the hook's exit code and last words.
  HookResult run(const std::string& hook, const HookEnvironment& environment) const;
  // A script of the user, started the same way. Throws Error{usage} when it does not end with 0.
  void runUserScript(const std::string& point, const fs::path& script,
                     const HookEnvironment& environment) const;

 private:
  HookResult start(const fs::path& script, const HookEnvironment& environment, const fs::path& resultFile,
                   int& exitCode, std::string& err) const;

  fs::path directory_;
  fs::path scratch_;
};

}  // namespace dlpx
