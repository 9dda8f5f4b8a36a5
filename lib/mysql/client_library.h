#pragma once

// Inside the mysql room only: the client library, Oracle's libmysqlclient or MariaDB Connector/C. No other
// header includes mysql.h, and only session*.cpp and client_library.cpp include this one.
#include <mysql.h>

#include <memory>
#include <optional>
#include <string>

#include "mysql/session.h"

namespace dlpx {

struct MysqlCloser {
  void operator()(MYSQL* handle) const { mysql_close(handle); }
};
using MysqlHandle = std::unique_ptr<MYSQL, MysqlCloser>;

struct MysqlFreer {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using MysqlResult = std::unique_ptr<MYSQL_RES, MysqlFreer>;

// An authenticated connection; throws SqlError{onFailure}, or Error{usage} for options that cannot be.
MysqlHandle openConnection(const ConnectionOptions& options, ExitCode onFailure);

// From now on the server gets no file, whatever it asks for.
void refuseFiles(MYSQL* handle);

// The library's message on one line.
std::string oneLine(const char* message);

struct Session::Impl {
  MysqlHandle handle;
  ConnectionOptions options;  // for the second connection that kills a statement
  ExitCode onLost = ExitCode::internal;
  ExitCode onRefused = ExitCode::internal;
  std::optional<Version> version;
  uint64_t affected = 0;
  unsigned warnings = 0;

  MYSQL* mysql() const { return handle.get(); }
  SqlError error(std::string_view statement) const;
  void send(std::string_view statement);
  // Keeps the counts of the statement just done.
  void remember();
  MysqlResult store(std::string_view statement);
  // The remaining results of a CALL: read and dropped.
  void finish(std::string_view statement);
};

}  // namespace dlpx
