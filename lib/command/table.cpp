#include "command/table.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/text.h"
#include "command/table_parts.h"

namespace dlpx {
namespace {

std::string upperWithUnderscores(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return text;
}

std::string flagName(const ParameterSpec& spec) {
  return spec.type == ValueType::secret ? spec.name + "-file" : spec.name;
}

}  // namespace

std::string ParameterSpec::flag() const {
  return "--" + flagName(*this);
}

std::string ParameterSpec::variable() const {
  if (commandLineOnly && name != "config") return {};
  return "DLPX_MYSQL_" + upperWithUnderscores(flagName(*this));
}

std::string ParameterSpec::secretVariable() const {
  return type == ValueType::secret ? "DLPX_MYSQL_" + upperWithUnderscores(name) : std::string();
}

std::string ParameterSpec::key() const {
  return commandLineOnly ? std::string() : replaceAll(flagName(*this), "-", "_");
}

const std::vector<ParameterSpec>& parameterTable() {
  static const Specs table = [] {
    Specs all;
    for (const Specs& group :
         {commonParameters(), instanceParameters(), sourceParameters(), ingestionParameters(),
          vdbParameters(), exportParameters(), engineParameters()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return table;
}

const ParameterSpec* findParameter(std::string_view name) {
  for (const ParameterSpec& spec : parameterTable()) {
    if (spec.name == name || flagName(spec) == name) return &spec;
  }
  return nullptr;
}

const ParameterSpec& parameterSpec(std::string_view name) {
  if (const ParameterSpec* spec = findParameter(name)) return *spec;
  throw Error(ExitCode::internal, "there is no parameter '" + std::string(name) + "' in the table",
              "add it to a table_….cpp of lib/command");
}

const ParameterSpec* findParameterByKey(std::string_view key) {
  for (const ParameterSpec& spec : parameterTable()) {
    if (!key.empty() && spec.key() == key) return &spec;
  }
  return nullptr;
}

}  // namespace dlpx
