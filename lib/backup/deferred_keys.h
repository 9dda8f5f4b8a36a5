#pragma once

#include <string>
#include <string_view>

#include "backup/sql_lexer.h"

namespace dlpx {

// A CREATE TABLE without the secondary keys that are cheaper to build when the rows are there.
struct DeferredKeys {
  std::string create;  // as given when nothing is deferred
  std::string add;     // "ADD KEY …, ADD UNIQUE KEY …"; empty when nothing is deferred
};

// Only for plain InnoDB tables of which every part is understood, and only keys of plain columns. Kept are:
// the key that AUTO_INCREMENT needs, keys that may serve a foreign key, FULLTEXT, SPATIAL, functional and
// multi-valued keys, keys of generated columns, and each key that stands before a kept one, for the order of
// keys is a part of the definition.
DeferredKeys deferKeys(std::string_view createTable, SqlReading reading = {});

}  // namespace dlpx
