#pragma once

#include <string>
#include <vector>

#include "backup/dump.h"

namespace dlpx {

// Events, and statements that are replicated later, may name time zones; a fresh server knows none. Copies
// the source's unless the target has its own. A source that does not let us read them is noted.
void copyTimeZones(const DumpRequest& request, Session& source, Session& target,
                   std::vector<std::string>& notes);

}  // namespace dlpx
