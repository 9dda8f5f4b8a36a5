#include "base/error.h"
#include "base/files.h"
#include "base/json_full.h"

namespace dlpx {

Json readJson(const std::filesystem::path& path) {
  try {
    return Json::parse(readFile(path));
  } catch (const Json::exception& e) {
    throw Error(ExitCode::internal, "file " + path.string() + " is not valid JSON: " + e.what(),
                "restore that file, or remove it and repeat the command");
  }
}

std::string compact(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dlpx
