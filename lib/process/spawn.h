#pragma once

#include <sys/types.h>

#include "process/command.h"

namespace dlpx {

// The wrapper around Boost.Process: starts the command with these descriptors as its 0, 1 and 2 and returns
// its pid, which the caller reaps. The only function that knows which of Boost's two APIs there is.
pid_t spawn(const Command& command, const fs::path& program, int in, int out, int err);

}  // namespace dlpx
