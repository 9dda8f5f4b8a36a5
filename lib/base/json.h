#pragma once

#include <nlohmann/json_fwd.hpp>

namespace dlpx {

// Objects keep the order in which their members were added: reports read as they were written. Include
// "base/json_full.h" where a document is built or read.
using Json = nlohmann::ordered_json;

}  // namespace dlpx
