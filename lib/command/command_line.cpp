#include "command/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "command/table.h"

namespace dlpx {
namespace {

using Words = std::vector<std::string>;

std::string helpRemedy(const AppSpec& app, const CommandSpec* command = nullptr) {
  return "see " + app.name + (command == nullptr ? "" : " " + command->name) + " --help";
}

// "--port=1" is "--port", "-p1" is "-p".
std::string flagPart(const std::string& word) {
  if (startsWith(word, "--")) return word.substr(0, word.find('='));
  return word.substr(0, 2);
}

bool looksLikeFlag(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word != "--";
}

// The parameter that a flag before the command belongs to, or null.
const ParameterSpec* commonFlag(const std::string& flag) {
  for (const std::string& name : commonParameters()) {
    const ParameterSpec& spec = parameterSpec(name);
    if (spec.flag() == flag || (spec.shortFlag != 0 && flag == std::string("-") + spec.shortFlag))
      return &spec;
  }
  return nullptr;
}

// The position of the first word that is neither a flag nor a flag's value.
size_t firstWord(const Words& words) {
  size_t at = 0;
  while (at < words.size() && looksLikeFlag(words[at])) {
    const ParameterSpec* spec = commonFlag(flagPart(words[at]));
    const bool valueFollows = (spec != nullptr && spec->takesValue() && flagPart(words[at]) == words[at]) ||
                              words[at] == "--generate";
    at += valueFollows ? 2 : 1;
  }
  return std::min(at, words.size());
}

Error unknownCommand(const AppSpec& app, const std::string& word) {
  Words names;
  for (const CommandSpec& command : app.commands) {
    names.push_back(command.name);
    if (startsWith(command.name, word + " ")) {
      return Error(ExitCode::usage, "'" + word + "' is only half a command", helpRemedy(app));
    }
  }
  const std::string near = nearest(word, names);
  return Error(ExitCode::usage, app.name + " has no command '" + word + "'",
               near.empty() ? helpRemedy(app) : "did you mean '" + near + "'?");
}

// Takes the command's one or two words out of `words`; null where there are none.
const CommandSpec* takeCommand(const AppSpec& app, Words& words) {
  const size_t at = firstWord(words);
  if (at == words.size() || words[at] == "--") return nullptr;
  for (const size_t length : {size_t{2}, size_t{1}}) {
    if (at + length > words.size()) continue;
    const std::string name = length == 2 ? words[at] + " " + words[at + 1] : words[at];
    for (const CommandSpec& command : app.commands) {
      if (command.name != name) continue;
      const auto begin = words.begin() + static_cast<std::ptrdiff_t>(at);
      words.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
      return &command;
    }
  }
  throw unknownCommand(app, words[at]);
}

std::string namesForCli(const ParameterSpec& spec) {
  std::string names = spec.flag();
  if (spec.shortFlag != 0) names += std::string(",-") + spec.shortFlag;
  if (spec.type == ValueType::flag) names += ",!--no-" + spec.name;
  return names;
}

using Options = std::vector<std::pair<const ParameterSpec*, CLI::Option*>>;

Options declare(CLI::App& cli, const Words& names) {
  Options options;
  for (const std::string& name : names) {
    const ParameterSpec& spec = parameterSpec(name);
    CLI::Option* option =
        spec.type == ValueType::flag ? cli.add_flag(namesForCli(spec)) : cli.add_option(namesForCli(spec));
    if (spec.takesValue()) {
      option->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    options.emplace_back(&spec, option);
  }
  return options;
}

Error unknownFlag(const AppSpec& app, const CommandSpec& command, const std::string& flag,
                  const Words& names) {
  Words flags;
  for (const std::string& name : names) {
    const ParameterSpec& spec = parameterSpec(name);
    flags.push_back(spec.flag());
    if (spec.type == ValueType::secret && (flag == "--" + spec.name || flag == "-p")) {
      return Error(ExitCode::usage, "a password is not taken from the command line (" + flag + ")",
                   "write it into a file of mode 600 and name that with " + spec.flag() + ", or set " +
                       spec.secretVariable() + "; others may have seen the one you typed");
    }
  }
  const std::string near = nearest(flag, flags);
  return Error(ExitCode::usage, app.name + " " + command.name + " has no flag " + flag,
               near.empty() ? helpRemedy(app, &command) : "did you mean " + near + "?");
}

bool isFlagOf(const std::string& word, const Words& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return parameterSpec(name).flag() == word; });
}

void takePositionals(const AppSpec& app, CommandLine& line, const Words& rest) {
  const Words& positionals = line.command->positionals;
  if (rest.size() > positionals.size()) {
    throw Error(ExitCode::usage,
                app.name + " " + line.command->name + " does not take the argument '" +
                    rest[positionals.size()] + "'",
                helpRemedy(app, line.command));
  }
  for (size_t i = 0; i < rest.size(); ++i) {
    const ParameterSpec& spec = parameterSpec(positionalOf(positionals[i]).name);
    if (line.values.contains(spec.name)) {
      throw Error(ExitCode::usage, spec.flag() + " is given twice, by flag and by position", "give it once");
    }
    line.values[spec.name] = {{rest[i]}, true};
  }
}

void parseOptions(const AppSpec& app, CommandLine& line, Words words) {
  CLI::App cli;
  cli.set_help_flag();
  cli.allow_extras();
  const Words names = parametersOf(*line.command);
  const Options options = declare(cli, names);
  CLI::Option* const help = cli.add_flag("-h,--help");
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    cli.parse(std::move(words));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string flag = std::string(e.what()).substr(0, std::string(e.what()).find(':'));
    throw Error(ExitCode::usage, flag + " needs a value", helpRemedy(app, line.command));
  } catch (const CLI::ParseError& e) {
    throw Error(ExitCode::usage, replaceAll(e.what(), "\n", " "), helpRemedy(app, line.command));
  }
  line.help = help->count() > 0;
  if (line.help) return;
  for (const std::string& word : cli.remaining()) {
    if (looksLikeFlag(word)) throw unknownFlag(app, *line.command, flagPart(word), names);
  }
  for (const auto& [spec, option] : options) {
    if (option->count() == 0) continue;
    if (option->count() > 1 && spec->takesValue() && !spec->repeatable()) {
      throw Error(ExitCode::usage, spec->flag() + " is given " + std::to_string(option->count()) + " times",
                  "give it once");
    }
    line.values[spec->name] = {option->results(), false};
    for (const std::string& item : option->results()) {
      // "--mount --json": the value was forgotten.
      if (spec->takesValue() && isFlagOf(item, names)) {
        throw Error(ExitCode::usage, spec->flag() + " needs a value", helpRemedy(app, line.command));
      }
    }
  }
  Words rest = cli.remaining();
  rest.erase(std::remove(rest.begin(), rest.end(), "--"), rest.end());
  takePositionals(app, line, rest);
}

// What is asked of the program itself, without a command.
void parseProgramFlags(const AppSpec& app, CommandLine& line, const Words& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string flag = flagPart(words[i]);
    if (flag == "--help" || flag == "-h") line.help = true;
    if (flag == "--version") line.version = true;
    if (flag == "--generate") {
      line.generate =
          words[i] == flag ? (i + 1 < words.size() ? words[i + 1] : "") : words[i].substr(flag.size() + 1);
    }
  }
  if (line.help || line.version || !line.generate.empty()) return;
  const std::string unknown =
      words.empty() || commonFlag(flagPart(words[0])) != nullptr ? "" : flagPart(words[0]);
  throw Error(ExitCode::usage, unknown.empty() ? "no command is given" : app.name + " has no flag " + unknown,
              helpRemedy(app));
}

}  // namespace

const std::vector<std::string>& commonParameters() {
  static const Words common = {"config", "show-config", "json", "quiet", "verbose", "log-dir"};
  return common;
}

Positional positionalOf(const std::string& written) {
  const bool optional = endsWith(written, "?");
  return {optional ? written.substr(0, written.size() - 1) : written, optional};
}

std::vector<std::string> parametersOf(const CommandSpec& command) {
  Words names;
  const auto add = [&](const std::string& written) {
    const std::string& name = parameterSpec(positionalOf(written).name).name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const std::string& name : command.positionals) add(name);
  for (const std::string& name : command.parameters) add(name);
  if (command.plan) add("dry-run");
  for (const std::string& name : commonParameters()) add(name);
  return names;
}

CommandLine parseCommandLine(const AppSpec& app, const std::vector<std::string>& arguments) {
  CommandLine line;
  Words words = arguments;
  line.command = takeCommand(app, words);
  if (line.command == nullptr) {
    parseProgramFlags(app, line, words);
  } else {
    parseOptions(app, line, std::move(words));
  }
  return line;
}

}  // namespace dlpx
