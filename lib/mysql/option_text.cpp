#include "mysql/option_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

namespace {

constexpr size_t longestLine = 4094;  // mysqld reads lines into 4,096 bytes

// Without a comment that begins inside the line: # outside quotes.
std::string_view withoutComment(std::string_view line) {
  char quote = 0;
  bool escaped = false;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if ((c == '\'' || c == '"') && !escaped) {
      if (quote == 0) {
        quote = c;
      } else if (quote == c) {
        quote = 0;
      }
    }
    if (quote == 0 && c == '#') return line.substr(0, at);
    escaped = quote != 0 && c == '\\' && !escaped;
  }
  return line;
}

// What mysqld makes of the escape \c; 0 when it leaves both characters.
char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 's':
      return ' ';
    case '"':
    case '\'':
    case '\\':
      return c;
    default:
      return 0;
  }
}

std::string readValue(std::string value) {
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
    value = value.substr(1, value.size() - 2);
  std::string out;
  for (size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '\\' || at + 1 == value.size()) {
      out += value[at];
      continue;
    }
    const char c = value[++at];
    if (const char meant = unescaped(c)) {
      out += meant;
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

bool needsNoQuotes(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:,+@%*=-").find(c) != std::string_view::npos;
  });
}

}  // namespace

Option readOption(std::string_view line) {
  const std::string_view text = withoutComment(line);
  const size_t equals = text.find('=');
  // mysqld looks for = before it cuts comments, but only left of # can there be a name.
  if (equals == std::string_view::npos) return {trim(text), std::nullopt};
  return {trim(text.substr(0, equals)), readValue(trim(text.substr(equals + 1)))};
}

std::string quotedValue(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

std::string optionKey(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  if (startsWith(key, "loose_")) key.erase(0, 6);
  for (const std::string_view prefix : {"skip_", "disable_", "enable_"}) {
    if (!startsWith(key, prefix)) continue;
    key.erase(0, prefix.size());
    break;
  }
  auto words = split(key, '_');
  for (auto& word : words) {
    if (word == "slave") word = "replica";
    if (word == "master") word = "source";
  }
  return join(words, "_");
}

std::string optionLine(const Option& option) {
  const auto refuse = [&](const std::string& why) {
    return Error(ExitCode::optionFile, fmt::format("the setting '{}' {}", option.name.substr(0, 100), why),
                 "Give another value.");
  };
  const bool named = !option.name.empty() && std::all_of(option.name.begin(), option.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  if (!named) throw refuse("is no setting's name");
  if (!option.value) return option.name;
  if (option.value->find('\0') != std::string::npos) throw refuse("has a value with a NUL byte");
  std::string line =
      option.name + "=" + (needsNoQuotes(*option.value) ? *option.value : quotedValue(*option.value));
  if (line.size() > longestLine) throw refuse(fmt::format("is longer than {} bytes", longestLine));
  return line;
}

namespace {

std::string clientSslMode(SslMode mode) {
  std::string words(text(mode));
  std::transform(words.begin(), words.end(), words.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return words;
}

}  // namespace

std::string clientOptionText(const ConnectionOptions& options) {
  std::vector<Option> lines{{"user", options.user}, {"password", options.password.reveal()}};
  const Endpoint& endpoint = options.endpoint;
  if (!endpoint.socket.empty()) {
    lines.push_back({"protocol", "SOCKET"});
    lines.push_back({"socket", endpoint.socket.string()});
  } else {
    lines.push_back({"protocol", "TCP"});
    lines.push_back({"host", endpoint.host});
    lines.push_back({"port", std::to_string(endpoint.port)});
    // A client that does not know the option must fail rather than do without TLS.
    if (options.ssl > SslMode::preferred) lines.push_back({"ssl-mode", clientSslMode(options.ssl)});
    if (options.ssl == SslMode::disabled) lines.push_back({"loose-ssl-mode", "DISABLED"});
    if (!options.sslCa.empty()) lines.push_back({"ssl-ca", options.sslCa.string()});
    if (options.ssl <= SslMode::preferred) lines.push_back({"loose-get-server-public-key", std::nullopt});
  }
  std::string out = "[client]\n";
  for (const auto& line : lines) {
    // The values are quoted always: a password of digits is one, too.
    out += line.value ? line.name + "=" + quotedValue(*line.value) + "\n" : line.name + "\n";
  }
  return out;
}

}  // namespace dlpx
