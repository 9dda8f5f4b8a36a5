#include "server/changed_variables.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"

namespace dlpx {

ChangedVariables::ChangedVariables(Session& session, const Instance& instance)
    : session_(session), instance_(instance) {
  const Json facts = readFacts(instance.mount().stateFile());
  if (!facts.contains("changedVariables")) return;
  before_ = facts["changedVariables"].get<std::map<std::string, std::string>>();
  putBack();
}

ChangedVariables::~ChangedVariables() {
  const InterruptShield shield;
  try {
    putBack();
  } catch (const std::exception& e) {
    log::warning(std::string("variables of the server could not be put back: ") + e.what());
  }
}

void ChangedVariables::note() {
  Json noted;
  if (!before_.empty()) noted = before_;
  mergeFacts(instance_.mount().stateFile(), {{"changedVariables", noted}}, {0640, instance_.owner()});
}

void ChangedVariables::set(const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> known;
  for (const auto& [name, value] : values) {
    const std::string now = session_.variable(name);
    if (now.empty() || now == value) continue;
    known[name] = value;
    before_.emplace(name, now);
  }
  if (known.empty()) return;
  note();
  for (const auto& [name, value] : known) {
    if (session_.tryExecute("SET GLOBAL " + name + " = " + value)) before_.erase(name);
  }
}

void ChangedVariables::putBack() {
  if (before_.empty()) return;
  // Twice: one variable may bound another (innodb_io_capacity and its maximum).
  for (int pass = 0; pass < 2; ++pass) {
    for (const auto& [name, value] : before_) {
      const auto refused = session_.tryExecute("SET GLOBAL " + name + " = " + value);
      if (refused && pass == 1) log::warning(name + " could not be put back: " + refused->what());
    }
  }
  before_.clear();
  note();
}

}  // namespace dlpx
