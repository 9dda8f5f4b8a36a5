#include "base/host.h"

#include <unistd.h>

namespace dlpx {

std::string hostName() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

}  // namespace dlpx
