#include "server/kept_log.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/text.h"
#include "server/registry.h"

namespace dlpx {
namespace {

constexpr size_t longestCopy = 1 << 20;
constexpr size_t copiesKept = 20;
constexpr const char* ending = ".mysqld_error.log";

fs::path placeOfLogs() {
  return log::file().empty() ? registry::stateDirectory() / "logs" : fs::absolute(log::file()).parent_path();
}

// The end, from the beginning of a line.
std::string endOf(const std::string& text) {
  if (text.size() <= longestCopy) return text;
  const size_t line = text.find('\n', text.size() - longestCopy);
  return line == std::string::npos ? text.substr(text.size() - longestCopy) : text.substr(line + 1);
}

void removeOldCopies(const fs::path& directory) {
  std::vector<std::pair<fs::file_time_type, fs::path>> copies;
  for (const auto& entry : fs::directory_iterator(directory))
    if (endsWith(entry.path().string(), ending)) copies.emplace_back(entry.last_write_time(), entry.path());
  std::sort(copies.begin(), copies.end(), std::greater<>());
  for (size_t i = copiesKept; i < copies.size(); ++i) fs::remove(copies[i].second);
}

fs::path keep(const std::string& content, const std::string& name) {
  const fs::path directory = placeOfLogs();
  if (!fs::is_directory(directory)) makeDirectory(directory, {0750, std::nullopt});
  const fs::path copy = directory / (name + "-" + replaceAll(utcNow(), ":", "") + ending);
  writeFile(copy, endOf(content), {0600, std::nullopt});
  removeOldCopies(directory);
  return copy;
}

}  // namespace

Error withKeptErrorLog(const Mount& mount, const std::string& name, const Error& error) {
  if (interrupted()) return error;
  try {
    const std::string content = readFileIfThere(mount.errorLog()).value_or("");
    if (content.empty()) return error;
    const std::string copy = keep(content, name).string();
    const bool named = error.log().empty() || error.log() == mount.errorLog();
    return Error(
        error.code(), error.what(),
        error.remedy() + (error.remedy().empty() ? "" : "; ") + "the server's error log is kept: " + copy,
        named ? copy : error.log());
  } catch (const std::exception& e) {
    log::warning(std::string("the server's error log could not be kept: ") + e.what());
    return error;
  }
}

}  // namespace dlpx
