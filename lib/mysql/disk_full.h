#pragma once

#include <string>

#include "mysql/session.h"

namespace dlpx {

// The server refused a statement because a disk is full: its own numbers for that (a full table, a full
// disk, no room for a clone), or the system's, which it quotes.
inline bool isDiskFull(const SqlError& error) {
  for (const unsigned number : {1114U, 1021U, 3873U, 3U})
    if (error.number() == number) return true;
  const std::string said = error.what();
  for (const char* words : {"No space left", "errno: 28", "errno 28"})
    if (said.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace dlpx
