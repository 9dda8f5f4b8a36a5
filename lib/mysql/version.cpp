#include "mysql/version.h"

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// The numbers at `at`, "8.0.36", or nothing. Moves `at` behind what was read.
std::optional<Version> numbersAt(std::string_view text, size_t& at) {
  unsigned parts[3] = {0, 0, 0};
  unsigned count = 0;
  while (count < 3) {
    if (at >= text.size() || !isDigit(text[at])) break;
    unsigned number = 0;
    for (; at < text.size() && isDigit(text[at]) && number < 1'000'000; ++at)
      number = number * 10 + static_cast<unsigned>(text[at] - '0');
    parts[count++] = number;
    if (count < 3 && at + 1 < text.size() && text[at] == '.' && isDigit(text[at + 1])) ++at;
  }
  if (count < 3) return std::nullopt;
  return Version{parts[0], parts[1], parts[2]};
}

std::optional<Version> firstNumbers(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (!isDigit(text[at])) {
      ++at;
      continue;
    }
    if (auto found = numbersAt(text, at)) return found;
  }
  return std::nullopt;
}

Flavour flavourOf(const std::string& words) {
  if (words.find("mariadb") != std::string::npos) return Flavour::mariadb;
  return words.find("percona") != std::string::npos ? Flavour::percona : Flavour::mysql;
}

}  // namespace

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto order = a.major <=> b.major; order != 0) return order;
  if (const auto order = a.minor <=> b.minor; order != 0) return order;
  return a.patch <=> b.patch;
}

std::optional<Version> Version::find(std::string_view text, std::string_view comment) {
  const std::string words = toLower(text) + " " + toLower(comment);
  const Flavour flavour = flavourOf(words);
  // MariaDB 10 puts 5.5.5- before its number so that old replicas accept it.
  if (flavour == Flavour::mariadb && startsWith(text, "5.5.5-")) text.remove_prefix(6);
  // Programs name their path first, "/opt/mysql-8.4.1/bin/mysqld  Ver 8.4.1", and MariaDB's the protocol's
  // version, "mysql  Ver 15.1 Distrib 10.11.6-MariaDB".
  if (const size_t ver = text.find(" Ver "); ver != std::string_view::npos) text.remove_prefix(ver);
  auto version = firstNumbers(text);
  if (version) version->flavour = flavour;
  return version;
}

Version Version::parse(std::string_view text, std::string_view comment) {
  if (auto version = find(text, comment)) return *version;
  throw Error(ExitCode::installation, "no MySQL version in '" + std::string(text.substr(0, 100)) + "'",
              "Give the installation directory of MySQL 5.7.6 or newer.");
}

std::string Version::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string Version::series() const {
  return std::to_string(major) + "." + std::to_string(minor);
}

bool sameSeries(const Version& a, const Version& b) {
  return a.isMariaDb() == b.isMariaDb() && a.major == b.major && a.minor == b.minor;
}

bool canClone(const Version& donor, const Version& recipient) {
  if (!sameSeries(donor, recipient) || donor.isMariaDb()) return false;
  const Version first{8, 0, 17};
  if (donor < first || recipient < first) return false;
  const Version free{8, 0, 37};
  return donor == recipient || (donor >= free && recipient >= free);
}

}  // namespace dlpx
