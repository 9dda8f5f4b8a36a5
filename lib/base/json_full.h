#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"

namespace dlpx {

// Reads a JSON document from a file; throws Error{code} naming the file when it is missing or not JSON.
Json readJson(const std::filesystem::path& path);

// The document on one line, with bytes that are not UTF-8 replaced (a server's message may hold any).
std::string compact(const Json& json);
// The document indented by two spaces, ending in a newline.
std::string pretty(const Json& json);

}  // namespace dlpx
