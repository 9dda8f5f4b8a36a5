#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/files.h"
#include "base/json.h"
#include "base/secret.h"
#include "command/table.h"

namespace dlpx {

// The resolved values of one command, by flag name ("source-host"; a secret's name is without "-file":
// "source-password"). Values are validated when they are set, so the accessors of what is there cannot fail.
// An accessor without "IfGiven" or "Or" throws Error{usage} "parameter --x is required for <command>" where
// there is no value; its remedy names flag, variable and YAML key. A name that the table lacks, or a type
// that is not the table's, is Error{internal}.
class Parameters {
 public:
  // `command` as people write it: "dlpx-mysql-stage replication status".
  explicit Parameters(std::string command = {}) : command_(std::move(command)) {}

  // What others than the command line use to make parameters: tests, and one workflow that calls another.
  // Throws Error{usage} when a value does not fit the table. Relative paths are taken from here.
  Parameters& set(const std::string& name, const std::string& value, const std::string& origin = "caller");
  Parameters& setList(const std::string& name, const std::vector<std::string>& items,
                      const std::string& origin = "caller");
  Parameters& setSecret(const std::string& name, Secret value, const std::string& origin = "caller",
                        const fs::path& file = {});

  const std::string& command() const { return command_; }
  // Given anywhere, or has a default.
  bool has(std::string_view name) const;
  // Given by flag, variable or file; a default does not count.
  bool isGiven(std::string_view name) const;
  // Throws the error of a missing required parameter unless has(name); a password that can be asked for on
  // the terminal is not missing.
  void mustHave(std::string_view name) const;
  // "flag", "argument", "environment DLPX_MYSQL_PORT", "file c.yaml:12", "default", or "" where there is no
  // value.
  std::string origin(std::string_view name) const;

  std::string text(std::string_view name) const;  // of text and choice
  std::string textOr(std::string_view name, std::string_view fallback) const;
  std::optional<std::string> textIfGiven(std::string_view name) const;
  fs::path path(std::string_view name) const;  // absolute
  std::optional<fs::path> pathIfGiven(std::string_view name) const;
  uint16_t port(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  std::optional<int64_t> integerIfGiven(std::string_view name) const;
  bool flag(std::string_view name) const;  // false where there is no value
  std::optional<bool> flagIfGiven(std::string_view name) const;
  Milliseconds duration(std::string_view name) const;
  std::optional<Milliseconds> durationIfGiven(std::string_view name) const;
  uint64_t bytes(std::string_view name) const;
  std::optional<uint64_t> bytesIfGiven(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;  // empty where there is no value
  // Pairs of NAME=VALUE in the order given; empty where there is none.
  std::vector<std::pair<std::string, std::string>> assignments(std::string_view name) const;

  // From a file, a variable or the YAML file; nothing where it is not given.
  std::optional<Secret> secret(std::string_view name) const;
  // The absolute path of the file that it came from; nothing where it came otherwise.
  std::optional<fs::path> secretFileIfGiven(std::string_view name) const;
  // The password, else asked for on the terminal without echo; Error{usage} where there is no terminal.
  Secret requireSecret(std::string_view name) const;

  // Name, value and origin of each of `names`, secrets "<redacted>": what --show-config prints.
  Json toJson(const std::vector<std::string>& names) const;
  std::string toText(const std::vector<std::string>& names) const;

 private:
  struct Value {
    std::vector<std::string> items;
    std::string origin;
  };
  struct GivenSecret {
    Secret value;
    std::string origin;
    fs::path file;
  };
  const Value* find(std::string_view name, ValueType type) const;
  const Value& require(std::string_view name, ValueType type) const;

  std::string command_;
  std::map<std::string, Value, std::less<>> values_;
  mutable std::map<std::string, GivenSecret, std::less<>> secrets_;  // what was typed is kept
};

}  // namespace dlpx
