#pragma once

#include <memory>

#include "engine/pool.h"
#include "process/command.h"

namespace dlpx {

// One maker per driver; openPool() chooses.
std::unique_ptr<Pool> makeBtrfsPool(const PoolConfig& config);
std::unique_ptr<Pool> makeZfsPool(const PoolConfig& config);
std::unique_ptr<Pool> makeDirectoryPool(const PoolConfig& config);  // copy and reflink

// --- for drivers

// Runs a tool of the file system. Throws Error{storage} (noSpace, where the pool is full) with its words.
Finished runPoolTool(const std::vector<std::string>& argv, const std::string& what,
                     const std::string& remedy);

// The sparse file of a pool. The image must be large enough, and not there when the pool is made …
void requireNoImage(const PoolConfig& config);
void makePoolImage(const PoolConfig& config);
// … and there when it is mounted.
void requireImage(const PoolConfig& config);
// An image can be promised more than its file system holds.
PoolUsage withinImage(const PoolConfig& config, PoolUsage usage);

}  // namespace dlpx
