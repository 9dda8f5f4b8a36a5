#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"

namespace dlpx {

// The nearest directory or file that is there: the path itself, or one above it.
fs::path existingAncestor(fs::path path);

// What of the path is not there yet, the outermost first. Made one by one they get the mode that is asked
// for; create_directories() would close those between to others, by our umask.
std::vector<fs::path> missingDirectories(const fs::path& path);

// By the mode bits alone, which is what the kernel asks for an account without capabilities.
bool mayEnter(const std::string& osUser, const fs::path& directory);
bool mayRead(const std::string& osUser, const fs::path& file);
// The deepest directory of an existing path, itself included, that the account may not enter; nothing when it
// may enter all. An account that is not known on this host may enter none.
std::optional<fs::path> barredDirectory(const std::string& osUser, const fs::path& directory);

}  // namespace dlpx
