#include "mysql/client_library.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <tuple>

#include "base/text.h"
#include "mysql/session_words.h"

namespace dlpx {

namespace {

constexpr unsigned sslConnectionError = 2026;

void initialiseLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    // A server that goes while TLS writes must be an error, not the end of our process.
    struct sigaction present {};
    if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL)
      std::signal(SIGPIPE, SIG_IGN);
    if (mysql_library_init(0, nullptr, nullptr) != 0)
      throw Error(ExitCode::internal, "the MySQL client library cannot be initialised");
  });
}

// Whole seconds, as the library counts, at least 1.
unsigned seconds(Milliseconds span) {
  return static_cast<unsigned>(std::max<int64_t>(1, (span.count() + 999) / 1000));
}

// The library asks these for a file that the server wants from us: there is none, whatever the server says.
int refuseFile(void**, const char*, void*) {
  return 1;
}
int readNothing(void*, char*, unsigned) {
  return -1;
}
void endNothing(void*) {}
int sayRefused(void*, char* message, unsigned size) {
  if (size > 0) *fmt::format_to_n(message, size - 1, "no file is given to the server").out = '\0';
  return 2000;
}

}  // namespace

void refuseFiles(MYSQL* handle) {
  mysql_set_local_infile_handler(handle, refuseFile, readNothing, endNothing, sayRefused, nullptr);
}

namespace {

#ifdef MARIADB_PACKAGE_VERSION

// TLS on or off: preferred is two attempts of the caller.
void setTls(MYSQL* handle, const ConnectionOptions& options, bool tls) {
  my_bool enforce = tls ? 1 : 0;
  my_bool verify = options.ssl == SslMode::verifyIdentity ? 1 : 0;
  if (tls && !options.sslCa.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, options.sslCa.c_str());
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  // A server could ask for the password in clear text otherwise.
  mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH,
                "mysql_native_password,caching_sha2_password,sha256_password");
}

#else

void setTls(MYSQL* handle, const ConnectionOptions& options, bool tls) {
  static const std::pair<SslMode, unsigned> modes[] = {{SslMode::required, SSL_MODE_REQUIRED},
                                                       {SslMode::preferred, SSL_MODE_REQUIRED},
                                                       {SslMode::verifyCa, SSL_MODE_VERIFY_CA},
                                                       {SslMode::verifyIdentity, SSL_MODE_VERIFY_IDENTITY}};
  unsigned mode = SSL_MODE_DISABLED;
  for (const auto& [ours, theirs] : modes)
    if (tls && ours == options.ssl) mode = theirs;
  if (tls && !options.sslCa.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, options.sslCa.c_str());
  mysql_options(handle, MYSQL_OPT_SSL_MODE, &mode);
  bool ask = true;
  mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask);
}

#endif

MysqlHandle newHandle(const ConnectionOptions& options, bool tls) {
  initialiseLibrary();
  MysqlHandle handle(mysql_init(nullptr));
  if (!handle) throw Error(ExitCode::internal, "no memory for a MySQL connection");
  const unsigned connectTimeout = seconds(options.connectTimeout);
  mysql_options(handle.get(), MYSQL_OPT_CONNECT_TIMEOUT, &connectTimeout);
  if (options.readTimeout.count() > 0) {
    const unsigned readTimeout = seconds(options.readTimeout);
    mysql_options(handle.get(), MYSQL_OPT_READ_TIMEOUT, &readTimeout);
  }
  const unsigned localInfile = options.localInfile ? 1 : 0;
  mysql_options(handle.get(), MYSQL_OPT_LOCAL_INFILE, &localInfile);
  refuseFiles(handle.get());
  const unsigned protocol = options.endpoint.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_options(handle.get(), MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  setTls(handle.get(), options, tls);
  return handle;
}

// One attempt; the handle says why when the second is false.
std::pair<MysqlHandle, bool> attempt(const ConnectionOptions& options, bool tls) {
  MysqlHandle handle = newHandle(options, tls);
  const Endpoint& endpoint = options.endpoint;
  const bool local = !endpoint.socket.empty();
  const std::string host = local ? "localhost" : endpoint.host.empty() ? "127.0.0.1" : endpoint.host;
  MYSQL* const done = mysql_real_connect(
      handle.get(), host.c_str(), options.user.c_str(), options.password.reveal().c_str(),
      options.database.empty() ? nullptr : options.database.c_str(), local ? 0 : endpoint.port,
      local ? endpoint.socket.c_str() : nullptr, CLIENT_MULTI_RESULTS);
  return {std::move(handle), done != nullptr};
}

void checkOptions(const ConnectionOptions& options) {
  const std::string socket = options.endpoint.socket.string();
  if (socket.size() > 107)
    throw Error(ExitCode::usage, fmt::format("the socket path {} is longer than 107 bytes", socket),
                "Give a shorter path.");
  if (socket.empty() && options.ssl == SslMode::verifyCa && options.sslCa.empty())
    throw Error(ExitCode::usage, "the SSL mode verify-ca needs the file of a certificate authority",
                "Name the CA's file, or use verify-identity with the system's authorities.");
  if (options.password.reveal().find('\0') != std::string::npos)
    throw Error(ExitCode::usage, "the password holds a NUL byte", "Set another password.");
}

}  // namespace

std::string oneLine(const char* message) {
  return replaceAll(trim(message), "\n", " ");
}

namespace {

SqlError connectError(MYSQL* handle, const ConnectionOptions& options, ExitCode code) {
  const unsigned number = mysql_errno(handle);
  return SqlError(code,
                  fmt::format("cannot connect to {} as '{}': {} (error {})", options.endpoint.text(),
                              options.user, oneLine(mysql_error(handle)), number),
                  connectRemedy(number, options), number, mysql_sqlstate(handle));
}

}  // namespace

MysqlHandle openConnection(const ConnectionOptions& options, ExitCode onFailure) {
  checkOptions(options);
  const bool local = !options.endpoint.socket.empty();
  const bool tls = !local && options.ssl != SslMode::disabled;
  auto [handle, done] = attempt(options, tls);
  // What "preferred" means: without TLS when the server has none that we could use.
  if (!done && tls && options.ssl == SslMode::preferred && mysql_errno(handle.get()) == sslConnectionError)
    std::tie(handle, done) = attempt(options, false);
  if (!done) throw connectError(handle.get(), options, onFailure);
  if (tls && options.ssl >= SslMode::required && mysql_get_ssl_cipher(handle.get()) == nullptr)
    throw Error(onFailure, fmt::format("the connection to {} is not encrypted", options.endpoint.text()),
                "Enable TLS on the server, or use the SSL mode preferred.");
  return std::move(handle);
}

}  // namespace dlpx
