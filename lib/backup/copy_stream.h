#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backup/copy_table.h"

namespace dlpx {

// Bytes from one thread to another, at most about a MB at a time.
class BytePipe {
 public:
  // The other end has given up.
  struct Broken {};

  // The writing thread's. Throws Broken.
  void write(std::string_view bytes);
  void write(char byte) {
    filling_ += byte;
    if (filling_.size() >= chunk) push();
  }
  void close();
  // The reading thread's: 0 at the end. Throws Broken.
  size_t read(std::span<char> buffer);
  // Either's: the other one's next call throws.
  void giveUp();

 private:
  static constexpr size_t chunk = 256 * 1024;
  static constexpr size_t mostChunks = 4;
  void push();

  std::string filling_;  // the writer's own
  std::string reading_;  // the reader's own
  size_t at_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> full_;
  bool closed_ = false;
  bool broken_ = false;
};

// One row as LOAD DATA takes it: tab, newline, backslash and NUL escaped, NULL as \N.
void writeRow(BytePipe& pipe, Session::RowValues row);

// The rows of `where` from one server into the other; `bytes` counts them as they go. Throws Error{backup}
// for the source's refusals, Error{restore} or Error{noSpace} for the target's, also when it took a row with
// a warning or not at all.
void copyRows(Session& source, Session& target, const CopyTable& table, const std::string& where,
              std::atomic<uint64_t>& bytes);

// A target's refusal under the exit code that it deserves.
Error targetError(const SqlError& error, const TableName& table);

}  // namespace dlpx
