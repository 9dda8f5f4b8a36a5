#pragma once

#include <string>

#include "base/files.h"
#include "base/secret.h"

namespace dlpx {

// The password in a file, without one newline at its end. `subject` is what named the file
// ("--source-password-file"). Throws Error{usage} when the file cannot be read, is empty, is a regular file
// that others (neither owner nor group) can read or write, or holds a NUL or a newline; warns when its group
// can read it.
Secret readPasswordFile(const fs::path& path, const std::string& subject);

// Throws Error{usage} when `password` holds a NUL or a newline; the error does not show it.
void checkPassword(const Secret& password, const std::string& subject);

// True when a person can be asked: standard input and standard error are a terminal.
bool canPrompt();
// Asks on the terminal, without echo. Throws Error{interrupted} after a signal, Error{usage} at end of input.
Secret promptPassword(const std::string& question);

}  // namespace dlpx
