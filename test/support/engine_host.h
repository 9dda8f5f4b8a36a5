#pragma once

#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "engine/workflows.h"
#include "support/fake_hooks.h"

namespace dlpx::test {

// A home with one copy pool and the fake hooks.
struct EngineHost {
  EngineHost() {
    PoolRequest pool;
    pool.name = "plain";
    pool.kind = PoolKind::copy;
    createPool(engine, pool);
  }

  SnapshotRecord linkShop() { return link(engine, {"shop", "", {}, 0, 0}); }
  EngineObject provisionDev() { return provision(engine, {"dev", "shop", {}, 0, 0}); }
  void linkAndProvision() {
    linkShop();
    provisionDev();
    hooks.calls();
  }
  fs::path mount(const std::string& name) { return engine.pool("plain")->pathOf(name); }
  std::string data(const std::string& name) { return trim(readFile(mount(name) / "data")); }
  void change(const std::string& name, const std::string& data) { writeFile(mount(name) / "data", data); }

  Scratch home;
  FakeHooks hooks;
  Engine engine{{home / "engine", hooks.directory()}};
};

// What an action throws; one of ExitCode::success when it throws nothing.
inline Error errorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ExitCode::success, "nothing failed");
}

}  // namespace dlpx::test
