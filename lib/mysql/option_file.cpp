#include "mysql/option_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "mysql/option_text.h"

namespace dlpx {

namespace {

constexpr unsigned deepestInclude = 10;  // as mysqld
constexpr std::string_view overridden = "# overridden: ";
constexpr std::string_view begin = "# begin: ";
constexpr std::string_view end = "# end: ";

// Groups that a mysqld of some series reads.
bool mysqldReads(std::string_view group) {
  return group == "mysqld" || group == "server" || startsWith(group, "mysqld-");
}

}  // namespace

// Reads a file and what it includes, line by line as mysqld does.
class OptionFile::Reader {
 public:
  explicit Reader(std::vector<Line>& into) : lines_(into) {}

  void readFrom(const fs::path& file, const std::string& place) {
    std::error_code failed;
    const fs::path real = fs::canonical(file, failed);
    const auto problem = [&](const std::string& why) {
      return Error(ExitCode::optionFile, fmt::format("{}{}: {}", place, file.string(), why),
                   "Correct the option file.");
    };
    if (failed) throw problem(failed.message());
    if (!fs::is_regular_file(real)) throw problem("is not a file");
    if (std::find(open_.begin(), open_.end(), real) != open_.end()) throw problem("includes itself");
    if (open_.size() >= deepestInclude) throw problem("includes are nested too deeply");
    open_.push_back(real);
    std::string content;
    try {
      content = readFile(real);
    } catch (const Error& error) {
      throw Error(ExitCode::optionFile, place + error.what(), "Correct the option file.");
    }
    readText(content, file);
    open_.pop_back();
  }

  void readText(std::string_view text, const fs::path& name) {
    const std::string outer = group_;
    group_.clear();
    unsigned number = 0;
    auto lines = split(text, '\n');
    if (lines.back().empty()) lines.pop_back();
    for (const auto& line : lines) readLine(line, fmt::format("{}:{}: ", name.string(), ++number));
    group_ = outer;
  }

 private:
  void readLine(const std::string& raw, const std::string& place) {
    const std::string line = trim(raw);
    const auto problem = [&](const std::string& why) {
      return Error(ExitCode::optionFile, place + why, "Correct the option file.");
    };
    if (line.find('\0') != std::string::npos) throw problem("the line holds a NUL byte");
    if (line.empty() || line[0] == '#' || line[0] == ';') return keep(line);
    if (line[0] == '!') return include(line, place);
    if (line[0] == '[') {
      const size_t close = line.find(']');
      if (close == std::string::npos) throw problem(fmt::format("the group '{}' is not closed by ]", line));
      group_ = trim(std::string_view(line).substr(1, close - 1));
      return enterGroup();
    }
    if (group_.empty())
      throw problem(fmt::format("the setting '{}' stands before any group", readOption(line).name));
    lines_.push_back({Kind::option, group_, readOption(line), line});
  }

  void keep(const std::string& text) { lines_.push_back({Kind::other, group_, {}, text}); }
  void enterGroup() { lines_.push_back({Kind::group, group_, {}, "[" + group_ + "]"}); }

  void include(const std::string& line, const std::string& place) {
    const size_t gap = line.find_first_of(" \t");
    const std::string directive = line.substr(0, gap);
    const fs::path target = gap == std::string::npos ? "" : trim(std::string_view(line).substr(gap));
    if (target.empty() || (directive != "!include" && directive != "!includedir"))
      throw Error(ExitCode::optionFile, fmt::format("{}wrong directive '{}'", place, line),
                  "Write !include FILE or !includedir DIRECTORY.");
    keep("# " + line);
    if (directive == "!include") {
      readFrom(target, place);
    } else {
      includeDirectory(target, place);
    }
    if (!group_.empty()) enterGroup();
  }

  void includeDirectory(const fs::path& directory, const std::string& place) {
    std::error_code failed;
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory, failed))
      if (entry.path().extension() == ".cnf") files.insert(entry.path());
    if (failed)
      throw Error(ExitCode::optionFile, fmt::format("{}{}: {}", place, directory.string(), failed.message()),
                  "Correct the option file.");
    for (const auto& file : files) readFrom(file, place);
  }

  std::vector<Line>& lines_;
  std::vector<fs::path> open_;
  std::string group_;
};

OptionFile OptionFile::read(const fs::path& file) {
  OptionFile out;
  Reader(out.lines_).readFrom(file, "");
  return out;
}

OptionFile OptionFile::parse(std::string_view text, const fs::path& name) {
  OptionFile out;
  Reader(out.lines_).readText(text, name);
  return out;
}

std::vector<std::string> OptionFile::groups() const {
  std::vector<std::string> out;
  for (const auto& line : lines_)
    if (line.kind == Kind::group && std::find(out.begin(), out.end(), line.group) == out.end())
      out.push_back(line.group);
  return out;
}

std::vector<Option> OptionFile::options(std::string_view group) const {
  std::vector<Option> out;
  for (const auto& line : lines_)
    if (line.kind == Kind::option && line.group == group) out.push_back(line.option);
  return out;
}

bool OptionFile::has(std::string_view group, std::string_view name) const {
  return get(group, name).has_value();
}

std::optional<std::string> OptionFile::get(std::string_view group, std::string_view name) const {
  const auto values = all(group, name);
  if (values.empty()) return std::nullopt;
  return values.back();
}

std::vector<std::string> OptionFile::all(std::string_view group, std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& option : options(group))
    if (optionKey(option.name) == optionKey(name)) out.push_back(option.value.value_or(""));
  return out;
}

size_t OptionFile::endOf(std::string_view group) {
  size_t place = 0;
  for (size_t i = 0; i < lines_.size(); ++i)
    if (lines_[i].group == group && lines_[i].kind != Kind::other) place = i + 1;
  if (place != 0) return place;
  lines_.push_back({Kind::group, std::string(group), {}, fmt::format("[{}]", group)});
  return lines_.size();
}

void OptionFile::set(std::string_view group, std::string_view name, std::optional<std::string> value) {
  const Option option{std::string(name), std::move(value)};
  const std::string text = optionLine(option);
  const std::string key = optionKey(name);
  const auto last = std::find_if(lines_.rbegin(), lines_.rend(), [&](const Line& line) {
    return line.kind == Kind::option && line.group == group && optionKey(line.option.name) == key;
  });
  if (last == lines_.rend()) return add(group, name, option.value);
  Line* const place = &*last;
  *place = {Kind::option, std::string(group), option, text};
  std::erase_if(lines_, [&, place](const Line& line) {
    return &line != place && line.kind == Kind::option && line.group == group &&
           optionKey(line.option.name) == key;
  });
}

void OptionFile::add(std::string_view group, std::string_view name, std::optional<std::string> value) {
  const Option option{std::string(name), std::move(value)};
  const std::string text = optionLine(option);
  const auto place = static_cast<std::ptrdiff_t>(endOf(group));
  lines_.insert(lines_.begin() + place, {Kind::option, std::string(group), option, text});
}

void OptionFile::remove(std::string_view group, std::string_view name) {
  std::erase_if(lines_, [&](const Line& line) {
    return line.kind == Kind::option && line.group == group && optionKey(line.option.name) == optionKey(name);
  });
}

void OptionFile::undoMerge() {
  const auto first = std::find_if(lines_.begin(), lines_.end(),
                                  [](const Line& line) { return startsWith(line.text, begin); });
  if (first == lines_.end()) return;
  auto last = std::find_if(first, lines_.end(), [](const Line& line) { return startsWith(line.text, end); });
  lines_.erase(first, last == lines_.end() ? last : last + 1);
  for (auto& line : lines_) {
    if (line.kind != Kind::other || !startsWith(line.text, overridden)) continue;
    line.text.erase(0, overridden.size());
    line.kind = Kind::option;
    line.option = readOption(line.text);
  }
}

void OptionFile::merge(const std::vector<Option>& ours, std::string_view reason) {
  undoMerge();
  std::set<std::string> keys;
  for (const auto& option : ours) keys.insert(optionKey(option.name));
  for (auto& line : lines_) {
    if (line.kind != Kind::option || !mysqldReads(line.group) || !keys.count(optionKey(line.option.name)))
      continue;
    line.kind = Kind::other;
    line.text = std::string(overridden) + line.text;
  }
  const std::string group = "mysqld";
  lines_.push_back({Kind::other, group, {}, fmt::format("{}{}", begin, reason)});
  lines_.push_back({Kind::group, group, {}, "[mysqld]"});
  for (const auto& option : ours) lines_.push_back({Kind::option, group, option, optionLine(option)});
  lines_.push_back({Kind::other, group, {}, fmt::format("{}{}", end, reason)});
}

std::string OptionFile::text() const {
  std::string out;
  for (const auto& line : lines_) out += line.text + "\n";
  return out;
}

}  // namespace dlpx
