#pragma once

#include <string>

namespace dlpx {

// This host's name as the kernel has it; "localhost" where it has none.
std::string hostName();

}  // namespace dlpx
