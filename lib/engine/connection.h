#pragma once

#include "engine/catalogue.h"
#include "engine/hook_runner.h"

namespace dlpx {

// How a script of the user reaches the object's server: host, port, user, the file that holds the password,
// the socket where the hook that made the server has named it. Never the password itself. The names are those
// of our tools' parameters, so these find the server as well.
HookEnvironment connectionOf(const EngineObject& object);

}  // namespace dlpx
