#pragma once

#include <string>
#include <vector>

#include "mysql/option_file.h"

namespace dlpx {

// As OptionFile::read(), for looking only: a file, or one that it includes, for which that would throw is
// left out, alone, and the problem ("file:line: …") is added to `problems`. A missing `file` is an empty one.
OptionFile readableOptions(const fs::path& file, std::vector<std::string>& problems);

}  // namespace dlpx
