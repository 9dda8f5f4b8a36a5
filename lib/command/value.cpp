#include "command/value.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// The first is the unit of a plain number.
constexpr Unit timeUnits[] = {{"s", 1000},     {"ms", 1},        {"m", 60'000},
                              {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr int64_t kibi = 1024;
constexpr Unit byteUnits[] = {{"b", 1},
                              {"k", kibi},
                              {"m", kibi* kibi},
                              {"g", kibi* kibi* kibi},
                              {"t", kibi* kibi* kibi* kibi},
                              {"kib", kibi},
                              {"mib", kibi* kibi},
                              {"gib", kibi* kibi* kibi},
                              {"tib", kibi* kibi* kibi* kibi}};

Error badValue(const ValuePlace& place, const std::string& raw, const std::string& why,
               const std::string& remedy) {
  return Error(ExitCode::usage, place.subject + " is '" + raw + "', which is " + why, remedy);
}

std::optional<int64_t> wholeNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "90", "90s", "1.5h" as a multiple of the smallest unit.
std::optional<int64_t> quantity(std::string_view text, const Unit* units, size_t count) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || value < 0) return std::nullopt;
  const std::string unit = toLower(trim(text.substr(static_cast<size_t>(end - text.data()))));
  const Unit* const last = units + count;
  const Unit* const found =
      unit.empty() ? units : std::find_if(units, last, [&](const Unit& known) { return known.name == unit; });
  if (found == last || value * static_cast<double>(found->factor) > 9e18) return std::nullopt;
  return static_cast<int64_t>(value * static_cast<double>(found->factor));
}

std::optional<int64_t> milliseconds(std::string_view text) {
  return quantity(text, timeUnits, std::size(timeUnits));
}

std::optional<int64_t> byteCount(std::string_view text) {
  return quantity(text, byteUnits, std::size(byteUnits));
}

std::string bytesText(int64_t bytes) {
  const char* unit = "";
  for (const char* larger : {"K", "M", "G", "T"}) {
    if (bytes < kibi || bytes % kibi != 0) break;
    bytes /= kibi;
    unit = larger;
  }
  return std::to_string(bytes) + unit;
}

std::string amountText(const ParameterSpec& spec, int64_t amount) {
  if (spec.type == ValueType::bytes) return bytesText(amount);
  if (spec.type == ValueType::duration && amount % 1000 == 0) return std::to_string(amount / 1000) + "s";
  if (spec.type == ValueType::duration) return std::to_string(amount) + "ms";
  return std::to_string(amount);
}

const char* kindOf(ValueType type) {
  switch (type) {
    case ValueType::duration:
      return "a time such as 90s, 15m or 2h";
    case ValueType::bytes:
      return "a size such as 500M or 20G";
    default:
      return "a whole number";
  }
}

std::string checkedAmount(const ParameterSpec& spec, const std::string& raw, const ValuePlace& place) {
  const std::optional<int64_t> amount = spec.type == ValueType::duration ? milliseconds(raw)
                                        : spec.type == ValueType::bytes  ? byteCount(raw)
                                                                         : wholeNumber(raw);
  const std::string range = rangeText(spec);
  if (!amount) {
    throw badValue(place, raw, std::string("not ") + kindOf(spec.type),
                   std::string("give ") + kindOf(spec.type) + (range.empty() ? "" : ", " + range));
  }
  if (*amount < spec.least || *amount > spec.most) {
    throw badValue(place, raw, "out of range", "give " + range);
  }
  return raw;
}

std::string checkedFlag(const std::string& raw, const ValuePlace& place) {
  const std::string word = toLower(trim(raw));
  for (const char* yes : {"true", "yes", "on", "1"}) {
    if (word == yes) return "true";
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    if (word == no) return "false";
  }
  throw badValue(place, raw, "neither true nor false", "give true or false");
}

std::string checkedChoice(const ParameterSpec& spec, const std::string& raw, const ValuePlace& place) {
  std::string word = toLower(trim(raw));
  // YAML 1.1 readers and people write on and off as booleans.
  if (word == "true" || word == "false") {
    const std::string state = word == "true" ? "on" : "off";
    if (std::count(spec.choices.begin(), spec.choices.end(), state) > 0) word = state;
  }
  if (std::count(spec.choices.begin(), spec.choices.end(), word) > 0) return word;
  const std::string near = nearest(word, spec.choices);
  throw badValue(place, raw, "none of " + join(spec.choices, ", "),
                 near.empty() ? "give one of these" : "did you mean '" + near + "'?");
}

std::string checkedPath(const std::string& raw, const ValuePlace& place) {
  if (raw.find('\0') != std::string::npos) throw badValue(place, raw, "not a path", "give a path");
  const fs::path base = place.base.empty() ? fs::current_path() : place.base;
  fs::path absolute = (base / raw).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  return absolute.string();
}

std::string checkedAssignment(const ParameterSpec& spec, const std::string& raw, const ValuePlace& place) {
  const size_t equals = raw.find('=');
  if (equals == std::string::npos || trim(raw.substr(0, equals)).empty()) {
    throw badValue(place, raw, "not " + spec.placeholder, "give " + spec.placeholder);
  }
  return trim(raw.substr(0, equals)) + "=" + trim(raw.substr(equals + 1));
}

}  // namespace

std::string checkedValue(const ParameterSpec& spec, const std::string& raw, const ValuePlace& place) {
  if (trim(raw).empty()) {
    throw Error(ExitCode::usage, place.subject + " is empty", "give a value, or leave it out");
  }
  switch (spec.type) {
    case ValueType::text:
    case ValueType::list:
      return raw;
    case ValueType::path:
    case ValueType::secret:
      return checkedPath(raw, place);
    case ValueType::port:
    case ValueType::integer:
    case ValueType::duration:
    case ValueType::bytes:
      return checkedAmount(spec, trim(raw), place);
    case ValueType::flag:
      return checkedFlag(raw, place);
    case ValueType::choice:
      return checkedChoice(spec, raw, place);
    case ValueType::assignments:
      return checkedAssignment(spec, raw, place);
  }
  return raw;
}

std::vector<std::string> splitItems(const ParameterSpec& spec, std::string_view text) {
  std::vector<std::string> items;
  for (const std::string& part : split(text, spec.type == ValueType::assignments ? '\n' : ',')) {
    if (std::string item = trim(part); !item.empty()) items.push_back(std::move(item));
  }
  return items;
}

std::string userOfConnection(std::string_view options) {
  std::vector<std::string> words;
  for (std::string& word : split(options, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if (startsWith(words[i], "--user=")) return words[i].substr(7);
    if (words[i] == "-u" || words[i] == "--user") return i + 1 < words.size() ? words[i + 1] : std::string();
    if (startsWith(words[i], "-u")) return words[i].substr(2);
  }
  return {};
}

Milliseconds durationOf(const std::string& checked) {
  return Milliseconds(milliseconds(checked).value_or(0));
}

int64_t integerOf(const ParameterSpec& spec, const std::string& checked) {
  return (spec.type == ValueType::bytes ? byteCount(checked) : wholeNumber(checked)).value_or(0);
}

std::pair<std::string, std::string> assignmentOf(const std::string& checked) {
  const size_t equals = checked.find('=');
  return {checked.substr(0, equals), checked.substr(equals + 1)};
}

std::string rangeText(const ParameterSpec& spec) {
  if (spec.type == ValueType::choice) return join(spec.choices, ", ");
  if (spec.most != INT64_MAX) return amountText(spec, spec.least) + " to " + amountText(spec, spec.most);
  return spec.least > 0 ? "at least " + amountText(spec, spec.least) : std::string();
}

}  // namespace dlpx
