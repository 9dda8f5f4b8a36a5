#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// Makes a fresh target load fast and take everything: no redo log (8.0.21), no flush per transaction, packets
// of any size, functions of any kind. All is put back by finish(), which checks it, or by the destructor,
// which logs what it could not put back.
class FastLoad {
 public:
  // `more`: variables of the caller's, with the values that they need.
  explicit FastLoad(Session& target, const std::vector<std::pair<std::string, std::string>>& more = {});
  ~FastLoad();
  FastLoad(const FastLoad&) = delete;
  FastLoad& operator=(const FastLoad&) = delete;

  // Throws Error{restore} when a setting, or the redo log, is not as it was.
  void finish();

 private:
  void set(const std::string& variable, const std::string& value);
  void putBack();

  Session& target_;
  std::vector<std::pair<std::string, std::string>> old_;
  bool redoOff_ = false;
};

}  // namespace dlpx
