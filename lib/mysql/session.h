#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/files.h"
#include "base/secret.h"
#include "mysql/sql.h"
#include "mysql/version.h"

namespace dlpx {

enum class SslMode { disabled, preferred, required, verifyCa, verifyIdentity };

// "disabled", "preferred", "required", "verify-ca", "verify-identity".
std::string_view text(SslMode mode);
// Reads the above and MySQL's spelling (VERIFY_CA), in any case; nothing for anything else.
std::optional<SslMode> parseSslMode(std::string_view text);

// Where a server listens: a Unix socket when `socket` is not empty, else TCP ("localhost" is TCP, too).
struct Endpoint {
  std::string host;
  uint16_t port = 3306;
  fs::path socket;

  // "db1.example:3306", "[::1]:3306" or the socket's path.
  std::string text() const;
};

struct ConnectionOptions {
  Endpoint endpoint;
  std::string user;
  Secret password;
  SslMode ssl = SslMode::preferred;  // a Unix socket never uses TLS
  fs::path sslCa;  // PEM; verify-ca and verify-identity need it, unless the system's CAs fit
  std::string database;
  Milliseconds connectTimeout{10'000};
  Milliseconds readTimeout{
      0};  // longest silence of the server during a statement, in whole seconds; 0: no limit
  bool localInfile = false;  // only loadLocal() then sends anything; a server never gets a file of ours
};

// A statement that the server refused, or a connection that failed. The message holds the server's own words
// and
// "(error 1045)"; never a password, not even when the server quotes the statement.
class SqlError : public Error {
 public:
  SqlError(ExitCode code, const std::string& problem, std::string remedy, unsigned number,
           std::string sqlState)
      : Error(code, problem, std::move(remedy)), number_(number), sqlState_(std::move(sqlState)) {}

  unsigned number() const { return number_; }
  const std::string& sqlState() const { return sqlState_; }
  // The server is gone, or the connection broke: a new Session may work.
  bool connectionLost() const;

 private:
  unsigned number_;
  std::string sqlState_;
};

// One row of a result; NULL is an empty optional. Column names are compared without case. Asking for a column
// that is not there throws Error{internal}.
class Row {
 public:
  using Columns = std::vector<std::string>;
  Row(std::shared_ptr<const Columns> columns, std::vector<std::optional<std::string>> values)
      : columns_(std::move(columns)), values_(std::move(values)) {}

  const std::optional<std::string>& operator[](std::string_view column) const;
  const std::optional<std::string>& operator[](size_t index) const;
  bool has(std::string_view column) const { return find(column).has_value(); }
  // The value, or "" for NULL.
  std::string text(std::string_view column) const;
  // The value, or 0 for NULL and for what is no number.
  uint64_t number(std::string_view column) const;

  const Columns& columns() const { return *columns_; }
  size_t size() const { return values_.size(); }

 private:
  std::optional<size_t> find(std::string_view column) const;

  std::shared_ptr<const Columns> columns_;
  std::vector<std::optional<std::string>> values_;
};

using Rows = std::vector<Row>;

// A connection to a server, utf8mb4, with the sql_mode that sql() quotes for. Never reads an option file,
// never reconnects. One thread at a time. Statements throw SqlError with ExitCode::internal (see failWith)
// or, when the connection is lost, with the code given to connect().
class Session {
 public:
  // Throws SqlError{onFailure}; its remedy depends on the reason (refused, access denied, unknown host, TLS).
  static Session connect(const ConnectionOptions& options,
                         ExitCode onFailure = ExitCode::connectAfterRestart);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Ends the connection; the object is of no use then. At its end a mysqld waits two seconds for those who
  // are still connected.
  void close();

  // The exit code of statements that fail from now on.
  void failWith(ExitCode code);

  // All rows of the first result; none for a statement without a result.
  Rows query(std::string_view statement);
  template <typename... Arguments>
  Rows query(std::string_view text, const Arguments&... arguments) {
    return query(std::string_view(sql(text, arguments...)));
  }

  // The result, if any, is thrown away.
  void execute(std::string_view statement);
  template <typename... Arguments>
  void execute(std::string_view text, const Arguments&... arguments) {
    execute(std::string_view(sql(text, arguments...)));
  }

  // For callers that expect particular error numbers: the error, or nothing when the statement worked. A lost
  // connection still throws.
  std::optional<SqlError> tryExecute(std::string_view statement);

  // As execute; when the deadline passes or a signal arrives the statement is killed through a second
  // connection and Error{timeout} or Error{interrupted} is thrown once it has ended.
  void executeWithin(std::string_view statement, const Deadline& deadline);

  // First column of the first row; nothing when there is no row or it is NULL.
  std::optional<std::string> value(std::string_view statement);
  template <typename... Arguments>
  std::optional<std::string> value(std::string_view text, const Arguments&... arguments) {
    return value(std::string_view(sql(text, arguments...)));
  }
  // As value; 0 when there is none.
  uint64_t number(std::string_view statement);
  template <typename... Arguments>
  uint64_t number(std::string_view text, const Arguments&... arguments) {
    return number(std::string_view(sql(text, arguments...)));
  }

  // Rows as they arrive, in constant memory; the views live until the call returns. When `row` throws, the
  // rest is read and dropped and the exception goes on.
  using RowValues = std::span<const std::optional<std::string_view>>;
  void streamRows(std::string_view statement, const std::function<void(RowValues)>& row);

  // LOAD DATA LOCAL INFILE 'any' …: the bytes come from `read`, which fills the buffer and returns how many,
  // 0 at the end. What it throws ends the statement and goes on. Needs localInfile. Returns the rows loaded.
  uint64_t loadLocal(std::string_view statement, const std::function<size_t(std::span<char>)>& read);

  // Rows that the last statement changed.
  uint64_t affectedRows() const;
  // Warnings of the last statement.
  unsigned warningCount() const;

  const Version& version() const;  // asked once
  // A global variable's value, "" when the server does not know it.
  std::string variable(std::string_view name);
  uint64_t connectionId() const;
  bool encrypted() const;  // TLS is used
  const Endpoint& endpoint() const;

  void kill(uint64_t connectionId);       // ends a connection; no such connection is fine
  void killQuery(uint64_t connectionId);  // ends its statement
  // False when the connection is lost.
  bool alive();

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dlpx
