#include "vdb/report.h"

#include <cmath>

#include "base/json_full.h"
#include "base/log.h"

namespace dlpx {
namespace {

double milliseconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

const std::vector<std::string> requirements = {
    "a server identity of its own",
    "every path lies inside the mount",
    "no replication, nothing that can reach production",
    "no event fires, and the binary log starts fresh",
    "the VDB user at % and localhost, with full rights",
    "read-only is off, and the settings asked for hold",
    "the keyring is its own copy",
    "it answers on its port as the VDB user, and the snapshot's data is there"};

}  // namespace

void Steps::begin(const std::string& name) {
  endCurrent();
  current_ = name;
  log::info("step " + name);
  journal_.step(name);
}

void Steps::endCurrent() {
  const auto now = Clock::now();
  if (!current_.empty())
    done_.emplace_back(current_, std::chrono::duration<double>(now - stepBegan_).count());
  stepBegan_ = now;
  current_.clear();
}

void Steps::finish() {
  journal_.finish();
  endCurrent();
}

Json Steps::seconds() const {
  Json json = Json::object();
  for (const auto& [name, seconds] : done_) json[name] = milliseconds(seconds);
  json["total"] = milliseconds(std::chrono::duration<double>(Clock::now() - start_).count());
  return json;
}

void ContractReport::add(unsigned item, const std::string& done) {
  done_.emplace_back(item, done);
}

Json ContractReport::json() const {
  Json items = Json::array();
  for (unsigned item = 1; item <= requirements.size(); ++item) {
    Json done = Json::array();
    for (const auto& [number, what] : done_) {
      if (number == item) done.push_back(what);
    }
    items.push_back({{"item", item}, {"requirement", requirements[item - 1]}, {"done", done}});
  }
  return items;
}

}  // namespace dlpx
