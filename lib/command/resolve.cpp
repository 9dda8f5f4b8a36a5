#include "command/resolve.h"

#include <algorithm>

#include "base/text.h"
#include "command/help.h"
#include "command/password.h"
#include "command/value.h"

namespace dlpx {
namespace {

// Resolves the parameters of one command, one at a time.
class Resolver {
 public:
  Resolver(const AppSpec& app, const CommandLine& line, const Environment& environment,
           const ConfigFile& file, bool forShow)
      : app_(app),
        line_(line),
        environment_(environment),
        file_(file),
        forShow_(forShow),
        result_(app.name + " " + line.command->name) {}

  Parameters all() {
    for (const std::string& name : parametersOf(*line_.command)) one(parameterSpec(name));
    return std::move(result_);
  }

 private:
  void one(const ParameterSpec& spec) {
    if (fromCommandLine(spec) || fromEnvironment(spec) || fromFile(spec)) return;
    const auto own = line_.command->defaults.find(spec.name);
    const std::string fallback = own == line_.command->defaults.end() ? spec.fallback : own->second;
    if (fallback.empty()) return;
    store(spec, {fallback}, {"default", "the default of " + spec.flag(), {}});
  }

  bool fromCommandLine(const ParameterSpec& spec) {
    const auto found = line_.values.find(spec.name);
    if (found == line_.values.end()) return false;
    std::vector<std::string> items = found->second.items;
    if (spec.type == ValueType::flag) items = {items.back()};
    store(spec, items, {found->second.positional ? "argument" : "flag", spec.flag(), {}});
    return true;
  }

  bool fromEnvironment(const ParameterSpec& spec) {
    if (fromSecretVariable(spec, spec.secretVariable()) || fromVariable(spec, {spec.variable(), ""}))
      return true;
    return std::any_of(spec.aliases.begin(), spec.aliases.end(), [&](const Alias& alias) {
      if (!holdsFor(alias, app_)) return false;
      return spec.type == ValueType::secret ? fromSecretVariable(spec, alias.variable)
                                            : fromVariable(spec, alias);
    });
  }

  bool fromVariable(const ParameterSpec& spec, const Alias& alias) {
    const std::optional<std::string> raw = environment_.value(alias.variable);
    if (!raw) return false;
    std::string value = *raw;
    if (alias.form == Alias::Form::userOfConnection) value = userOfConnection(value);
    if (alias.form == Alias::Form::dsourceType && startsWith(toLower(value), "manual")) value = "manual";
    if (trim(value).empty()) return false;
    store(spec, {value}, {"environment " + alias.variable, alias.variable, {}});
    return true;
  }

  bool fromSecretVariable(const ParameterSpec& spec, const std::string& variable) {
    std::optional<Secret> value = environment_.secret(variable);
    if (!value) return false;
    checkPassword(*value, variable);
    result_.setSecret(spec.name, std::move(*value), "environment " + variable);
    return true;
  }

  bool fromFile(const ParameterSpec& spec) {
    const ConfigFile::Entry* entry = file_.find(spec.name);
    if (entry == nullptr) return false;
    if (spec.type == ValueType::secret) {
      storeSecret(spec, entry->items.front(), entry->place);
    } else {
      result_.setList(spec.name, entry->items, entry->place.origin);
    }
    return true;
  }

  void store(const ParameterSpec& spec, const std::vector<std::string>& raw, const ValuePlace& place) {
    std::vector<std::string> items;
    for (const std::string& value : raw) {
      const bool isList = spec.repeatable() && (spec.type == ValueType::list || place.origin != "flag");
      for (const std::string& item : isList ? splitItems(spec, value) : std::vector{value}) {
        items.push_back(checkedValue(spec, item, place));
      }
    }
    if (items.empty()) return;
    if (spec.type == ValueType::secret) {
      storeSecret(spec, items.front(), place);
    } else {
      result_.setList(spec.name, items, place.origin);
    }
  }

  // `path` is checked: absolute.
  void storeSecret(const ParameterSpec& spec, const std::string& path, const ValuePlace& place) {
    result_.setSecret(spec.name, forShow_ ? Secret("not read") : readPasswordFile(path, place.subject),
                      place.origin, path);
  }

  const AppSpec& app_;
  const CommandLine& line_;
  const Environment& environment_;
  const ConfigFile& file_;
  bool forShow_;
  Parameters result_;
};

void requireAll(const AppSpec& app, const CommandSpec& command, const Parameters& parameters) {
  for (const std::string& written : command.positionals) {
    const Positional positional = positionalOf(written);
    if (positional.optional || parameters.has(positional.name)) continue;
    throw Error(
        ExitCode::usage,
        "argument " + parameterSpec(positional.name).placeholder + " is required for " + parameters.command(),
        "write: " + synopsis(app, command));
  }
  for (const std::string& name : command.required) parameters.mustHave(name);
}

ConfigFile configFileOf(const CommandLine& line, const Environment& environment) {
  const auto flag = line.values.find("config");
  const std::optional<std::string> path = flag != line.values.end()
                                              ? std::optional(flag->second.items.front())
                                              : environment.value("DLPX_MYSQL_CONFIG");
  return path ? ConfigFile(*path) : ConfigFile();
}

}  // namespace

bool holdsFor(const Alias& alias, const AppSpec& app) {
  if (alias.apps.empty()) return true;
  const std::vector<std::string> apps = split(alias.apps, ' ');
  const std::string prefix = "dlpx-mysql-";
  const std::string own = startsWith(app.name, prefix) ? app.name.substr(prefix.size()) : app.name;
  return std::find(apps.begin(), apps.end(), own) != apps.end();
}

Parameters resolve(const AppSpec& app, const CommandLine& line, const Environment& environment,
                   const ConfigFile& file, bool forShow) {
  Parameters parameters = Resolver(app, line, environment, file, forShow).all();
  if (!forShow) requireAll(app, *line.command, parameters);
  return parameters;
}

Parameters resolve(const AppSpec& app, const CommandLine& line, const Environment& environment,
                   bool forShow) {
  return resolve(app, line, environment, configFileOf(line, environment), forShow);
}

}  // namespace dlpx
