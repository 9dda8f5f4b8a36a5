#pragma once

#include <string>

#include "base/files.h"
#include "base/json.h"

namespace dlpx {

// What a workflow is doing, in a file, so that the same command after a crash knows where the last one
// stopped. The file is a JSON object: "journal" is ours ({operation, step, pid, started, details}), the rest
// belongs to the file's owner.
class Journal {
 public:
  // Begins `operation`. Nothing is written before the first step.
  Journal(fs::path file, std::string operation, FileTraits traits = {});

  // Written, whole, before the step's first effect.
  void step(const std::string& name);
  void step(const std::string& name, const Json& details);
  // The operation is over: the journal entry goes, the facts stay. The commit point of a workflow.
  void finish();

  // The operation that did not finish, and its last step; empty when there is none.
  struct Unfinished {
    std::string operation;
    std::string step;
  };
  static Unfinished unfinished(const fs::path& file);
  // As above, with the details given to its last step (null when none).
  static Json entry(const fs::path& file);

 private:
  fs::path file_;
  std::string operation_;
  std::string started_;
  FileTraits traits_;
};

// The facts that live beside the journal entry in the same file; an empty object when there is no file.
Json readFacts(const fs::path& file);
// Sets the members of `facts` in the file and leaves its other members, and the journal entry, alone; null
// removes one.
void mergeFacts(const fs::path& file, const Json& facts, FileTraits traits = {});

}  // namespace dlpx
