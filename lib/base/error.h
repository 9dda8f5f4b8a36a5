#pragma once

#include <stdexcept>
#include <string>

#include "base/exit_code.h"

namespace dlpx {

// The one exception type of the suite: what the caller is told and with which exit code. `problem` is a
// lower-case fact with names and values and without a full stop; `remedy` says in the imperative what to do;
// `log` holds the path of a log or the foreign program's own words, where there are any. None of them ever
// holds a password.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& problem, std::string remedy = {}, std::string log = {})
      : std::runtime_error(problem), code_(code), remedy_(std::move(remedy)), log_(std::move(log)) {}

  ExitCode code() const { return code_; }
  const std::string& remedy() const { return remedy_; }
  const std::string& log() const { return log_; }

  // The same error told under another exit code, for callers whose contract names their own.
  Error as(ExitCode code) const { return Error(code, what(), remedy_, log_); }

 private:
  ExitCode code_;
  std::string remedy_;
  std::string log_;
};

// An Error for a failed system call: "<what>: <strerror>". ENOSPC and EDQUOT always become ExitCode::noSpace.
Error systemError(ExitCode code, const std::string& what, int errnoValue);

}  // namespace dlpx
