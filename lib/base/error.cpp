#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace dlpx {

Error systemError(ExitCode code, const std::string& what, int errnoValue) {
  const std::string problem = what + ": " + std::generic_category().message(errnoValue);
  if (errnoValue == ENOSPC || errnoValue == EDQUOT) {
    return Error(ExitCode::noSpace, problem, "free space on that file system, then repeat the command");
  }
  if (errnoValue == EACCES || errnoValue == EPERM) {
    return Error(code, problem, "run the command as root or as the owner of that path");
  }
  if (errnoValue == EROFS) {
    return Error(
        code, problem,
        "mount that file system writable ('dmesg' tells why the kernel made it read-only), then repeat the "
        "command");
  }
  return Error(code, problem, "check that path and its file system");
}

}  // namespace dlpx
