#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"

namespace dlpx {

// A variable of our prefix that means nothing, and the known one that it resembles, if any.
struct UnknownVariable {
  std::string name;
  std::string nearest;
};

// The environment of the process as the parameter table sees it. An empty variable counts as not given.
class Environment {
 public:
  // Reads environ. The variables that hold passwords, of every executable, are taken out of it: removed, so
  // that no child inherits them, and overwritten, so that /proc/<pid>/environ no longer shows them.
  static Environment take();

  std::optional<std::string> value(const std::string& variable) const;
  std::optional<Secret> secret(const std::string& variable) const;
  const std::vector<UnknownVariable>& unknown() const { return unknown_; }
  // Passwords of the archived plugin that were given and that nothing here needs.
  const std::vector<std::string>& notNeeded() const { return notNeeded_; }

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, Secret> secrets_;
  std::vector<UnknownVariable> unknown_;
  std::vector<std::string> notNeeded_;
};

}  // namespace dlpx
