#pragma once

#include <map>
#include <string>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// What databases hold, by kind and name: "table shop.orders", "view …", "trigger …", "procedure …", "function
// …", "event …". With `texts` also how each is defined, without what may differ between equal servers:
// AUTO_INCREMENT counters, the times of creation, whether an event is enabled. Reads only.
std::map<std::string, std::string> definitions(Session& session, const std::vector<std::string>& databases,
                                               bool texts);

}  // namespace dlpx
