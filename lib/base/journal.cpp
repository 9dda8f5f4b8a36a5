#include "base/journal.h"

#include <unistd.h>

#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"

namespace dlpx {
namespace {

Json readDocument(const fs::path& file) {
  return fs::exists(file) ? readJson(file) : Json::object();
}

}  // namespace

Journal::Journal(fs::path file, std::string operation, FileTraits traits)
    : file_(std::move(file)), operation_(std::move(operation)), started_(utcNow()), traits_(traits) {}

void Journal::step(const std::string& name) {
  step(name, Json());
}

void Journal::step(const std::string& name, const Json& details) {
  log::debug(operation_ + ": " + name);
  Json document = readDocument(file_);
  document["journal"] = {{"operation", operation_},
                         {"step", name},
                         {"pid", getpid()},
                         {"started", started_},
                         {"operationId", log::operationId()}};
  if (!details.is_null()) document["journal"]["details"] = details;
  writeFile(file_, pretty(document), traits_);
}

void Journal::finish() {
  Json document = readDocument(file_);
  document.erase("journal");
  writeFile(file_, pretty(document), traits_);
}

Journal::Unfinished Journal::unfinished(const fs::path& file) {
  const Json found = entry(file);
  if (found.is_null()) return {};
  return {found.value("operation", ""), found.value("step", "")};
}

Json Journal::entry(const fs::path& file) {
  const Json document = readDocument(file);
  return document.contains("journal") ? document["journal"] : Json();
}

Json readFacts(const fs::path& file) {
  Json document = readDocument(file);
  document.erase("journal");
  return document;
}

void mergeFacts(const fs::path& file, const Json& facts, FileTraits traits) {
  Json document = readDocument(file);
  for (const auto& [key, value] : facts.items()) {
    if (value.is_null()) {
      document.erase(key);
    } else {
      document[key] = value;
    }
  }
  writeFile(file, pretty(document), traits);
}

}  // namespace dlpx
