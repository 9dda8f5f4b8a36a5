#pragma once

#include "base/deadline.h"
#include "base/json.h"
#include "mysql/session.h"

namespace dlpx {

// Replication that the user of a manual staging server has set up there. It is theirs: shown, and put back as
// it was where it has to stand for a moment.

// What runs: [{"channel", "receiver", "applier"}], for resumeChannels(). Empty when nothing does.
Json runningChannels(Session& session);

// Stops the appliers among them; Error{timeout} when one did not stop in time. `control` opens a second
// session.
void pauseAppliers(Session& session, const Json& running, const ConnectionOptions& control,
                   const Deadline& deadline);

// Starts again what was running. What cannot be (a password that was not stored) is warned of, never thrown.
void resumeChannels(Session& session, const Json& running);

// [{"channel", …as ChannelStatus::json()}] of every channel.
Json describeChannels(Session& session);

}  // namespace dlpx
