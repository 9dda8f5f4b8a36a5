#pragma once

#include "backup/file_restore.h"

namespace dlpx {

// The directories of mydumper and MySQL Shell, by the program that belongs to them. Error{installation} when
// it is not installed, Error{restore} with its words when it fails.
void restoreDirectory(const FileRestoreRequest& request);

}  // namespace dlpx
