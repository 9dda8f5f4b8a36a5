#pragma once

#include "process/command.h"

namespace dlpx {

// As run(), for a foreign program of which only its words are wanted ("--version"): it has nothing to lose,
// so at the deadline it and what it started are killed at once, and so they are when they print more than 64
// KiB (Error{internal}).
Finished probe(const Command& command);

}  // namespace dlpx
