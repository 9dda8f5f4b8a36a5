#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/secret.h"
#include "mysql/session.h"

namespace dlpx {

// One setting of a group. No value: the name stands alone, as skip-name-resolve does.
struct Option {
  std::string name;
  std::optional<std::string> value;

  friend bool operator==(const Option&, const Option&) = default;
};

// The key by which mysqld takes two names for one setting: dashes as underscores, without loose_, skip_,
// disable_ and enable_, old words (slave, master) as new ones. "loose-skip-slave-start" → "replica_start".
std::string optionKey(std::string_view name);

// `name=value` as a line that mysqld and the client programs read back byte by byte. Throws Error{optionFile}
// for NUL and for lines of more than 4,094 bytes, which they would split.
std::string optionLine(const Option& option);

// A my.cnf. Order, comments and unknown groups are kept; names compare by optionKey; the last line of a name
// wins.
class OptionFile {
 public:
  OptionFile() = default;
  // Reads a file, !include and !includedir resolved (each kept as a comment). Throws Error{optionFile} with
  // "file:line: …" for a file that is missing or cannot be read (mysqld silently ignores a missing !include),
  // for loops, for a setting before the first group and for a group that is not closed.
  static OptionFile read(const fs::path& file);
  // As read, from memory; `name` stands in errors, includes are relative to the working directory as
  // mysqld's.
  static OptionFile parse(std::string_view text, const fs::path& name);

  std::vector<std::string> groups() const;
  std::vector<Option> options(std::string_view group) const;

  bool has(std::string_view group, std::string_view name) const;
  // The last value; "" for a name that stands alone; nothing when it is not there.
  std::optional<std::string> get(std::string_view group, std::string_view name) const;
  // All values, for settings that may be repeated (plugin-load-add, replicate-do-db).
  std::vector<std::string> all(std::string_view group, std::string_view name) const;

  // Replaces all lines of the name by one, at the last one's place, else at the end of the group.
  void set(std::string_view group, std::string_view name, std::optional<std::string> value);
  // A further line of the name at the end of the group.
  void add(std::string_view group, std::string_view name, std::optional<std::string> value);
  void remove(std::string_view group, std::string_view name);

  // Ours win over theirs for mysqld: each line that ours override, in every group that mysqld reads (mysqld,
  // server, mysqld-8.4 …), is kept as a comment, and ours follow in a last [mysqld] section headed by
  // `reason`. Repeated names within ours are all kept. Merging again replaces what the last merge added.
  void merge(const std::vector<Option>& ours, std::string_view reason = "set by dlpx-mysql");

  std::string text() const;

 private:
  enum class Kind { group, option, other };
  struct Line {
    Kind kind;
    std::string group;
    Option option;
    std::string text;  // as it was read or is to be written
  };
  class Reader;

  void undoMerge();
  size_t endOf(std::string_view group);

  std::vector<Line> lines_;
};

// The text of an option file that lets MySQL's client programs connect, for --defaults-file=/dev/fd/N (never
// --defaults-extra-file: the user's ~/.my.cnf would win). Holds the password: only for a memoryFile() or a
// pipe.
std::string clientOptionText(const ConnectionOptions& options);

}  // namespace dlpx
