#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dlpx {

enum class Flavour { mysql, percona, mariadb };

// The release of a server or of its programs. Comparisons look at the three numbers only.
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  Flavour flavour = Flavour::mysql;

  // Reads the first release number in `text`: VERSION() ("8.0.36-28", "5.5.5-10.11.6-MariaDB-log") as well as
  // `mysqld --version`. `comment` is @@version_comment, which names Percona's builds. Throws
  // Error{installation} when there is none.
  static Version parse(std::string_view text, std::string_view comment = {});
  // As parse, or nothing.
  static std::optional<Version> find(std::string_view text, std::string_view comment = {});

  // "8.0.36"
  std::string text() const;
  // What point releases share, "8.0", "8.4", "9.7": each innovation release (8.1 to 8.3, 9.0 to 9.6) is a
  // series of its own.
  std::string series() const;

  bool isMariaDb() const { return flavour == Flavour::mariadb; }
  bool atLeast(unsigned major_, unsigned minor_, unsigned patch_ = 0) const {
    return *this >= Version{major_, minor_, patch_};
  }

  friend bool operator==(const Version& a, const Version& b) {
    return a.major == b.major && a.minor == b.minor && a.patch == b.patch;
  }
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
};

// Both come from the same vendor's line and their data directories fit each other.
bool sameSeries(const Version& a, const Version& b);

// MySQL's CLONE copies from `donor` into `recipient`: both 8.0.17 or newer and of one series; within 8.0,
// releases before 8.0.37 only into the very same release.
bool canClone(const Version& donor, const Version& recipient);

}  // namespace dlpx
