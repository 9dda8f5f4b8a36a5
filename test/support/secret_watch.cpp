#include "support/secret_watch.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"

namespace dlpx::test {
namespace {

// A process that goes while we read, and a file that goes, hold nothing.
std::string contentOf(const fs::path& path) {
  try {
    return readFileIfThere(path).value_or("");
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

SecretWatch::SecretWatch(std::vector<std::string> fragments) : fragments_(std::move(fragments)) {
  thread_ = std::thread([this] {
    while (!stopping_) {
      look();
      ++looks_;
      std::this_thread::yield();
    }
  });
}

SecretWatch::~SecretWatch() {
  stop();
}

std::set<std::string> SecretWatch::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return seen_;
}

bool SecretWatch::holdsSecret(const std::string& text) const {
  return std::any_of(fragments_.begin(), fragments_.end(),
                     [&](const std::string& fragment) { return text.find(fragment) != std::string::npos; });
}

void SecretWatch::look() {
  std::error_code error;
  for (fs::directory_iterator at("/proc", error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string pid = at->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(getpid())) continue;
    for (const char* file : {"cmdline", "environ"}) {
      if (holdsSecret(contentOf(at->path() / file))) {
        seen_.insert("pid " + pid + " (" + contentOf(at->path() / "comm") + "), " + file);
      }
    }
  }
}

std::vector<std::string> SecretWatch::filesWith(const fs::path& tree,
                                                const std::vector<std::string>& except) const {
  std::vector<std::string> found;
  walk(tree, [&](const fs::directory_entry& entry) {
    const std::string name = entry.path().string();
    const bool excepted = std::any_of(except.begin(), except.end(), [&](const std::string& part) {
      return name.find(part) != std::string::npos;
    });
    if (!entry.is_symlink() && entry.is_regular_file() && !excepted && holdsSecret(contentOf(entry.path())))
      found.push_back(name);
  });
  return found;
}

}  // namespace dlpx::test
