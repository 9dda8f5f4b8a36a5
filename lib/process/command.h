#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/secret.h"

namespace dlpx {

// A program to run: an argument list, never a shell string. The child gets our environment with `environment`
// added and `unset` removed, /dev/null as standard input unless told otherwise, and no descriptor of ours but
// 0, 1, 2 and `inherit`.
struct Command {
  std::vector<std::string> argv;  // argv[0]: a path, or a name that is looked up in PATH
  std::map<std::string, std::string> environment;
  std::vector<std::string> unset;
  std::string input;           // standard input's content; empty: /dev/null
  fs::path directory;          // empty: ours
  std::vector<int> inherit;    // stays open in the child under the same number
  std::optional<Owner> runAs;  // uid, gid, and the uid's own supplementary groups dropped
  bool outlivesUs = false;     // false: the kernel kills the child when our thread goes, however that happens
  Deadline deadline = Deadline::never();
  std::function<void(std::string_view)> onErrorLine;  // run(): told each line of stderr soon after it came
};

// A secret that a child reads as /dev/fd/N: memory, 0600, never on a disk. Keep it alive until the child has
// ended, and name its descriptor in Command::inherit.
class SecretFile {
 public:
  explicit SecretFile(const Secret& content) : fd_(memoryFile("dlpx-secret", content.reveal())) {}
  int fd() const { return fd_.get(); }
  std::string path() const { return "/dev/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

struct Finished {
  int exitCode = 0;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;

  bool ok() const { return exitCode == 0; }
};

// Runs to the end. Output is captured in memory files, so that neither a full pipe nor a grandchild that
// keeps a descriptor open can block us. Throws Error{internal} when the program cannot be started,
// Error{timeout} at the deadline and Error{interrupted} after a signal; in both cases the child is ended
// first (SIGTERM, after 5 s SIGKILL).
Finished run(const Command& command);

// As run(); throws Error{code} with the last lines of its stderr when the program does not exit with 0.
Finished runChecked(const Command& command, ExitCode code, const std::string& what,
                    const std::string& remedy = {});

// The program's absolute path: itself when it has a slash, else searched in PATH, /usr/sbin and /sbin;
// nothing when it is not there.
std::optional<fs::path> findProgram(const std::string& name);

// A running child whose standard input and output are pipes of ours, for streams. Its stderr is kept in
// memory.
class Child {
 public:
  enum class Pipes { output, input };
  Child(const Command& command, Pipes pipes);
  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  ~Child();  // a child that still runs is ended

  pid_t pid() const { return pid_; }
  // The next bytes of its stdout, at most `size`; 0 at the end. Throws Error{timeout} or {interrupted}.
  size_t read(char* buffer, size_t size, const Deadline& deadline);
  // False when the child has closed its input: wait() tells why.
  bool write(std::string_view bytes, const Deadline& deadline);
  void closeInput() { pipe_.reset(); }
  std::optional<int> exitCodeIfEnded();
  Finished wait(const Deadline& deadline);
  std::string errorOutput();
  void terminate() noexcept;

 private:
  pid_t pid_ = -1;
  UniqueFd pipe_;
  UniqueFd err_;
  std::optional<int> exitCode_;
};

}  // namespace dlpx
