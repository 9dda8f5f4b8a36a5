#include "command/help.h"

#include <algorithm>

#include "base/text.h"
#include "command/command_line.h"
#include "command/value.h"

namespace dlpx {
namespace {

constexpr size_t lineWidth = 100;

// Words filled into lines of `width`, each after the first behind `indent` spaces.
std::string wrapped(const std::string& text, size_t width, size_t indent) {
  std::string result;
  size_t column = 0;
  for (const std::string& word : split(text, ' ')) {
    if (column > 0 && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = 0;
    }
    if (column > 0) result += ' ';
    result += word;
    column += word.size() + (column > 0 ? 1 : 0);
  }
  return result;
}

std::string row(const std::string& left, const std::string& right, size_t column) {
  std::string line = "  " + left;
  if (left.size() + 4 > column) {
    line += "\n" + std::string(column, ' ');
  } else {
    line += std::string(column - left.size() - 2, ' ');
  }
  return line + wrapped(right, lineWidth - column, column) + "\n";
}

bool isRequired(const CommandSpec& command, const ParameterSpec& spec) {
  const auto same = [&](const std::string& name) { return parameterSpec(name).name == spec.name; };
  return std::any_of(command.required.begin(), command.required.end(), same);
}

const ParameterSpec* positionalSpec(const std::string& written, bool& optional) {
  const Positional positional = positionalOf(written);
  optional = positional.optional;
  return &parameterSpec(positional.name);
}

bool isPositional(const CommandSpec& command, const ParameterSpec& spec) {
  return std::any_of(command.positionals.begin(), command.positionals.end(), [&](const std::string& written) {
    return parameterSpec(positionalOf(written).name).name == spec.name;
  });
}

std::string optionRows(const CommandSpec& command, bool common) {
  const std::vector<std::string>& shared = commonParameters();
  std::string rows;
  for (const std::string& name : parametersOf(command)) {
    const ParameterSpec& spec = parameterSpec(name);
    if (isPositional(command, spec)) continue;
    if ((std::find(shared.begin(), shared.end(), name) != shared.end()) != common) continue;
    rows += row(flagUsage(spec), parameterHelp(command, spec), 34);
  }
  return rows;
}

std::string exampleLines(const std::vector<std::string>& examples) {
  std::string lines = "\nExamples:\n";
  for (const std::string& example : examples) lines += "  " + example + "\n";
  return lines;
}

}  // namespace

std::string flagUsage(const ParameterSpec& spec) {
  std::string usage = spec.shortFlag == 0 ? "" : std::string("-") + spec.shortFlag + ", ";
  if (spec.type == ValueType::flag && spec.fallback == "true") return usage + "--[no-]" + spec.name;
  usage += spec.flag();
  return spec.takesValue() ? usage + " " + spec.placeholder : usage;
}

std::string parameterHelp(const CommandSpec& command, const ParameterSpec& spec) {
  std::string help = spec.help;
  if (const std::string range = rangeText(spec); !range.empty()) help += ": " + range;
  const auto own = command.defaults.find(spec.name);
  const std::string fallback = own == command.defaults.end() ? spec.fallback : own->second;
  if (isRequired(command, spec)) {
    help += " (required)";
  } else if (!fallback.empty() && spec.type != ValueType::flag) {
    help += " (" + fallback + ")";
  }
  return help;
}

std::string synopsis(const AppSpec& app, const CommandSpec& command) {
  std::string line = app.name + " " + command.name;
  for (const std::string& written : command.positionals) {
    bool optional = false;
    const ParameterSpec* spec = positionalSpec(written, optional);
    line += optional ? " [" + spec->placeholder + "]" : " " + spec->placeholder;
  }
  for (const std::string& name : command.required) {
    const ParameterSpec& spec = parameterSpec(name);
    if (!isPositional(command, spec)) line += " " + spec.flag() + " " + spec.placeholder;
  }
  return line + " [OPTIONS]";
}

std::vector<std::string> examplesOf(const AppSpec& app, const CommandSpec& command) {
  std::vector<std::string> examples = command.examples;
  std::string arguments;
  for (const std::string& written : command.positionals) {
    bool optional = false;
    const ParameterSpec* spec = positionalSpec(written, optional);
    if (!optional) arguments += " " + spec->placeholder;
  }
  for (const char* more : {" --config dlpx-mysql.yaml", " --config dlpx-mysql.yaml --json"}) {
    if (examples.size() < 2) examples.push_back(app.name + " " + command.name + arguments + more);
  }
  return examples;
}

std::string helpText(const AppSpec& app, const CommandSpec& command) {
  std::string text = app.name + " " + command.name + ": " + command.summary + "\n\n";
  for (const std::string& paragraph : split(command.description, '\n')) {
    if (!command.description.empty()) text += wrapped(paragraph, lineWidth, 0) + "\n";
  }
  if (!command.description.empty()) text += "\n";
  text += "Usage: " + synopsis(app, command) + "\n";
  std::string arguments;
  for (const std::string& written : command.positionals) {
    bool optional = false;
    const ParameterSpec* spec = positionalSpec(written, optional);
    arguments += row(spec->placeholder, parameterHelp(command, *spec), 34);
  }
  if (!arguments.empty()) text += "\nArguments:\n" + arguments;
  if (const std::string own = optionRows(command, false); !own.empty()) text += "\nOptions:\n" + own;
  text += "\nCommon options:\n" + optionRows(command, true) + row("-h, --help", "print this help", 34);
  return text + exampleLines(examplesOf(app, command));
}

std::string helpText(const AppSpec& app) {
  std::string text =
      app.name + ": " + app.summary + "\n\nUsage: " + app.name + " COMMAND [OPTIONS]\n\nCommands:\n";
  size_t widest = 0;
  for (const CommandSpec& command : app.commands) widest = std::max(widest, command.name.size());
  for (const CommandSpec& command : app.commands) text += row(command.name, command.summary, widest + 4);
  text += "\nOptions:\n" + row("-h, --help", "print this help; after a command, its help", widest + 4);
  text += row("--version", "print the version", widest + 4);
  std::vector<std::string> examples;
  for (size_t i = 0; i < app.commands.size() && i < 2; ++i) {
    examples.push_back(examplesOf(app, app.commands[i]).front());
  }
  if (examples.size() == 1) examples.push_back(app.name + " " + app.commands[0].name + " --help");
  text += exampleLines(examples);
  return text +
         "\nA parameter comes from its flag, its variable (--source-host: DLPX_MYSQL_SOURCE_HOST), the YAML "
         "file\n(source_host:), or its default, in this order. --show-config tells.\n";
}

}  // namespace dlpx
