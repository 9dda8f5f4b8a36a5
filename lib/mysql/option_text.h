#pragma once

#include <string>
#include <string_view>

#include "mysql/option_file.h"

namespace dlpx {

// The text form of one setting; for OptionFile.

// What mysqld makes of a line "name = value # comment".
Option readOption(std::string_view line);

// The value in double quotes, with escapes for ", \ and control characters.
std::string quotedValue(std::string_view value);

}  // namespace dlpx
