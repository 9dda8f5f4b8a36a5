#pragma once

#include <filesystem>
#include <functional>

#include "command/app.h"

namespace dlpx {

// Where the commands of an app that change something keep their log when neither --log-dir nor DLPX_BIN says
// so. A place that cannot be had, or an empty path, means no log file.
using LogDirectory = std::function<std::filesystem::path(const Parameters&)>;

// As runApp(), for an app that has such a place.
int runApp(const AppSpec& app, const LogDirectory& logDirectory, int argc, char** argv);

}  // namespace dlpx
