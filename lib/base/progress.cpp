#include "base/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace dlpx {
namespace {

ProgressStyle style = ProgressStyle::silent;

std::string bar(uint64_t done, uint64_t total) {
  constexpr uint64_t width = 20;
  const uint64_t filled = std::min(width, done * width / total);
  return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
}

}  // namespace

void setProgressStyle(ProgressStyle wanted) {
  style = wanted;
}

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)), total_(total), begin_(std::chrono::steady_clock::now()), shown_(begin_) {}

Progress::~Progress() {
  if (drawn_) show(true);
}

void Progress::set(uint64_t done) {
  done_ = done;
  if (style == ProgressStyle::silent) return;
  const auto pause =
      style == ProgressStyle::bar ? std::chrono::milliseconds(200) : std::chrono::milliseconds(3000);
  if (std::chrono::steady_clock::now() - shown_ >= pause) show(false);
}

std::string Progress::line(double seconds) const {
  std::string text = what_ + ": " + humanBytes(done_);
  if (total_ > 0)
    text += fmt::format(" of {} ({}%)", humanBytes(total_), std::min<uint64_t>(100, done_ * 100 / total_));
  if (seconds < 0.1 || done_ == 0) return text;
  const double rate = static_cast<double>(done_) / seconds;
  text += ", " + humanBytes(static_cast<uint64_t>(rate)) + "/s";
  if (total_ > done_) text += ", " + humanDuration(static_cast<double>(total_ - done_) / rate) + " left";
  return text;
}

void Progress::show(bool last) {
  shown_ = std::chrono::steady_clock::now();
  drawn_ = true;
  const std::string text = line(std::chrono::duration<double>(shown_ - begin_).count());
  if (style == ProgressStyle::bar) {
    const std::string drawing = total_ > 0 ? bar(done_, total_) : "";
    fmt::print(stderr, "\r\033[K{}{}{}", drawing, text, last ? "\n" : "");
  } else if (style == ProgressStyle::lines) {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

}  // namespace dlpx
