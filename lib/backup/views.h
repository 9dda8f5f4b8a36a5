#pragma once

#include <string>
#include <vector>

#include "backup/schema.h"
#include "mysql/session.h"

namespace dlpx {

// Creates the source's views at the target, each after those that it needs: mysqldump's way, placeholders of
// integers, refuses views whose expressions do not take integers, and ends at the first view that is invalid
// at the source. Returns a sentence for each view that is left out because it is invalid at the source, too.
// Throws Error{restore} for a valid one that the target refuses. Both sessions keep their settings.
std::vector<std::string> copyViews(Session& source, Session& target, const std::vector<TableName>& views);

}  // namespace dlpx
