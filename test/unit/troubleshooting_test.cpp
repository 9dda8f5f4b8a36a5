// config/TROUBLESHOOTING.md against the sources: an operator who looks for a message there must find the one
// that the programs print, below the exit code that comes with it.

#include <regex>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "command/table.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;
using Names = std::vector<std::string>;

namespace {

const fs::path sources = sourceDir();

// What MySQL and its libraries say, not we.
const std::set<std::string> wordsOfMysql = {"Access denied", "Can't connect", "Lost connection",
                                            "io_setup() failed with EAGAIN", "certificate verify failed"};

struct Section {
  int code;
  std::string name;
  std::string text;
};

std::vector<Section> sectionsOf(const std::string& page) {
  std::vector<Section> sections;
  const Names parts = split(replaceAll(page, "\n## ", "\x01"), '\x01');
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string head = parts[i].substr(0, parts[i].find(':'));
    const size_t space = head.find(' ');
    sections.push_back({std::stoi(head), head.substr(space + 1), replaceAll(parts[i], "\n", " ")});
  }
  return sections;
}

Names matchesIn(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  Names matches;
  for (std::sregex_iterator at(text.begin(), text.end(), regex); at != std::sregex_iterator(); ++at)
    matches.push_back((*at)[1]);
  return matches;
}

// The text that one statement of C++ prints, "…" where it prints a value, and the exit codes that it names.
struct Statement {
  std::string text;
  std::set<std::string> codes;
};

class Literals {
 public:
  explicit Literals(const std::string& source) : source_(source) {
    while (at_ < source_.size()) step();
  }
  const std::vector<Statement>& statements() const { return statements_; }

 private:
  void step() {
    const char c = source_[at_];
    if (source_.compare(at_, 2, "//") == 0) {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == '"') {
      takeString();
    } else if (source_.compare(at_, 3, "R\"(") == 0) {
      at_ = source_.find(")\"", at_) + 2;
      apart_ = true;
    } else if (c == '\'' && std::isdigit(static_cast<unsigned char>(source_[at_ - 1])) == 0) {
      for (++at_; source_[at_] != '\''; ++at_) at_ += source_[at_] == '\\' ? 1 : 0;
      ++at_;
      apart_ = true;
    } else if (c == ';') {
      statements_.push_back(std::exchange(now_, {}));
      ++at_;
    } else {
      takeCode();
    }
  }

  void takeString() {
    if (apart_ && !now_.text.empty()) now_.text += "…";
    apart_ = false;
    for (++at_; at_ < source_.size() && source_[at_] != '"'; ++at_) {
      if (source_[at_] == '\\') ++at_;
      now_.text += source_[at_];
    }
    ++at_;
  }

  void takeCode() {
    const std::string mark = "ExitCode::";
    if (source_.compare(at_, mark.size(), mark) == 0) {
      const size_t end = source_.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                                   at_ + mark.size());
      now_.codes.insert(source_.substr(at_ + mark.size(), end - at_ - mark.size()));
    }
    apart_ = apart_ || std::isspace(static_cast<unsigned char>(source_[at_])) == 0;
    ++at_;
  }

  const std::string& source_;
  size_t at_ = 0;
  bool apart_ = false;  // something but a literal came since the last one
  Statement now_;
  std::vector<Statement> statements_;
};

const std::vector<Statement>& allStatements() {
  static const std::vector<Statement> all = [] {
    std::vector<Statement> found;
    for (const char* folder : {"lib", "apps"}) {
      for (const auto& entry : fs::recursive_directory_iterator(sources / folder)) {
        if (entry.path().extension() != ".cpp") continue;
        const std::string source = readFile(entry.path());
        const Literals literals(source);
        found.insert(found.end(), literals.statements().begin(), literals.statements().end());
      }
    }
    return found;
  }();
  return all;
}

bool saysInOrder(const std::string& text, const std::string& quoted) {
  size_t from = 0;
  for (const std::string& part : split(replaceAll(quoted, "…", "\x01"), '\x01')) {
    const size_t at = text.find(trim(part), from);
    if (at == std::string::npos) return false;
    from = at + trim(part).size();
  }
  return true;
}

// "serverStart" of "server-start".
std::string enumeratorOf(const std::string& name) {
  std::string word;
  for (size_t i = 0; i < name.size(); ++i)
    word += name[i] == '-' ? static_cast<char>(std::toupper(name[++i])) : name[i];
  return word;
}

}  // namespace

TEST_CASE("the troubleshooting page has every exit code, by number and name") {
  std::set<int> there;
  for (const Section& section : sectionsOf(readFile(sources / "config" / "TROUBLESHOOTING.md"))) {
    INFO(section.code);
    CHECK(there.insert(section.code).second);
    CHECK(section.name == name(static_cast<ExitCode>(section.code)));
  }
  for (int code = 1; code <= 99; ++code) {
    const bool known = code == 1 || name(static_cast<ExitCode>(code)) != "internal";
    INFO(code);
    CHECK(there.contains(code) == known);
  }
}

TEST_CASE(
    "every message that the troubleshooting page quotes is printed, with the exit code of its section") {
  size_t quotes = 0;
  for (const Section& section : sectionsOf(readFile(sources / "config" / "TROUBLESHOOTING.md"))) {
    const std::string text = std::regex_replace(section.text, std::regex("`[^`]*`"), "");
    for (const std::string& quoted : matchesIn(text, "\"([^\"]+)\"")) {
      if (wordsOfMysql.contains(quoted)) continue;
      ++quotes;
      INFO(section.code << ": \"" << quoted << '"');
      bool isPrinted = false, isRight = false;
      for (const Statement& statement : allStatements()) {
        if (!saysInOrder(statement.text, quoted)) continue;
        isPrinted = true;
        // Of a statement that names no code, a caller gives it.
        isRight = isRight || statement.codes.empty() || statement.codes.contains(enumeratorOf(section.name));
      }
      CHECK(isPrinted);
      CHECK(isRight);
    }
  }
  CHECK(quotes > 25);
}

TEST_CASE("every flag and every variable on the pages for operators is one of the parameter table") {
  std::set<std::string> flags = {"--help", "--version", "--generate"}, variables;
  for (const ParameterSpec& spec : parameterTable()) {
    flags.insert({spec.flag(), "--no-" + spec.name});
    variables.insert({spec.variable(), spec.secretVariable()});
  }
  for (const char* other : {"DLPX_MYSQL_BIN_DIR", "DLPX_MYSQL_OPERATION_ID", "DLPX_MYSQL_REGISTRY",
                            "DLPX_MYSQL_SEARCH_PATH", "DLPX_MYSQL_"})
    variables.insert(other);
  const std::string page = readFile(sources / "config" / "TROUBLESHOOTING.md");
  for (const std::string& code : matchesIn(page, "`([^`]+)`")) {
    INFO(code);
    for (const std::string& flag : matchesIn(code, "(--[a-z][a-z-]+)")) CHECK(flags.contains(flag));
    for (const std::string& variable : matchesIn(code, "(DLPX_MYSQL_[A-Z_]*)"))
      CHECK(variables.contains(variable));
  }
}
