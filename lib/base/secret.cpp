#include "base/secret.h"

#include <string.h>
#include <sys/random.h>

#include <cerrno>

#include "base/error.h"

namespace dlpx {
namespace {

std::string randomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (getrandom(bytes.data(), count, 0) != static_cast<ssize_t>(count)) {
    throw systemError(ExitCode::internal, "no random bytes from the kernel", errno);
  }
  return bytes;
}

}  // namespace

void Secret::wipe() noexcept {
  if (!value_.empty()) explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

Secret randomSecret() {
  static constexpr std::string_view alphabet =
      "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_+=.:,/";
  std::string value = "aA9-";
  for (const char byte : randomBytes(20))
    value += alphabet[static_cast<unsigned char>(byte) % alphabet.size()];
  return Secret(std::move(value));
}

std::string randomHex(unsigned bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : randomBytes(bytes)) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

}  // namespace dlpx
