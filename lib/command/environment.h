#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/secret.h"

namespace dlpx {

// The environment of the process as the parameter table sees it. An empty variable counts as not given.
class Environment {
 public:
  // Reads environ. The variables that hold passwords, of every executable, are taken out of it: removed, so
  // that no child inherits them, and overwritten, so that /proc/<pid>/environ no longer shows them.
  static Environment take();

  std::optional<std::string> value(const std::string& variable) const;
  std::optional<Secret> secret(const std::string& variable) const;

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, Secret> secrets_;
};

}  // namespace dlpx
