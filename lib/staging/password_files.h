#pragma once

#include "server/mount.h"
#include "staging/request.h"

namespace dlpx {

// Where a staging server's passwords were last given in files and proved right: noted on its mount, so that
// after a reboot, at night, its commands need nothing but the mount. What is noted is the files' names: a
// password is never stored. Passwords of variables and prompts are not noted.

// Those of this call. A pipe (a shell's <(…)) is no file.
PasswordFiles passwordFilesFrom(const Parameters& parameters);

// Where this call had a file, it replaces what was noted.
void notePasswordFiles(const Mount& mount, const PasswordFiles& files, Owner owner);

// Sets the passwords that were not given from the noted files. One that cannot be read stays missing, which
// a warning tells.
void recallPasswords(StagingAccess& access);

}  // namespace dlpx
