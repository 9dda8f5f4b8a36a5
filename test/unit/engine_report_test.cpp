#include <cstdlib>
#include <regex>

#include "base/columns.h"
#include "base/json_full.h"
#include "engine/report.h"
#include "engine/tables.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using test::errorOf;
using Names = std::vector<std::string>;
using Host = test::EngineHost;

namespace {

// Nothing is shortened.
struct WideTerminal {
  WideTerminal() { setenv("COLUMNS", "200", 1); }
  ~WideTerminal() { unsetenv("COLUMNS"); }
};

// Columns of a table and the member of the JSON document that tells the same.
using Members = std::map<std::string, std::string>;

Names cellsOf(std::string line) {
  static const std::regex gap("  +");
  for (const char* branch : {"│", "├─", "└─"}) line = replaceAll(line, branch, "");
  line = trim(line);
  return {std::sregex_token_iterator(line.begin(), line.end(), gap, -1), std::sregex_token_iterator()};
}

std::string wordsOf(const Json& value, const std::string& column) {
  if (column == "LAG") return shortDuration(value.get<double>());
  if (column == "OWN") return humanBytes(value.get<uint64_t>());
  if (column == "IN USE BY") return value.empty() ? "-" : join(value.get<Names>(), ", ");
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Rows are matched with objects by their name, wherever the tree has put them.
void checkSame(const std::string& table, const Json& objects, const Members& members) {
  const Names lines = split(trim(table), '\n');
  REQUIRE(lines.size() == objects.size() + 1);
  const Names head = cellsOf(lines.front());
  CHECK(head.size() == members.size());
  for (size_t row = 1; row < lines.size(); ++row) {
    const Names cells = cellsOf(lines[row]);
    REQUIRE(cells.size() == head.size());
    const auto object = std::find_if(objects.begin(), objects.end(), [&](const Json& each) {
      return endsWith(cells[0], each["name"].get<std::string>());
    });
    REQUIRE(object != objects.end());
    for (size_t i = 1; i < head.size(); ++i) {
      INFO(table << head[i] << " of " << *object);
      const std::string member = members.at(head[i]);
      const bool isAge = head[i] == "AGE" || head[i] == "NEWEST";  // of a time, which has moved on since
      CHECK((cells[i] == "-") == (!object->contains(member) || object->at(member).empty()));
      if (cells[i] != "-" && !isAge) CHECK(cells[i] == wordsOf(object->at(member), head[i]));
    }
  }
}

}  // namespace

TEST_CASE("reports tell the same to people and to programs") {
  Host host;
  host.linkAndProvision();
  const Output list = listReport(host.engine);
  REQUIRE(list.json["objects"].size() == 2);
  CHECK(list.json["objects"][1]["name"] == "dev");
  CHECK(list.json["objects"][1]["parent"] == "shop");
  CHECK(list.text.find("dev") != std::string::npos);
  const Output status = statusReport(host.engine, "dev");
  CHECK(status.json["status"] == "ACTIVE");
  CHECK(status.json["ownBytes"].get<uint64_t>() > 0);
  CHECK(status.json["mount"] == host.mount("dev").string());
  const Output all = statusReport(host.engine, std::nullopt);
  CHECK(all.json["objects"][0]["lagSeconds"] == 7);
  CHECK(all.text.find("7.0 s") != std::string::npos);
  CHECK(all.text.find("\n└─ dev") != std::string::npos);
  const Output snapshots = snapshotsReport(host.engine, "shop");
  REQUIRE(snapshots.json["snapshots"].size() == 1);
  CHECK(snapshots.json["snapshots"][0]["dependents"].size() == 2);  // dev, and dev's own snapshot
  const Output pools = poolReport(host.engine, std::nullopt);
  CHECK(pools.json["freeBytes"].get<uint64_t>() > 0);
  CHECK(pools.json["pools"][0]["thinClones"] == false);
}

TEST_CASE("every column of list, status and snapshots is in their JSON, with the same value") {
  const WideTerminal wide;
  Host host;
  host.linkAndProvision();
  provision(host.engine, {"copy", "dev", {}, 0, 0});
  stop(host.engine, "copy");
  const Output list = listReport(host.engine);
  checkSame(list.text, list.json["objects"],
            {{"NAME", "name"},
             {"KIND", "kind"},
             {"STATE", "state"},
             {"FROM", "origin"},
             {"PORT", "port"},
             {"SNAPSHOTS", "snapshots"},
             {"NEWEST", "newestSnapshotCreated"},
             {"AGE", "created"}});
  const Output status = statusReport(host.engine, std::nullopt);
  checkSame(status.text, status.json["objects"],
            {{"NAME", "name"},
             {"KIND", "kind"},
             {"STATE", "state"},
             {"STATUS", "status"},
             {"LAG", "lagSeconds"},
             {"PORT", "port"},
             {"OWN", "ownBytes"},
             {"NEWEST SNAPSHOT", "newestSnapshot"},
             {"AGE", "newestSnapshotCreated"}});
  const Output snapshots = snapshotsReport(host.engine, "shop");
  checkSame(replaceAll(snapshots.text, "\n   ", "\n").substr(3), snapshots.json["snapshots"],
            {{"SNAPSHOT", "name"},
             {"AGE", "created"},
             {"OWN", "ownBytes"},
             {"FROM", "origin"},
             {"IN USE BY", "dependents"}});
}

TEST_CASE("list and status of names as long as they may be fit 80 columns") {
  Host host;
  const std::string shop(64, 's'), vdb(64, 'v'), copy(64, 'w');
  link(host.engine, {shop, "", {}, 0, 0});
  provision(host.engine, {vdb, shop, {}, 0, 0});
  provision(host.engine, {copy, vdb, {}, 0, 0});
  for (const std::string& table :
       {listReport(host.engine).text, statusReport(host.engine, std::nullopt).text}) {
    INFO(table);
    for (const std::string& line : split(table, '\n')) CHECK(columnsOf(line) <= terminalWidth());
  }
}
