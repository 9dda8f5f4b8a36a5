#include "command/parameters.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "command/password.h"
#include "command/value.h"

namespace dlpx {
namespace {

constexpr const char* redacted = "<redacted>";

bool isFlag(const ParameterSpec& spec) {
  return spec.type == ValueType::flag;
}

// The table's entry; asking for another type than the table's is a mistake of ours.
const ParameterSpec& specOf(std::string_view name, ValueType type) {
  const ParameterSpec& spec = parameterSpec(name);
  const bool readAsText = type == ValueType::text && spec.type == ValueType::choice;
  const bool readAsInteger = type == ValueType::integer && spec.type == ValueType::port;
  if (spec.type != type && !readAsText && !readAsInteger) {
    throw Error(ExitCode::internal,
                "parameter " + spec.flag() + " is asked for with another type than its own");
  }
  return spec;
}

Error missing(const ParameterSpec& spec, const std::string& command) {
  std::string ways = spec.flag() + (isFlag(spec) ? "" : " " + spec.placeholder);
  const std::string variable = spec.type == ValueType::secret ? spec.secretVariable() : spec.variable();
  if (!variable.empty()) ways += ", set " + variable;
  if (!spec.key().empty()) ways += ", or put " + spec.key() + ": into the YAML file";
  return Error(ExitCode::usage,
               "parameter " + spec.flag() + " is required" + (command.empty() ? "" : " for " + command),
               "give " + ways);
}

}  // namespace

Parameters& Parameters::set(const std::string& name, const std::string& value, const std::string& origin) {
  return setList(name, {value}, origin);
}

Parameters& Parameters::setList(const std::string& name, const std::vector<std::string>& items,
                                const std::string& origin) {
  const ParameterSpec& spec = parameterSpec(name);
  if (spec.type == ValueType::secret) {
    throw Error(ExitCode::internal, "the secret " + spec.name + " is set like a plain value");
  }
  Value value{{}, origin};
  for (const std::string& item : items) {
    value.items.push_back(checkedValue(spec, item, {origin, spec.flag(), {}}));
  }
  values_[spec.name] = std::move(value);
  return *this;
}

Parameters& Parameters::setSecret(const std::string& name, Secret value, const std::string& origin,
                                  const fs::path& file) {
  const ParameterSpec& spec = specOf(name, ValueType::secret);
  checkPassword(value, origin);
  secrets_[spec.name] = GivenSecret{std::move(value), origin, file};
  return *this;
}

bool Parameters::has(std::string_view name) const {
  return !origin(name).empty();
}

bool Parameters::isGiven(std::string_view name) const {
  const std::string from = origin(name);
  return !from.empty() && from != "default";
}

void Parameters::mustHave(std::string_view name) const {
  const ParameterSpec& spec = parameterSpec(name);
  if (has(name) || (spec.type == ValueType::secret && canPrompt())) return;
  throw missing(spec, command_);
}

std::string Parameters::origin(std::string_view name) const {
  const ParameterSpec& spec = parameterSpec(name);
  if (const auto found = values_.find(spec.name); found != values_.end()) return found->second.origin;
  if (const auto found = secrets_.find(spec.name); found != secrets_.end()) return found->second.origin;
  return {};
}

const Parameters::Value* Parameters::find(std::string_view name, ValueType type) const {
  const auto found = values_.find(specOf(name, type).name);
  return found == values_.end() ? nullptr : &found->second;
}

const Parameters::Value& Parameters::require(std::string_view name, ValueType type) const {
  if (const Value* value = find(name, type)) return *value;
  throw missing(parameterSpec(name), command_);
}

std::string Parameters::text(std::string_view name) const {
  return require(name, ValueType::text).items.front();
}

std::string Parameters::textOr(std::string_view name, std::string_view fallback) const {
  return textIfGiven(name).value_or(std::string(fallback));
}

std::optional<std::string> Parameters::textIfGiven(std::string_view name) const {
  const Value* value = find(name, ValueType::text);
  return value == nullptr ? std::nullopt : std::optional(value->items.front());
}

fs::path Parameters::path(std::string_view name) const {
  return require(name, ValueType::path).items.front();
}

std::optional<fs::path> Parameters::pathIfGiven(std::string_view name) const {
  const Value* value = find(name, ValueType::path);
  return value == nullptr ? std::nullopt : std::optional<fs::path>(value->items.front());
}

uint16_t Parameters::port(std::string_view name) const {
  return static_cast<uint16_t>(integerOf(parameterSpec(name), require(name, ValueType::port).items.front()));
}

int64_t Parameters::integer(std::string_view name) const {
  return integerOf(parameterSpec(name), require(name, ValueType::integer).items.front());
}

std::optional<int64_t> Parameters::integerIfGiven(std::string_view name) const {
  const Value* value = find(name, ValueType::integer);
  return value == nullptr ? std::nullopt
                          : std::optional(integerOf(parameterSpec(name), value->items.front()));
}

bool Parameters::flag(std::string_view name) const {
  return flagIfGiven(name).value_or(false);
}

std::optional<bool> Parameters::flagIfGiven(std::string_view name) const {
  const Value* value = find(name, ValueType::flag);
  return value == nullptr ? std::nullopt : std::optional(value->items.front() == "true");
}

Milliseconds Parameters::duration(std::string_view name) const {
  return durationOf(require(name, ValueType::duration).items.front());
}

std::optional<Milliseconds> Parameters::durationIfGiven(std::string_view name) const {
  const Value* value = find(name, ValueType::duration);
  return value == nullptr ? std::nullopt : std::optional(durationOf(value->items.front()));
}

uint64_t Parameters::bytes(std::string_view name) const {
  return static_cast<uint64_t>(integerOf(parameterSpec(name), require(name, ValueType::bytes).items.front()));
}

std::optional<uint64_t> Parameters::bytesIfGiven(std::string_view name) const {
  return find(name, ValueType::bytes) == nullptr ? std::nullopt : std::optional(bytes(name));
}

std::vector<std::string> Parameters::list(std::string_view name) const {
  const Value* value = find(name, ValueType::list);
  return value == nullptr ? std::vector<std::string>() : value->items;
}

std::vector<std::pair<std::string, std::string>> Parameters::assignments(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (const Value* value = find(name, ValueType::assignments)) {
    for (const std::string& item : value->items) pairs.push_back(assignmentOf(item));
  }
  return pairs;
}

std::optional<Secret> Parameters::secret(std::string_view name) const {
  const auto found = secrets_.find(specOf(name, ValueType::secret).name);
  return found == secrets_.end() ? std::nullopt : std::optional(found->second.value);
}

std::optional<fs::path> Parameters::secretFileIfGiven(std::string_view name) const {
  const auto found = secrets_.find(specOf(name, ValueType::secret).name);
  return found == secrets_.end() || found->second.file.empty() ? std::nullopt
                                                               : std::optional(found->second.file);
}

Secret Parameters::requireSecret(std::string_view name) const {
  if (const std::optional<Secret> given = secret(name)) return *given;
  const ParameterSpec& spec = parameterSpec(name);
  if (!canPrompt()) throw missing(spec, command_);
  Secret typed = promptPassword(replaceAll(spec.name, "-", " "));
  secrets_[spec.name] = GivenSecret{typed, "terminal", {}};
  return typed;
}

Json Parameters::toJson(const std::vector<std::string>& names) const {
  Json all = Json::object();
  for (const std::string& name : names) {
    const ParameterSpec& spec = parameterSpec(name);
    Json& shown = all[spec.name];
    shown["value"] = nullptr;
    shown["origin"] = origin(name);
    if (spec.type == ValueType::secret) {
      if (secrets_.contains(spec.name)) shown["value"] = redacted;
    } else if (const auto found = values_.find(spec.name); found != values_.end()) {
      const std::vector<std::string>& items = found->second.items;
      if (spec.repeatable()) {
        shown["value"] = items;
      } else if (isFlag(spec)) {
        shown["value"] = items.front() == "true";
      } else if (spec.type == ValueType::port || spec.type == ValueType::integer) {
        shown["value"] = integerOf(spec, items.front());
      } else {
        shown["value"] = items.front();
      }
    }
  }
  return all;
}

std::string Parameters::toText(const std::vector<std::string>& names) const {
  TextTable table({"PARAMETER", "VALUE", "ORIGIN"});
  for (const std::string& name : names) {
    const ParameterSpec& spec = parameterSpec(name);
    std::string shown = secrets_.contains(spec.name) ? redacted : "";
    if (const auto found = values_.find(spec.name); found != values_.end()) {
      shown = join(found->second.items, spec.type == ValueType::assignments ? " " : ",");
    }
    table.add({spec.name, shown, has(name) ? origin(name) : "not given"});
  }
  return table.text();
}

}  // namespace dlpx
