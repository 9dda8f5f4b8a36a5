#pragma once

#include <string>

#include "base/error.h"
#include "server/mount.h"

namespace dlpx {

// The error log of a server that is about to be cleared away outlives it: the end of it is copied to the
// directory of our log file, else to `logs` beside the registry, as <name>-<time>.mysqld_error.log of mode
// 0600; the newest 20 stay. Returns the error with the copy named in its remedy, and in its log where that
// was the server's; the error as it is when there is nothing to keep, or no place for it.
Error withKeptErrorLog(const Mount& mount, const std::string& name, const Error& error);

// Does `work`; its error becomes withKeptErrorLog().
template <typename Work>
auto keepingErrorLog(const Mount& mount, const std::string& name, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw withKeptErrorLog(mount, name, error);
  }
}

}  // namespace dlpx
