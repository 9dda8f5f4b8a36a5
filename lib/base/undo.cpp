#include "base/undo.h"

#include "base/interrupt.h"
#include "base/log.h"

namespace dlpx {

void Undo::rollBack() noexcept {
  const InterruptShield shield;
  while (!actions_.empty()) {
    const Action action = std::move(actions_.back());
    actions_.pop_back();
    try {
      log::debug("undo: " + action.what);
      action.run();
    } catch (const std::exception& e) {
      log::warning("could not undo: " + action.what + ": " + e.what());
    }
  }
}

}  // namespace dlpx
