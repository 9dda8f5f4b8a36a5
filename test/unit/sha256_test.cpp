#include "base/sha256.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("SHA-256 gives the digests of its standard, however the bytes come") {
  const auto digest = [](const std::string& text, size_t step) {
    Sha256 sum;
    for (size_t at = 0; at < text.size(); at += step) sum.update(std::string_view(text).substr(at, step));
    return sum.finish();
  };
  CHECK(Sha256().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest("abc", 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const size_t step : {1, 7, 63, 64, 65, 1000000})
    CHECK(digest(std::string(1000000, 'a'), step) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
