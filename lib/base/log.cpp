#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/log_file.h"
#include "base/secret.h"
#include "base/text.h"

namespace dlpx::log {
namespace {

spdlog::level::level_enum toSpdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(LogFile file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    spdlog::details::log_msg line = message;
    // Each line of a message has all that stands before its first.
    for (const std::string& each : split({message.payload.data(), message.payload.size()}, '\n')) {
      line.payload = each;
      formatter_->format(line, text);
    }
    file_.write({text.data(), text.size()});
  }
  void flush_() override {}

  LogFile file_;
};

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_level(spdlog::level::info);
    sink->set_pattern("%H:%M:%S %l: %v");
    auto made = std::make_shared<spdlog::logger>("dlpx", sink);
    made->set_level(spdlog::level::debug);
    return made;
  }();
  return instance;
}

std::filesystem::path& currentFile() {
  static std::filesystem::path path;
  return path;
}

Level& currentLevel() {
  static Level level = Level::info;
  return level;
}

}  // namespace

void configure(Level level, const std::filesystem::path& file) {
  currentLevel() = level;
  logger()->sinks().front()->set_level(toSpdlog(level));
  if (file.empty()) return;
  std::error_code ignored;  // the file's own error tells more
  std::filesystem::create_directories(file.parent_path(), ignored);
  try {
    auto sink = std::make_shared<FileSink>(LogFile(file, 10 * 1024 * 1024, 5));
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l " + operationId() + " %P: %v");
    sink->set_level(spdlog::level::debug);
    logger()->sinks().push_back(sink);
    currentFile() = file;
  } catch (const Error& e) {
    throw Error(ExitCode::usage, "log file " + file.string() + " cannot be opened: " + e.what(),
                "give a directory that you can write to with --log-dir");
  }
}

const std::filesystem::path& file() {
  return currentFile();
}

const std::string& operationId() {
  static const std::string id = [] {
    const char* inherited = std::getenv("DLPX_MYSQL_OPERATION_ID");
    return inherited != nullptr && *inherited != '\0' ? std::string(inherited) : randomHex(4);
  }();
  return id;
}

Level level() {
  return currentLevel();
}

void relay(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

void debug(std::string_view line) {
  logger()->debug("{}", line);
}
void info(std::string_view line) {
  logger()->info("{}", line);
}
void warning(std::string_view line) {
  logger()->warn("{}", line);
}
void error(std::string_view line) {
  logger()->error("{}", line);
}

}  // namespace dlpx::log
