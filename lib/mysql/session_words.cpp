#include "mysql/session_words.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"

namespace dlpx {

namespace {

constexpr size_t longestExcerpt = 120;

// Where a password may begin; npos when the statement has none.
size_t secretBegin(std::string_view statement) {
  const std::string lower = toLower(statement);
  return std::min(lower.find("identified"), lower.find("password"));
}

// The contents of the quoted strings after `from`, as they stand there.
std::vector<std::string> literals(std::string_view statement, size_t from) {
  std::vector<std::string> out;
  for (size_t at = from; at < statement.size(); ++at) {
    if (statement[at] != '\'' && statement[at] != '"') continue;
    const char quote = statement[at++];
    const size_t begin = at;
    for (; at < statement.size(); ++at) {
      if (statement[at] == '\\') {
        ++at;
      } else if (statement[at] == quote) {
        if (at + 1 >= statement.size() || statement[at + 1] != quote) break;
        ++at;
      }
    }
    out.emplace_back(statement.substr(begin, std::min(at, statement.size()) - begin));
  }
  return out;
}

// What a literal means: doubled quotes and backslashes made one.
std::string plain(const std::string& literal) {
  std::string out;
  for (size_t at = 0; at < literal.size(); ++at) {
    const bool doubled =
        at + 1 < literal.size() && (literal[at] == '\\' || (literal[at] == '\'' && literal[at + 1] == '\''));
    if (doubled) ++at;
    out += literal[at];
  }
  return out;
}

}  // namespace

std::string excerpt(std::string_view statement) {
  const size_t secret = secretBegin(statement);
  std::string text(statement.substr(0, std::min(secret, longestExcerpt)));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  // Not half of a UTF-8 sequence.
  const bool cut = text.size() < statement.size();
  while (cut && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  while (cut && !text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
  return cut ? trim(text) + " …" : trim(text);
}

std::string withoutSecrets(std::string message, std::string_view statement) {
  const size_t secret = secretBegin(statement);
  if (secret == std::string_view::npos) return message;
  if (const size_t near = message.find(" near '"); near != std::string::npos) message.erase(near);
  for (const auto& literal : literals(statement, secret)) {
    if (literal.empty()) continue;
    message = replaceAll(message, literal, "<redacted>");
    message = replaceAll(message, plain(literal), "<redacted>");
  }
  return message;
}

std::string connectRemedy(unsigned number, const ConnectionOptions& options) {
  const std::string where = options.endpoint.text();
  switch (number) {
    case 1045:
    case 1698:
      return fmt::format("Check the password of '{}', and that this account may connect from this host.",
                         options.user);
    case 1049:
      return "Check the database's name.";
    case 1129:
      return "Run FLUSH HOSTS (or TRUNCATE performance_schema.host_cache) on the server: it blocked this "
             "host.";
    case 1130:
      return fmt::format("Create an account for '{}' that may connect from this host.", options.user);
    case 1040:
      return "Raise max_connections on the server, or end idle connections.";
    case 1820:
    case 1862:
      return fmt::format("Set a new password for '{}': it has expired.", options.user);
    case 3118:
      return fmt::format("Unlock the account '{}'.", options.user);
    case 3032:
      return "Take the server out of offline mode.";
    case 2002:
    case 2003:
      return options.endpoint.socket.empty()
                 ? fmt::format("Check that a server listens on {} and that no firewall is between.", where)
                 : fmt::format("Check that the server of {} runs.", where);
    case 2005:
      return fmt::format("Check the host name '{}'.", options.endpoint.host);
    case 2013:
    case 2012:
      return fmt::format("Check that {} is a MySQL server and answers.", where);
    case 2026:
      if (options.ssl >= SslMode::verifyCa)
        return fmt::format(
            "Check that {} holds the authority that signed the certificate of {}{}, or choose another SSL "
            "mode.",
            options.sslCa.empty() ? "the system's list" : options.sslCa.string(), where,
            options.ssl == SslMode::verifyIdentity ? ", and that the certificate names this host" : "");
      return "Check the server's TLS settings and certificate against the SSL mode and CA file.";
    case 2059:
    case 2061:
      return fmt::format("Give '{}' an account with caching_sha2_password or mysql_native_password.",
                         options.user);
    default:
      return "Check host, port, user and password.";
  }
}

std::string statementRemedy(unsigned number) {
  switch (number) {
    case 1044:
    case 1142:
    case 1227:
    case 1370:
      return "Grant the account the privilege that is named.";
    case 1290:
    case 1836:
      return "Take the server out of the mode that is named.";
    case 1021:
    case 1114:
      return "Free disk space on the server.";
    case 1205:
      return "Repeat the command when the locks are free.";
    case 1819:
      return "Give a password that the server's validate_password policy accepts.";
    default:
      return {};
  }
}

}  // namespace dlpx
