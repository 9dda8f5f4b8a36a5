#pragma once

#include <optional>
#include <string>

#include "base/files.h"

namespace dlpx {

// The nearest directory or file that is there: the path itself, or one above it.
fs::path existingAncestor(fs::path path);

// By the mode bits alone, which is what the kernel asks for an account without capabilities.
bool mayEnter(const std::string& osUser, const fs::path& directory);
bool mayRead(const std::string& osUser, const fs::path& file);
// The deepest directory of an existing path, itself included, that the account may not enter; nothing when it
// may enter all. An account that is not known on this host may enter none.
std::optional<fs::path> barredDirectory(const std::string& osUser, const fs::path& directory);

}  // namespace dlpx
