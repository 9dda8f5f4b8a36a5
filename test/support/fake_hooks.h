#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "support/scratch.h"

namespace dlpx::test {

// A directory of real bash hooks that stand for MySQL's: they note each call, keep the state of a "server"
// per name (running, or not there) outside the mount and its data inside, and refuse what a real server would
// refuse: configuring a mount whose server runs, taking a snapshot of a server that does not run, a result
// without a mount.
class FakeHooks {
 public:
  FakeHooks();

  fs::path directory() const { return scratch_ / "hooks"; }
  // "linked/pre-snapshot shop", in order of the calls since the last question.
  std::vector<std::string> calls();
  // Servers that run now, by name.
  std::vector<std::string> running() const;
  // A reboot: no server runs any more.
  void killServers() const;
  // From now on this hook, "virtual/configure", or "virtual/configure dev" for that server only, fails with
  // an error JSON of exit code 8; "" ends it.
  void fail(const std::string& hook) const;
  // The environment of the last call of a hook.
  std::string environmentOf(const std::string& hook) const;
  fs::path userScript(const std::string& name, int exitCode = 0) const;

 private:
  Scratch scratch_;
};

}  // namespace dlpx::test
