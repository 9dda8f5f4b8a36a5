// Every command of every program, as it describes itself: help, manual page, completion, examples,
// --show-config and --dry-run. A command that is added without one of them fails here.

#include <algorithm>
#include <regex>
#include <set>

#include "base/json_full.h"
#include "base/text.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/scratch.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;
using Names = std::set<std::string>;

namespace {

// All commands of the design, and those that the contract's hooks need. The ones that only look take no
// --dry-run.
struct Program {
  std::string name;
  Names looking;
  Names changing;
};
const std::vector<Program> programs = {
    {"dlpx-mysql-stage",
     {"discover", "check", "status", "size", "mount-specification", "replication status", "replication wait"},
     {"init", "resync", "start", "stop", "pre-snapshot", "post-snapshot", "replication start",
      "replication stop", "worker", "remove"}},
    {"dlpx-mysql-backup", {"inspect"}, {"take", "restore", "verify"}},
    {"dlpx-mysql-vdb",
     {"status", "size", "mount-specification"},
     {"provision", "create-empty", "start", "stop", "enable", "disable", "pre-snapshot", "post-snapshot",
      "export", "remove"}},
    {"dlpx-mysql-engine",
     {"pool status", "list", "snapshots", "status", "size"},
     {"pool create", "pool destroy", "link", "sync", "provision", "create-empty", "snapshot", "refresh",
      "rewind", "start", "stop", "enable", "disable", "delete", "retention", "up"}}};

Finished tool(Words argv, const fs::path& directory = "/") {
  argv[0] = binDir() + "/" + argv[0];
  return run({.argv = argv, .directory = directory});
}

std::string told(const Words& argv) {
  const Finished finished = tool(argv);
  INFO(join(argv, " ") << "\n" << finished.err);
  CHECK(finished.ok());
  return finished.out;
}

Words commandLine(const Program& program, const std::string& command, const Words& more) {
  Words words = {program.name};
  for (const std::string& word : split(command, ' ')) words.push_back(word);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Names allOf(const Program& program) {
  Names all = program.looking;
  all.insert(program.changing.begin(), program.changing.end());
  return all;
}

// The indented lines below a head line of a help text.
Words section(const std::string& help, const std::string& head) {
  Words lines;
  const Words all = split(help, '\n');
  auto at = std::find(all.begin(), all.end(), head);
  for (at = at == all.end() ? at : at + 1; at != all.end() && startsWith(*at, "  "); ++at)
    lines.push_back(trim(*at));
  return lines;
}

Names flagsIn(const std::string& help) {
  static const std::regex flag("^  (?:-., )?--(\\[no-\\])?([a-z][a-z-]*)");
  Names flags;
  for (const std::string& line : split(help, '\n')) {
    std::smatch found;
    if (!std::regex_search(line, found, flag)) continue;
    flags.insert("--" + found[2].str());
    if (found[1].matched) flags.insert("--no-" + found[2].str());
  }
  return flags;
}

// An example's words, quotes taken away, and every file that it reads made below `directory`.
Words wordsOf(const std::string& example, const fs::path& directory) {
  Words words;
  for (const std::string& word : split(example, ' ')) words.push_back(replaceAll(word, "'", ""));
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const fs::path file = directory / words[i + 1];
    const bool isRead = words[i] == "--config" || endsWith(words[i], "-file");
    if (isRead && file.parent_path() == directory)
      writeFile(file, words[i] == "--config" ? "" : "x\n", {0600, std::nullopt});
  }
  return words;
}

}  // namespace

TEST_CASE("every program's help and manual page list its commands, all of them and no other") {
  for (const Program& program : programs) {
    Names inHelp, inManual;
    const std::string help = told({program.name, "--help"});
    for (const std::string& line : section(help, "Commands:"))
      if (const size_t end = line.find("  "); end != std::string::npos) inHelp.insert(line.substr(0, end));
    CHECK(inHelp == allOf(program));
    CHECK(section(help, "Examples:").size() >= 2);
    const std::string page = replaceAll(told({program.name, "--generate", "man"}), "\\-", "-");
    for (const std::string& line : split(page, '\n'))
      if (startsWith(line, ".SS ")) inManual.insert(line.substr(4));
    CHECK(inManual == allOf(program));
    CHECK(startsWith(told({program.name, "--version"}), program.name + " "));
  }
}

TEST_CASE("every command has a help with its flags and two examples, which its program understands") {
  for (const Program& program : programs) {
    const Scratch scratch;
    for (const std::string& command : allOf(program)) {
      const std::string help = told(commandLine(program, command, {"--help"}));
      INFO(help);
      const Words examples = section(help, "Examples:");
      CHECK(examples.size() >= 2);
      for (const std::string& example : examples) {
        INFO(example);
        CHECK(startsWith(example + " ", program.name + " " + command + " "));
        Words words = wordsOf(example, scratch.path());
        words.push_back("--show-config");
        const Finished finished = tool(words, scratch.path());
        INFO(finished.err);
        CHECK(finished.ok());
      }
      for (const char* common : {"--config", "--json", "--quiet", "--verbose", "--log-dir", "--show-config"})
        CHECK(flagsIn(help).contains(common));
    }
  }
}

TEST_CASE("every command that changes something takes --dry-run, in help and manual, and no other does") {
  for (const Program& program : programs) {
    const std::string page = replaceAll(told({program.name, "--generate", "man"}), "\\-", "-");
    for (const std::string& command : allOf(program)) {
      INFO(program.name << " " << command);
      const bool changes = program.changing.contains(command);
      CHECK(flagsIn(told(commandLine(program, command, {"--help"}))).contains("--dry-run") == changes);
      const size_t from = page.find("\n.SS " + command + "\n");
      REQUIRE(from != std::string::npos);
      const std::string part = page.substr(from, page.find("\n.S", from + 1) - from);
      CHECK((part.find("\n.B --dry-run") != std::string::npos) == changes);
      if (changes) continue;
      CHECK(tool(commandLine(program, command, {"--dry-run"})).exitCode == 2);
    }
  }
}

TEST_CASE("every command shows its configuration, each flag of its help with a value and an origin") {
  for (const Program& program : programs) {
    for (const std::string& command : allOf(program)) {
      INFO(program.name << " " << command);
      const Json shown = Json::parse(told(commandLine(program, command, {"--show-config", "--json"})));
      for (std::string flag : flagsIn(told(commandLine(program, command, {"--help"})))) {
        flag = flag.substr(2);
        if (flag == "help" || flag == "config" || flag == "show-config" || flag == "dry-run") continue;
        if (startsWith(flag, "no-")) flag = flag.substr(3);
        if (endsWith(flag, "password-file")) flag = flag.substr(0, flag.size() - 5);
        INFO(flag);
        REQUIRE(shown.contains(flag));
        CHECK((shown[flag].contains("value") && shown[flag].contains("origin")));
      }
    }
  }
}

TEST_CASE("completion in bash offers every command, and for each the flags of its help") {
  for (const Program& program : programs) {
    const Scratch scratch;
    writeFile(scratch / "c", told({program.name, "--generate", "completion"}));
    std::string script = ". " + (scratch / "c").string() +
                         "\ntry() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _" +
                         replaceAll(program.name, "-", "_") + "; echo \"${COMPREPLY[*]}\"; }\ntry x ''\n";
    Names firsts = {"--help", "--version"};
    for (const std::string& command : allOf(program)) {
      script += "try x " + command + " --\n";
      firsts.insert(command.substr(0, command.find(' ')));
    }
    const Finished finished = run({.argv = {"bash", "--norc", "-c", script}});
    CHECK(finished.err.empty());
    const Words offered = split(trim(finished.out), '\n');
    REQUIRE(offered.size() == allOf(program).size() + 1);
    const auto words = [](const std::string& line) {
      const Words all = split(line, ' ');
      return Names(all.begin(), all.end());
    };
    CHECK(words(offered[0]) == firsts);
    size_t line = 1;
    for (const std::string& command : allOf(program)) {
      INFO(program.name << " " << command);
      const Names given = words(offered[line++]);
      const Names flags = flagsIn(told(commandLine(program, command, {"--help"})));
      CHECK(std::includes(given.begin(), given.end(), flags.begin(), flags.end()));
      // What is given by position may be given by its flag as well.
      const Json shown = Json::parse(told(commandLine(program, command, {"--show-config", "--json"})));
      for (const std::string& flag : given) CHECK((flags.contains(flag) || shown.contains(flag.substr(2))));
    }
  }
}
