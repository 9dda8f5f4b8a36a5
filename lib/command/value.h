#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/files.h"
#include "command/table.h"

namespace dlpx {

// Where a value was read, for origins and messages.
struct ValuePlace {
  std::string origin;   // "flag", "environment DLPX_MYSQL_PORT", "file c.yaml:12"
  std::string subject;  // "--port", "DLPX_MYSQL_PORT", "c.yaml:12: port"
  fs::path base;        // relative paths are taken from here; empty means the working directory
};

// The value in the form in which it is kept: paths absolute, choices as the table spells them, flags "true"
// or "false". For lists and assignments, one item. Throws Error{usage} "<subject> is '<value>', which is …".
std::string checkedValue(const ParameterSpec& spec, const std::string& raw, const ValuePlace& place);

// The items of a list written in one string: "a, b" or, for assignments, one a line. Empty ones are left out.
std::vector<std::string> splitItems(const ParameterSpec& spec, std::string_view text);

// The user in "-u<user> --host=<host> -p" ("-u user", "--user=user" too); empty where there is none.
std::string userOfConnection(std::string_view options);

// Of checked values only.
Milliseconds durationOf(const std::string& checked);
int64_t integerOf(const ParameterSpec& spec, const std::string& checked);
std::pair<std::string, std::string> assignmentOf(const std::string& checked);

// "1 to 65535", "at least 1s", "replication, manual"; empty where every value is right.
std::string rangeText(const ParameterSpec& spec);

}  // namespace dlpx
