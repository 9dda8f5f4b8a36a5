#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backup/load_pool.h"

namespace dlpx {

// Views of a script whose turn has not come: what they need (a view that is still a placeholder, a function)
// is created further on.
class WaitingViews {
 public:
  WaitingViews(Session& session, LoadPool::Failure failure)
      : session_(session), failure_(std::move(failure)) {}

  // Now, or else by createAll().
  void create(const std::string& database, const std::string& name, LoadStatement statement);
  // Returns a note for each that cannot be created.
  std::vector<std::string> createAll();

 private:
  struct View {
    std::string database;
    std::string name;
    LoadStatement statement;
    std::string characterSet;
    std::string collation;
    std::string problem;
  };

  bool createOnce(View& view);

  Session& session_;
  LoadPool::Failure failure_;
  std::vector<View> views_;
};

}  // namespace dlpx
