#pragma once

#include <map>
#include <string>

#include "mysql/session.h"
#include "server/instance.h"

namespace dlpx {

// Global variables of a running server that are changed for a while. What they were before is noted in
// state.json before the change, so that a later process puts them back when this one is killed. Never
// persisted in the server.
class ChangedVariables {
 public:
  // Puts back what an earlier process left changed.
  ChangedVariables(Session& session, const Instance& instance);
  ~ChangedVariables();  // puts all back; a failure is logged
  ChangedVariables(const ChangedVariables&) = delete;
  ChangedVariables& operator=(const ChangedVariables&) = delete;

  // Sets numbers, all or none noted first. A variable that the server does not know, or cannot change while
  // it runs, is left out.
  void set(const std::map<std::string, std::string>& values);
  void putBack();

 private:
  void note();

  Session& session_;
  const Instance& instance_;
  std::map<std::string, std::string> before_;
};

}  // namespace dlpx
