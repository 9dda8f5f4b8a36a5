#pragma once

#include "command/app.h"
#include "server/mount.h"
#include "staging/request.h"

namespace dlpx {

// What a snapshot that was begun before means to a resync.
enum class OpenSnapshot {
  refuses,
  ends,  // it is the resync of another preSnapshot(): as a repeated one it takes the place of the first
};

// Builds staging anew. Until its data is complete and replicates, the server that is there stays as it is: it
// runs, replicates and can be snapshot. Then they change places. On an error, and when the same command is
// repeated after a crash at any point, staging is as it was or is the new one, never something between. Space
// for both is needed. Where there is no complete staging server it is initialiseStaging().
// Throws Error{locked} while a snapshot of the old data is being taken (staging/open_snapshot.h): at once,
// and when one that has begun meanwhile is not over in time.
Output resyncStaging(const StagingRequest& request, OpenSnapshot open = OpenSnapshot::refuses);

// A complete staging server is there, or one that a killed resync has half replaced.
bool isResyncable(const Mount& mount);

}  // namespace dlpx
