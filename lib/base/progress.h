#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace dlpx {

enum class ProgressStyle { silent, lines, bar };
// How all progress of this process is shown: nothing, a plain line every few seconds, or a bar that redraws
// itself. Set once, by the app.
void setProgressStyle(ProgressStyle style);

// One piece of long work on stderr: what, how much, rate and time left. Not thread safe: report from one
// thread.
class Progress {
 public:
  // `total` in bytes; 0 when it is not known.
  explicit Progress(std::string what, uint64_t total = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t bytes) { set(done_ + bytes); }
  void set(uint64_t done);
  void setTotal(uint64_t total) { total_ = total; }
  // The line of now; public for tests.
  std::string line(double seconds) const;

 private:
  void show(bool last);

  std::string what_;
  uint64_t total_;
  uint64_t done_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_;
  bool drawn_ = false;
};

}  // namespace dlpx
