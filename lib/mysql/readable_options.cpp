#include "mysql/readable_options.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t deepestInclude = 10;  // as mysqld

// One text of a file and all that it includes.
class Flattener {
 public:
  explicit Flattener(std::vector<std::string>& problems) : problems_(problems) {}

  std::string textOf(const fs::path& file, const std::string& place) {
    std::error_code failed;
    const fs::path real = fs::canonical(file, failed);
    const auto leaveOut = [&](const std::string& why) {
      problems_.push_back(place + file.string() + ": " + why);
      return std::string();
    };
    if (failed) return leaveOut(failed.message());
    if (!fs::is_regular_file(real)) return leaveOut("is not a file");
    if (std::find(open_.begin(), open_.end(), real) != open_.end()) return leaveOut("includes itself");
    if (open_.size() >= deepestInclude) return leaveOut("includes are nested too deeply");
    std::vector<std::string> lines;
    try {
      lines = checkedLines(real, file);
    } catch (const Error& e) {
      problems_.push_back(place + e.what());
      return {};
    }
    open_.push_back(real);
    const std::string text = withIncludes(lines, file);
    open_.pop_back();
    return text;
  }

 private:
  // Throws for what only this file, without its includes, has wrong.
  static std::vector<std::string> checkedLines(const fs::path& real, const fs::path& file) {
    const std::vector<std::string> lines = split(readFile(real), '\n');
    std::string own;
    for (const std::string& line : lines) own += (isDirective(line) ? "#" : line) + "\n";
    OptionFile::parse(own, file);
    return lines;
  }

  static bool isDirective(const std::string& line) { return startsWith(trim(line), "!"); }

  std::string withIncludes(const std::vector<std::string>& lines, const fs::path& file) {
    std::string text, group;
    for (size_t i = 0; i < lines.size(); ++i) {
      const std::string line = trim(lines[i]);
      if (startsWith(line, "[")) group = line;
      text += isDirective(line) ? included(line, file.string() + ":" + std::to_string(i + 1) + ": ") + group
                                : lines[i];
      text += "\n";
    }
    return text;
  }

  std::string included(const std::string& line, const std::string& place) {
    const size_t gap = line.find_first_of(" \t");
    const std::string directive = line.substr(0, gap);
    const fs::path target = gap == std::string::npos ? "" : trim(line.substr(gap));
    if (directive == "!include" && !target.empty()) return textOf(target, place);
    if (directive == "!includedir" && !target.empty()) return textOfAll(target, place);
    problems_.push_back(place + "wrong directive '" + line + "'");
    return {};
  }

  std::string textOfAll(const fs::path& directory, const std::string& place) {
    std::error_code failed;
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory, failed))
      if (entry.path().extension() == ".cnf") files.insert(entry.path());
    if (failed) problems_.push_back(place + directory.string() + ": " + failed.message());
    std::string text;
    for (const fs::path& file : files) text += textOf(file, place);
    return text;
  }

  std::vector<std::string>& problems_;
  std::vector<fs::path> open_;
};

}  // namespace

OptionFile readableOptions(const fs::path& file, std::vector<std::string>& problems) {
  std::error_code failed;
  if (!fs::exists(file, failed) && !failed) return {};
  return OptionFile::parse(Flattener(problems).textOf(file, ""), file);
}

}  // namespace dlpx
