#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"

namespace dlpx {

// SHA-256 (FIPS 180-4), fed piece by piece.
class Sha256 {
 public:
  void update(std::string_view bytes);
  // 64 lower-case hexadecimal digits; the object is of no use afterwards.
  std::string finish();

 private:
  void block(const unsigned char* bytes);

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string rest_;
  uint64_t length_ = 0;
};

std::string sha256OfFile(const fs::path& file);

}  // namespace dlpx
