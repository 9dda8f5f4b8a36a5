#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace dlpx {

// A password. It cannot be printed, formatted or compared by accident; its memory is overwritten when it
// goes. Any byte but NUL and newline is allowed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
    return *this;
  }
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }

 private:
  void wipe() noexcept;

  std::string value_;
};

// A new random password of printable ASCII without quotes or backslashes: 24 characters, upper and lower
// case, digits and punctuation, so that validate_password's STRONG policy accepts it. Throws Error{internal}
// without a random source.
Secret randomSecret();

// A random lower-case hexadecimal name of 2 * bytes characters.
std::string randomHex(unsigned bytes);

}  // namespace dlpx
