#pragma once

#include <string>

#include "command/app.h"

namespace dlpx {

enum class DocumentKind { man, completion, reference };

// Documents made from the specification and the parameter table: a roff manual page of section 1, a bash
// completion, and the Markdown reference of all parameters (the part of config/README.md between its
// markers). `dlpx-mysql-stage --generate man` prints the same.
std::string generate(const AppSpec& app, DocumentKind kind);

// The reference alone: it does not depend on an executable.
std::string referenceMarkdown();

}  // namespace dlpx
