#include <strings.h>

#include <charconv>

#include "mysql/session.h"

namespace dlpx {

std::optional<size_t> Row::find(std::string_view column) const {
  for (size_t i = 0; i < columns_->size(); ++i) {
    const std::string& name = (*columns_)[i];
    if (name.size() == column.size() && strncasecmp(name.data(), column.data(), name.size()) == 0) return i;
  }
  return std::nullopt;
}

const std::optional<std::string>& Row::operator[](std::string_view column) const {
  const auto index = find(column);
  if (!index) throw Error(ExitCode::internal, "the result has no column '" + std::string(column) + "'");
  return values_[*index];
}

const std::optional<std::string>& Row::operator[](size_t index) const {
  return values_.at(index);
}

std::string Row::text(std::string_view column) const {
  return (*this)[column].value_or("");
}

uint64_t Row::number(std::string_view column) const {
  const std::string digits = text(column);
  uint64_t number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return failed == std::errc() ? number : 0;
}

bool SqlError::connectionLost() const {
  // Gone away, lost during a query, malformed packet, killed, server shutdown, client disconnected by
  // timeout.
  for (const unsigned number : {2006u, 2013u, 2027u, 2055u, 1053u, 1927u, 3169u, 4031u})
    if (number_ == number) return true;
  return false;
}

std::string Endpoint::text() const {
  if (!socket.empty()) return socket.string();
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host.empty() ? "127.0.0.1" : host) + ":" + std::to_string(port);
}

namespace {

constexpr std::pair<SslMode, std::string_view> sslModes[] = {{SslMode::disabled, "disabled"},
                                                             {SslMode::preferred, "preferred"},
                                                             {SslMode::required, "required"},
                                                             {SslMode::verifyCa, "verify-ca"},
                                                             {SslMode::verifyIdentity, "verify-identity"}};

}  // namespace

std::string_view text(SslMode mode) {
  for (const auto& [known, name] : sslModes)
    if (known == mode) return name;
  return "preferred";
}

std::optional<SslMode> parseSslMode(std::string_view text) {
  std::string word;
  for (const char c : text)
    word += c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto& [mode, name] : sslModes)
    if (word == name) return mode;
  return std::nullopt;
}

}  // namespace dlpx
