#include "base/columns.h"

#include <algorithm>
#include <cstdint>

namespace dlpx {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr Range joining[] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20F0},  {0xFE00, 0xFE0F},
                             {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
constexpr Range wide[] = {{0x1100, 0x115F},  {0x231A, 0x231B}, {0x23E9, 0x23EC}, {0x2E80, 0x303E},
                          {0x3041, 0xA4CF},  {0xA960, 0xA97C}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
                          {0xFE30, 0xFE6F},  {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F000, 0x1FAFF},
                          {0x20000, 0x3FFFD}};

bool isIn(const Range* begin, const Range* end, uint32_t point) {
  return std::any_of(begin, end, [point](const Range& r) { return r.first <= point && point <= r.last; });
}

// The character that begins at `at`; a byte that begins none stands for itself.
std::string_view characterAt(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && end < at + 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return text.substr(at, end - at);
}

uint32_t pointOf(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first;
  uint32_t point = first & (0xFFU >> (character.size() + 1));
  for (const char c : character.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return point;
}

size_t columnsOfCharacter(std::string_view character) {
  const uint32_t point = pointOf(character);
  if (isIn(std::begin(joining), std::end(joining), point)) return 0;
  return isIn(std::begin(wide), std::end(wide), point) ? 2 : 1;
}

}  // namespace

size_t columnsOf(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size(); at += characterAt(text, at).size())
    columns += columnsOfCharacter(characterAt(text, at));
  return columns;
}

std::string shortenedTo(std::string_view text, size_t columns) {
  if (columnsOf(text) <= columns) return std::string(text);
  size_t at = 0;
  for (size_t taken = 0; at < text.size(); at += characterAt(text, at).size()) {
    taken += columnsOfCharacter(characterAt(text, at));
    if (taken + 1 > columns) break;
  }
  return std::string(text.substr(0, at)) + "…";
}

}  // namespace dlpx
