#include "command/environment.h"

#include <string.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "base/text.h"
#include "command/table.h"

namespace dlpx {
namespace {

struct Variables {
  std::set<std::string> plain;
  std::set<std::string> secret;
};

constexpr const char* prefix = "DLPX_MYSQL_";

// What is no parameter: where things are, and what one of our processes tells the next or a script of the
// user, which may call our tools.
const std::set<std::string> others = {"DLPX_MYSQL_BIN_DIR", "DLPX_MYSQL_OPERATION_ID", "DLPX_MYSQL_REGISTRY",
                                      "DLPX_MYSQL_SEARCH_PATH", "DLPX_MYSQL_SOCKET"};

// root's in the parent, by which the archived plugin's scripts entered a clone that was up already.
const std::set<std::string> secretsNotNeeded = {"STAGED_ROOT_PASS"};

std::string nearestKnown(const std::string& name, const Variables& known) {
  std::vector<std::string> all(known.plain.begin(), known.plain.end());
  all.insert(all.end(), known.secret.begin(), known.secret.end());
  all.insert(all.end(), others.begin(), others.end());
  return nearest(name, all);
}

Variables variablesOfTable() {
  Variables all{{}, secretsNotNeeded};
  for (const ParameterSpec& spec : parameterTable()) {
    const bool isSecret = spec.type == ValueType::secret;
    if (!spec.variable().empty()) all.plain.insert(spec.variable());
    if (isSecret) all.secret.insert(spec.secretVariable());
    for (const Alias& alias : spec.aliases) (isSecret ? all.secret : all.plain).insert(alias.variable);
  }
  return all;
}

}  // namespace

Environment Environment::take() {
  const Variables known = variablesOfTable();
  Environment taken;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const equals = strchr(*entry, '=');
    if (equals == nullptr) continue;
    const std::string name(*entry, equals);
    char* const value = equals + 1;
    if (known.plain.contains(name) && *value != '\0') taken.values_.emplace(name, value);
    if (!known.secret.contains(name)) {
      if (startsWith(name, prefix) && !known.plain.contains(name) && !others.contains(name))
        taken.unknown_.push_back({name, nearestKnown(name, known)});
      continue;
    }
    if (*value != '\0') {
      taken.secrets_.emplace(name, Secret(value));
      if (secretsNotNeeded.contains(name)) taken.notNeeded_.push_back(name);
    }
    explicit_bzero(value, strlen(value));
  }
  for (const std::string& name : known.secret) unsetenv(name.c_str());
  return taken;
}

std::optional<std::string> Environment::value(const std::string& variable) const {
  const auto found = values_.find(variable);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Secret> Environment::secret(const std::string& variable) const {
  const auto found = secrets_.find(variable);
  return found == secrets_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace dlpx
