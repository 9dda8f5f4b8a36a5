#include "backup/dump_stream.h"

#include "base/error.h"
#include "base/text.h"
#include "mysql/option_file.h"

namespace dlpx {
namespace {

constexpr size_t chunk = 256 * 1024;
constexpr std::string_view headEnd = "CREATE DATABASE";
constexpr std::string_view lastLine = "-- Dump completed";

// The names of tables to leave out may be many and odd: the option file takes what no command line would.
Secret dumpOptions(const ConnectionOptions& source, const std::vector<TableName>& ignored) {
  std::string text = clientOptionText(source) + "[mysqldump]\n";
  for (const TableName& table : ignored) {
    text += optionLine({"ignore-table", table.database + "." + table.name}) + "\n";
  }
  return Secret(std::move(text));
}

Command dumpCommand(const Installation& installation, const SecretFile& options,
                    const std::vector<std::string>& arguments) {
  Command command{.argv = {installation.program("mysqldump").string(), "--defaults-file=" + options.path()},
                  .unset = {"MYSQL_PWD", "MYSQL_TEST_LOGIN_FILE"},
                  .inherit = {options.fd()}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

// Comments inside routines belong to them; --binary-mode keeps \r\n and takes no client commands from data.
Command clientCommand(const Installation& installation, const SecretFile& options) {
  return {.argv = {installation.program("mysql").string(), "--defaults-file=" + options.path(), "--comments",
                   "--binary-mode", "--default-character-set=utf8mb4", "--max-allowed-packet=1073741824"},
          .unset = {"MYSQL_PWD", "MYSQL_TEST_LOGIN_FILE"},
          .inherit = {options.fd()}};
}

// What a client program wrote to stderr, without its warnings.
std::string words(const std::string& err) {
  std::vector<std::string> lines;
  for (const std::string& line : split(trim(err), '\n')) {
    if (line.find("[Warning]") == std::string::npos) lines.push_back(line);
  }
  return trim(lastLines(join(lines, "\n"), 5));
}

// What every session of a restore begins with. Strict modes would refuse row formats and defaults that the
// source still has.
constexpr std::string_view preamble =
    "SET SESSION sql_log_bin = 0, SESSION innodb_strict_mode = 0, SESSION net_read_timeout = 86400;\n"
    "/*!80013 SET SESSION sql_require_primary_key = 0 */;\n"
    "/*!80030 SET SESSION sql_generate_invisible_primary_key = 0 */;\n"
    "/*!80400 SET SESSION restrict_fk_on_non_standard_key = 0 */;\n";

}  // namespace

// --skip-lock-tables: the tables are locked by us, for the moment of the snapshot only. With
// --set-gtid-purged=OFF no version sends FLUSH. Options that a version may not know are loose.
std::vector<std::string> wholeDumpArguments(const std::vector<std::string>& databases) {
  std::vector<std::string> arguments{"--single-transaction",
                                     "--skip-lock-tables",
                                     "--set-gtid-purged=OFF",
                                     "--no-tablespaces",
                                     "--loose-column-statistics=0",
                                     "--routines",
                                     "--events",
                                     "--triggers",
                                     "--hex-blob",
                                     "--default-character-set=utf8mb4",
                                     "--max-allowed-packet=1073741824",
                                     "--databases",
                                     "--"};
  arguments.insert(arguments.end(), databases.begin(), databases.end());
  return arguments;
}

DumpReader::DumpReader(const Installation& installation, const ConnectionOptions& source,
                       const std::vector<TableName>& ignored, const std::vector<std::string>& arguments)
    : options_(dumpOptions(source, ignored)),
      child_(dumpCommand(installation, options_, arguments), Child::Pipes::output) {}

bool DumpReader::readMore(const Deadline& deadline) {
  buffer_.resize(chunk);
  buffer_.resize(child_.read(buffer_.data(), buffer_.size(), deadline));
  if (buffer_.empty()) {
    checkEnd(deadline);
    return false;
  }
  tail_ += buffer_.size() > 200 ? buffer_.substr(buffer_.size() - 200) : buffer_;
  if (tail_.size() > 400) tail_.erase(0, tail_.size() - 200);
  return true;
}

void DumpReader::checkEnd(const Deadline& deadline) {
  const Finished finished = child_.wait(deadline);
  if (!finished.ok()) {
    throw Error(
        ExitCode::backup,
        "mysqldump ended with exit code " + std::to_string(finished.exitCode) + ": " + words(finished.err),
        "mend the cause at the source and repeat the command");
  }
  if (tail_.find(lastLine) == std::string::npos) {
    throw Error(ExitCode::backup, "mysqldump ended without its last line: the dump is not complete",
                "repeat the command");
  }
}

void DumpReader::waitForSnapshot(const Deadline& deadline) {
  while (head_.find(headEnd) == std::string::npos && readMore(deadline)) head_ += buffer_;
  // mysqldump's own mode turns dates that the source allowed (2024-02-31) into zeros.
  const std::string mode = "SQL_MODE='NO_AUTO_VALUE_ON_ZERO";
  if (const size_t at = head_.find(mode + "'"); at != std::string::npos) {
    head_.insert(at + mode.size(), ",ALLOW_INVALID_DATES");
  }
}

std::string_view DumpReader::next(const Deadline& deadline) {
  if (!head_.empty()) {
    buffer_ = std::move(head_);
    head_.clear();
    return buffer_;
  }
  return readMore(deadline) ? std::string_view(buffer_) : std::string_view();
}

SqlWriter::SqlWriter(const Installation& installation, const ConnectionOptions& target)
    : options_(Secret(clientOptionText(target))),
      child_(clientCommand(installation, options_), Child::Pipes::input) {
  write(preamble, Deadline::in(Seconds(60)));
}

void SqlWriter::write(std::string_view bytes, const Deadline& deadline) {
  if (!child_.write(bytes, deadline)) throw failure(deadline);
}

void SqlWriter::finish(const Deadline& deadline) {
  child_.closeInput();
  const Finished finished = child_.wait(deadline);
  if (!finished.ok()) throw failure(deadline);
}

Error SqlWriter::failure(const Deadline& deadline) {
  const Finished finished = child_.wait(deadline);
  const std::string said = words(finished.err);
  const bool full = said.find("(28 ") != std::string::npos || said.find(" is full") != std::string::npos ||
                    said.find("No space left") != std::string::npos;
  return Error(
      full ? ExitCode::noSpace : ExitCode::restore,
      "the restore failed: mysql ended with exit code " + std::to_string(finished.exitCode) + ": " + said,
      full ? "free space, then repeat the command"
           : "read the staging server's error log, mend the cause and repeat the command");
}

uint64_t pump(DumpReader& from, SqlWriter& to, Progress& progress, const Deadline& deadline) {
  uint64_t bytes = 0;
  for (std::string_view part = from.next(deadline); !part.empty(); part = from.next(deadline)) {
    to.write(part, deadline);
    bytes += part.size();
    progress.set(bytes);
  }
  to.finish(deadline);
  return bytes;
}

}  // namespace dlpx
