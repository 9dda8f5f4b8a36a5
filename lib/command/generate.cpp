#include "command/generate.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "command/command_line.h"
#include "command/help.h"
#include "command/value.h"

namespace dlpx {
namespace {

// Text for roff: backslashes, hyphens that stay hyphens, and no line that begins with a request.
std::string roff(const std::string& text) {
  std::string escaped = replaceAll(replaceAll(text, "\\", "\\e"), "-", "\\-");
  if (!escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'')) escaped.insert(0, "\\&");
  return replaceAll(replaceAll(escaped, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string manOfCommand(const AppSpec& app, const CommandSpec& command) {
  std::string page = ".SS " + roff(command.name) + "\n" + roff(command.summary) + ".\n";
  if (!command.description.empty()) page += ".PP\n" + roff(command.description) + "\n";
  page += ".PP\n.B " + roff(synopsis(app, command)) + "\n";
  const std::vector<std::string>& shared = commonParameters();
  for (const std::string& name : parametersOf(command)) {
    if (std::find(shared.begin(), shared.end(), name) != shared.end()) continue;
    const ParameterSpec& spec = parameterSpec(name);
    page += ".TP\n.B " + roff(flagUsage(spec)) + "\n" + roff(parameterHelp(command, spec)) + "\n";
  }
  page += ".PP\nExamples:\n.nf\n";
  for (const std::string& example : examplesOf(app, command)) page += roff(example) + "\n";
  return page + ".fi\n";
}

std::string manCodes() {
  std::string page = ".SH EXIT STATUS\n";
  for (int code = 0; code <= 29; ++code) {
    const std::string_view word = name(static_cast<ExitCode>(code));
    if (word.empty() || (code > 12 && code < 20)) continue;
    page += ".TP\n.B " + std::to_string(code) + "\n" + roff(std::string(word)) + "\n";
  }
  return page;
}

std::string manPage(const AppSpec& app) {
  std::string page =
      ".TH " + roff(app.name) + " 1 \"\" \"dlpx\\-mysql " DLPX_VERSION "\" \"User Commands\"\n";
  page += ".SH NAME\n" + roff(app.name) + " \\- " + roff(app.summary) + "\n";
  page += ".SH SYNOPSIS\n.B " + roff(app.name) + "\n.I COMMAND\n[OPTIONS]\n";
  page += ".SH DESCRIPTION\n" +
          roff(
              "A parameter comes from its flag, its environment variable (--source-host: "
              "DLPX_MYSQL_SOURCE_HOST), the "
              "YAML file of --config (source_host:), or its default, in this order.") +
          "\n.SH COMMANDS\n";
  for (const CommandSpec& command : app.commands) page += manOfCommand(app, command);
  page += ".SH COMMON OPTIONS\n";
  for (const std::string& name : commonParameters()) {
    const ParameterSpec& spec = parameterSpec(name);
    page += ".TP\n.B " + roff(flagUsage(spec)) + "\n" + roff(spec.help) + "\n";
  }
  return page + manCodes();
}

// The words that may follow a flag, for bash: choices, or files for paths.
std::string completionOfValue(const ParameterSpec& spec) {
  if (spec.type == ValueType::choice) {
    return "COMPREPLY=($(compgen -W '" + join(spec.choices, " ") + "' -- \"$word\"))";
  }
  const bool isFile = spec.type == ValueType::path || spec.type == ValueType::secret;
  return isFile ? "COMPREPLY=($(compgen -f -- \"$word\"))" : "COMPREPLY=()";
}

std::string completionOfValues(const AppSpec& app) {
  std::string cases;
  std::set<std::string> done;
  for (const CommandSpec& command : app.commands) {
    for (const std::string& name : parametersOf(command)) {
      const ParameterSpec& spec = parameterSpec(name);
      if (!spec.takesValue() || !done.insert(name).second) continue;
      cases += "    " + spec.flag() + ") " + completionOfValue(spec) + "; return ;;\n";
    }
  }
  return cases;
}

std::string flagsOf(const CommandSpec& command) {
  std::vector<std::string> flags = {"--help"};
  for (const std::string& name : parametersOf(command)) {
    const ParameterSpec& spec = parameterSpec(name);
    flags.push_back(spec.flag());
    if (spec.type == ValueType::flag && spec.fallback == "true") flags.push_back("--no-" + spec.name);
  }
  return join(flags, " ");
}

// The words that follow `first`: the second halves of commands such as "pool create".
std::string completionOfCommands(const AppSpec& app) {
  std::string cases;
  std::vector<std::string> firsts;
  for (const CommandSpec& command : app.commands) {
    const std::string first = command.name.substr(0, command.name.find(' '));
    if (std::find(firsts.begin(), firsts.end(), first) == firsts.end()) firsts.push_back(first);
    cases += "    '" + command.name + " '*) candidates='" + flagsOf(command) + "' ;;\n";
  }
  for (const std::string& first : firsts) {
    std::vector<std::string> seconds;
    for (const CommandSpec& command : app.commands) {
      if (startsWith(command.name, first + " ")) seconds.push_back(command.name.substr(first.size() + 1));
    }
    if (!seconds.empty()) cases += "    '" + first + " ') candidates='" + join(seconds, " ") + "' ;;\n";
  }
  return cases + "    *) candidates='" + join(firsts, " ") + " --help --version' ;;\n";
}

std::string completionScript(const AppSpec& app) {
  const std::string function = "_" + replaceAll(app.name, "-", "_");
  return "# bash completion of " + app.name + ", generated by its --generate completion\n" + function +
         "() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} candidates\n"
         "  case $before in\n" +
         completionOfValues(app) +
         "  esac\n"
         "  case \"${COMP_WORDS[*]:1:COMP_CWORD-1} \" in\n" +
         completionOfCommands(app) +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$candidates\" -- \"$word\"))\n"
         "}\n"
         "complete -F " +
         function + " " + app.name + "\n";
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

std::string markdown(const std::string& text) {
  return replaceAll(replaceAll(text, "|", "\\|"), "<", "&lt;");
}

std::string variablesText(const ParameterSpec& spec) {
  std::vector<std::string> all;
  if (spec.type == ValueType::secret) all.push_back(code(spec.secretVariable()));
  if (!spec.variable().empty()) all.push_back(code(spec.variable()));
  for (const Alias& alias : spec.aliases) {
    const std::string where = alias.apps.empty() ? "" : " (" + alias.apps + ")";
    all.push_back(code(alias.variable) + where);
  }
  return join(all, ", ");
}

}  // namespace

std::string referenceMarkdown() {
  std::string table =
      "| flag | variables | YAML key | meaning | values | default |\n"
      "|---|---|---|---|---|---|\n";
  for (const ParameterSpec& spec : parameterTable()) {
    table += "| " + code(flagUsage(spec)) + " | " + variablesText(spec) + " | " + code(spec.key()) + " | " +
             markdown(spec.help) + " | " + rangeText(spec) + " | " + code(spec.fallback) + " |\n";
  }
  return table;
}

std::string generate(const AppSpec& app, DocumentKind kind) {
  switch (kind) {
    case DocumentKind::man:
      return manPage(app);
    case DocumentKind::completion:
      return completionScript(app);
    case DocumentKind::reference:
      return referenceMarkdown();
  }
  return {};
}

}  // namespace dlpx
