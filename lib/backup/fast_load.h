#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// Global variables of a server that are not as usual while it loads.
class LoadSettings {
 public:
  explicit LoadSettings(Session& target) : target_(target) {}
  // Puts back what is left, and logs what could not be.
  ~LoadSettings() { putBack(); }
  LoadSettings(const LoadSettings&) = delete;
  LoadSettings& operator=(const LoadSettings&) = delete;

  // One that this version does not know is left out.
  void set(const std::string& variable, const std::string& value);
  // Puts all back; throws Error{restore} when one is not as it was.
  void finish();

 private:
  void putBack();

  Session& target_;
  std::vector<std::pair<std::string, std::string>> old_;
};

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
  void enableRedoLog();

  Session& target_;
  LoadSettings settings_;
  bool redoOff_ = false;
};

}  // namespace dlpx
