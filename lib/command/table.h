#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

enum class ValueType { text, path, port, integer, flag, duration, bytes, choice, list, assignments, secret };

// A variable of the archived plugin that stands for a parameter. The same variable can mean different things
// to different executables, so each alias names those it holds for.
struct Alias {
  enum class Form {
    plain,
    userOfConnection,  // "-u<user> --host=<host> -p": its user
    dsourceType        // "Manual Backup Ingestion" and "Replication", beside our own words
  };

  std::string variable;
  std::string apps;  // "stage vdb"; empty means all
  Form form = Form::plain;
};

// One parameter of the suite. Flag, variable, YAML key, validation, help and reference all come from this.
struct ParameterSpec {
  std::string name;  // of the flag, "source-host"; a secret's name is without "-file": "source-password"
  ValueType type = ValueType::text;
  std::string placeholder;  // "HOST"
  std::string help;         // lower case, no full stop
  std::string fallback;     // the default as it would be written; empty means none
  std::vector<std::string> choices = {};
  int64_t least = 0;  // of integers, milliseconds of durations, bytes
  int64_t most = INT64_MAX;
  std::vector<Alias> aliases = {};
  char shortFlag = 0;
  bool commandLineOnly = false;  // neither variable nor YAML key, but --config, which has a variable

  std::string flag() const;            // "--source-host", "--source-password-file"
  std::string variable() const;        // "DLPX_MYSQL_SOURCE_HOST", "DLPX_MYSQL_SOURCE_PASSWORD_FILE"
  std::string secretVariable() const;  // "DLPX_MYSQL_SOURCE_PASSWORD"; empty when it is not a secret
  std::string key() const;             // "source_host", "source_password_file"
  bool repeatable() const { return type == ValueType::list || type == ValueType::assignments; }
  bool takesValue() const { return type != ValueType::flag; }
};

// Every parameter of every executable, in the order of the reference. To add one, add it to a table_….cpp.
const std::vector<ParameterSpec>& parameterTable();

// By flag name, with or without a secret's "-file"; throws Error{internal} for a name that the table lacks.
const ParameterSpec& parameterSpec(std::string_view name);
// The same, or null.
const ParameterSpec* findParameter(std::string_view name);
// By YAML key, or null.
const ParameterSpec* findParameterByKey(std::string_view key);

}  // namespace dlpx
