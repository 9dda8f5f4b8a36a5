#include "mysql/client_library.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "mysql/session_words.h"

#ifdef MARIADB_PACKAGE_VERSION
// Exported by Connector/C 3 and in none of its headers. Registers what is called after each read (mode 0; the
// size is negative on an error) and before each write (mode 1) of every connection, on the connection's
// thread.
extern "C" int ma_pvio_register_callback(my_bool add,
                                         void (*callback)(int mode, MYSQL* handle, const unsigned char* bytes,
                                                          size_t size));
#endif

namespace dlpx {

namespace {

constexpr unsigned sslConnectionError = 2026;

#ifdef MARIADB_PACKAGE_VERSION
void lookAtGreeting(int mode, MYSQL* handle, const unsigned char* bytes, size_t size);
#endif

void initialiseLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    // A server that goes while TLS writes must be an error, not the end of our process.
    struct sigaction present {};
    if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL)
      std::signal(SIGPIPE, SIG_IGN);
    if (mysql_library_init(0, nullptr, nullptr) != 0)
      throw Error(ExitCode::internal, "the MySQL client library cannot be initialised",
                  "free memory, then repeat the command");
#ifdef MARIADB_PACKAGE_VERSION
    if (ma_pvio_register_callback(1, lookAtGreeting) != 0)
      throw Error(ExitCode::internal, "the MySQL client library does not let its connections be watched",
                  "install the version of libmariadb3 that these programs were made with");
#endif
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

// The arguments of mysql_real_connect.
struct Target {
  explicit Target(const ConnectionOptions& options)
      : host(!options.endpoint.socket.empty() ? "localhost"
             : options.endpoint.host.empty()  ? "127.0.0.1"
                                              : options.endpoint.host),
        database(options.database.empty() ? nullptr : options.database.c_str()),
        socket(options.endpoint.socket.empty() ? nullptr : options.endpoint.socket.c_str()),
        port(options.endpoint.socket.empty() ? options.endpoint.port : 0) {}

  std::string host;
  const char* database;
  const char* socket;
  unsigned port;
};

struct Attempt {
  MysqlHandle handle;  // says why when `done` is false
  bool done = false;
  bool serverHasNoTls = false;
};

void connectBlocking(Attempt& attempt, const ConnectionOptions& options) {
  const Target target(options);
  attempt.done = mysql_real_connect(attempt.handle.get(), target.host.c_str(), options.user.c_str(),
                                    options.password.reveal().c_str(), target.database, target.port,
                                    target.socket, CLIENT_MULTI_RESULTS) != nullptr;
}

#ifdef MARIADB_PACKAGE_VERSION

// Whether a server's first packet offers TLS. An error packet in its place is left to the library; a packet
// of which only a part has come counts as no offer.
bool offersTls(std::string_view packet) {
  constexpr size_t header = 4;
  if (packet.size() <= header + 1) return false;
  const auto protocol = static_cast<unsigned char>(packet[header]);
  if (protocol != 10) return protocol == 0xff;
  // The version's text ends in NUL; thread id, 8 bytes of scramble and a filler stand before the
  // capabilities.
  constexpr size_t skipped = 1 + 4 + 8 + 1;
  const size_t version = packet.find('\0', header + 1);
  if (version == std::string_view::npos || packet.size() < version + skipped + 2) return false;
  const auto byte = [&](size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(packet[version + skipped + at]));
  };
  return ((byte(0) | byte(1) << 8) & CLIENT_SSL) != 0;
}

// The connection that this thread makes with TLS demanded.
thread_local Attempt* demanding = nullptr;

constexpr int wasRead = 0;

void lookAtGreeting(int mode, MYSQL* handle, const unsigned char* bytes, size_t size) {
  if (demanding == nullptr || handle != demanding->handle.get() || mode != wasRead) return;
  Attempt& attempt = *std::exchange(demanding, nullptr);
  if (static_cast<ptrdiff_t>(size) <= 0) return;
  attempt.serverHasNoTls = !offersTls({reinterpret_cast<const char*>(bytes), size});
  if (attempt.serverHasNoTls) ::shutdown(static_cast<int>(mysql_get_socket(handle)), SHUT_RDWR);
}

// Connector/C takes a connection for encrypted as soon as TLS was asked for, and sends the password in clear
// text to a server that offers none (seen with 3.3.20). So the greeting is looked at between the library's
// first read and its answer, and the connection is shut before an answer can leave. The library's own
// non-blocking calls are no place for that: they do not return before a greeting that is already there.
void connectEncrypted(Attempt& attempt, const ConnectionOptions& options) {
  demanding = &attempt;
  connectBlocking(attempt, options);
  demanding = nullptr;
  attempt.done = attempt.done && !attempt.serverHasNoTls;
}

#else

void connectEncrypted(Attempt& attempt, const ConnectionOptions& options) {
  connectBlocking(attempt, options);
}

#endif

Attempt connectOnce(const ConnectionOptions& options, bool tls) {
  Attempt attempt{newHandle(options, tls)};
  if (tls) {
    connectEncrypted(attempt, options);
  } else {
    connectBlocking(attempt, options);
  }
  return attempt;
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

SqlError connectError(const Attempt& attempt, const ConnectionOptions& options, ExitCode code) {
  MYSQL* const handle = attempt.handle.get();
  const unsigned number = attempt.serverHasNoTls ? sslConnectionError : mysql_errno(handle);
  const std::string reason =
      attempt.serverHasNoTls ? "the server offers no TLS" : oneLine(mysql_error(handle));
  return SqlError(code,
                  fmt::format("cannot connect to {} as '{}': {} (error {})", options.endpoint.text(),
                              options.user, reason, number),
                  connectRemedy(number, options), number, mysql_sqlstate(handle));
}

}  // namespace

MysqlHandle openConnection(const ConnectionOptions& options, ExitCode onFailure) {
  checkOptions(options);
  const bool local = !options.endpoint.socket.empty();
  const bool tls = !local && options.ssl != SslMode::disabled;
  Attempt attempt = connectOnce(options, tls);
  // What "preferred" means: without TLS when the server has none that we could use.
  const bool unusable = attempt.serverHasNoTls || mysql_errno(attempt.handle.get()) == sslConnectionError;
  if (!attempt.done && tls && options.ssl == SslMode::preferred && unusable)
    attempt = connectOnce(options, false);
  if (!attempt.done) throw connectError(attempt, options, onFailure);
  return std::move(attempt.handle);
}

}  // namespace dlpx
