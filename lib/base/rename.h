#pragma once

#include "base/files.h"

namespace dlpx {

// Gives a file its name, on the disk when this returns. What has that name already is never replaced. Throws
// Error{storage}.
void renameNew(const fs::path& from, const fs::path& to);

}  // namespace dlpx
