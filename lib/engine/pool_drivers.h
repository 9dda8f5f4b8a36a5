#pragma once

#include <memory>

#include "engine/pool.h"

namespace dlpx {

// One maker per driver; openPool() chooses.
std::unique_ptr<Pool> makeBtrfsPool(const PoolConfig& config);
std::unique_ptr<Pool> makeDirectoryPool(const PoolConfig& config);  // copy and reflink

}  // namespace dlpx
