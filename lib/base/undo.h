#pragma once

#include <functional>
#include <string>
#include <vector>

namespace dlpx {

// Reverts effects in reverse order when a workflow fails. Register the undo beside each effect, before the
// effect where a failed effect can leave something behind; commit last. A failing undo is logged and the next
// one runs.
class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() { rollBack(); }

  void add(std::string what, std::function<void()> action) {
    actions_.push_back({std::move(what), std::move(action)});
  }
  void commit() { actions_.clear(); }
  void rollBack() noexcept;

 private:
  struct Action {
    std::string what;
    std::function<void()> run;
  };
  std::vector<Action> actions_;
};

}  // namespace dlpx
