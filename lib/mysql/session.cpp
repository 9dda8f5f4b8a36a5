#include "mysql/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mysql/client_library.h"
#include "mysql/session_words.h"

namespace dlpx {

namespace {

constexpr unsigned serverLost = 2013;
constexpr unsigned sslConnectionError = 2026;

}  // namespace

SqlError Session::Impl::error(std::string_view statement) const {
  // Of a connection that was made TLS reports by this number only that its other end is gone.
  const unsigned reported = mysql_errno(mysql());
  const unsigned number = reported == sslConnectionError ? serverLost : reported;
  const std::string message = withoutSecrets(oneLine(mysql_error(mysql())), statement);
  const SqlError found(onRefused,
                       fmt::format("{} (error {}) from {} for: {}", message, number, options.endpoint.text(),
                                   excerpt(statement)),
                       statementRemedy(number), number, mysql_sqlstate(mysql()));
  if (!found.connectionLost()) return found;
  return SqlError(onLost, found.what(), "Look into the server's error log, then repeat the command.", number,
                  found.sqlState());
}

void Session::Impl::send(std::string_view statement) {
  if (mysql_real_query(mysql(), statement.data(), static_cast<unsigned long>(statement.size())) != 0)
    throw error(statement);
}

void Session::Impl::remember() {
  const uint64_t rows = mysql_affected_rows(mysql());
  affected = rows == UINT64_MAX ? 0 : rows;  // -1 for a statement with a result
  warnings = mysql_warning_count(mysql());
}

MysqlResult Session::Impl::store(std::string_view statement) {
  MysqlResult result(mysql_store_result(mysql()));
  if (!result && mysql_field_count(mysql()) != 0) throw error(statement);
  remember();
  return result;
}

void Session::Impl::finish(std::string_view statement) {
  int more = mysql_next_result(mysql());
  for (; more == 0; more = mysql_next_result(mysql())) MysqlResult(mysql_store_result(mysql()));
  if (more > 0) throw error(statement);
}

namespace {

std::vector<std::string> columnNames(MYSQL_RES* result) {
  std::vector<std::string> names;
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result);
  for (unsigned i = 0; i < mysql_num_fields(result); ++i)
    names.emplace_back(fields[i].name, fields[i].name_length);
  return names;
}

}  // namespace

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

void Session::close() {
  impl_.reset();
}

Session Session::connect(const ConnectionOptions& options, ExitCode onFailure) {
  auto impl = std::make_unique<Impl>();
  impl->handle = openConnection(options, onFailure);
  impl->options = options;
  impl->onLost = onFailure;
  impl->onRefused = onFailure;
  Session session(std::move(impl));
  // The handshake's character set is ignored by a server with skip-character-set-client-handshake.
  session.execute("SET NAMES utf8mb4");
  session.execute(neutralSqlMode);
  session.execute("SET SESSION autocommit = 1");
  session.impl_->onRefused = ExitCode::internal;
  return session;
}

void Session::failWith(ExitCode code) {
  impl_->onRefused = code;
}

Rows Session::query(std::string_view statement) {
  impl_->send(statement);
  Rows rows;
  if (const MysqlResult result = impl_->store(statement)) {
    const auto columns = std::make_shared<const Row::Columns>(columnNames(result.get()));
    rows.reserve(mysql_num_rows(result.get()));
    while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
      const unsigned long* const lengths = mysql_fetch_lengths(result.get());
      std::vector<std::optional<std::string>> values(columns->size());
      for (size_t i = 0; i < values.size(); ++i)
        if (row[i] != nullptr) values[i].emplace(row[i], lengths[i]);
      rows.emplace_back(columns, std::move(values));
    }
  }
  impl_->finish(statement);
  return rows;
}

void Session::execute(std::string_view statement) {
  impl_->send(statement);
  impl_->store(statement);
  impl_->finish(statement);
}

std::optional<SqlError> Session::tryExecute(std::string_view statement) {
  try {
    execute(statement);
    return std::nullopt;
  } catch (const SqlError& error) {
    if (error.connectionLost()) throw;
    return error;
  }
}

std::optional<std::string> Session::value(std::string_view statement) {
  const Rows rows = query(statement);
  if (rows.empty() || rows.front().size() == 0) return std::nullopt;
  return rows.front()[size_t{0}];
}

uint64_t Session::number(std::string_view statement) {
  const Rows rows = query(statement);
  if (rows.empty() || rows.front().size() == 0) return 0;
  return rows.front().number(rows.front().columns().front());
}

uint64_t Session::affectedRows() const {
  return impl_->affected;
}
unsigned Session::warningCount() const {
  return impl_->warnings;
}

const Version& Session::version() const {
  if (!impl_->version) {
    const Row row =
        const_cast<Session*>(this)->query("SELECT VERSION() AS v, @@version_comment AS c").front();
    impl_->version = Version::parse(row.text("v"), row.text("c"));
  }
  return *impl_->version;
}

std::string Session::variable(std::string_view name) {
  const Rows rows = query("SHOW GLOBAL VARIABLES WHERE Variable_name = ?", name);
  return rows.empty() ? std::string() : rows.front().text("Value");
}

uint64_t Session::connectionId() const {
  return mysql_thread_id(impl_->mysql());
}
bool Session::encrypted() const {
  return mysql_get_ssl_cipher(impl_->mysql()) != nullptr;
}
const Endpoint& Session::endpoint() const {
  return impl_->options.endpoint;
}

namespace {

void tolerateNoSuchThread(const std::optional<SqlError>& error) {
  constexpr unsigned noSuchThread = 1094;
  if (error && error->number() != noSuchThread) throw *error;
}

}  // namespace

void Session::kill(uint64_t connectionId) {
  tolerateNoSuchThread(tryExecute(sql("KILL CONNECTION ?", connectionId)));
}
void Session::killQuery(uint64_t connectionId) {
  tolerateNoSuchThread(tryExecute(sql("KILL QUERY ?", connectionId)));
}
bool Session::alive() {
  return mysql_ping(impl_->mysql()) == 0;
}

}  // namespace dlpx
