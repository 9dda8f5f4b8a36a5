#pragma once

#include "command/table.h"

// The parts of the parameter table, in the order of the reference: one file for each of the tools' concerns.
namespace dlpx {

using Specs = std::vector<ParameterSpec>;

Specs commonParameters();
Specs instanceParameters();
Specs sourceParameters();
Specs ingestionParameters();
Specs vdbParameters();
Specs exportParameters();
Specs engineParameters();

}  // namespace dlpx
