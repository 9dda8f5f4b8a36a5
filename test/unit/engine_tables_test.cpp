#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/columns.h"
#include "base/json_full.h"
#include "base/text.h"
#include "engine/report_text.h"
#include "engine/tables.h"
#include "support/catch.h"

using namespace dlpx;

namespace {

std::vector<std::string> textOf(const std::vector<TreeNode>& nodes) {
  std::vector<std::string> lines;
  for (const TreeLine& line : treeOf(nodes)) lines.push_back(line.text);
  return lines;
}

// Three levels, each name as long as a name may be, each word and number as wide as it gets.
Json widestObjects() {
  Json objects = Json::array();
  std::string parent;
  for (const char letter : {'s', 'v', 'w'}) {
    const std::string name = letter + std::string(62, '-') + letter;
    objects.push_back({{"name", name},
                       {"kind", parent.empty() ? "dsource" : "vdb"},
                       {"parent", parent},
                       {"origin", parent + "@20260131T134000Z"},
                       {"state", "replacing"},
                       {"status", "INACTIVE"},
                       {"port", 65535},
                       {"lagSeconds", 3599},
                       {"snapshots", 1000},
                       {"ownBytes", 999'000'000'000},
                       {"created", "2026-01-17T13:45:00Z"},
                       {"newestSnapshot", "20260131T134000Z"},
                       {"newestSnapshotCreated", "2026-01-17T13:45:00Z"}});
    parent = name;
  }
  return objects;
}

void checkFits(const std::string& table, size_t width) {
  INFO(table);
  for (const std::string& line : split(table, '\n')) CHECK(columnsOf(line) <= width);
}

}  // namespace

TEST_CASE("an age is told in the unit that a person would take") {
  constexpr std::time_t now = 1769867100;  // 2026-01-31T13:45:00Z
  CHECK(ageOf("2026-01-31T13:45:00Z", now) == "0 s");
  CHECK(ageOf("2026-01-31T13:44:01Z", now) == "59 s");
  CHECK(ageOf("2026-01-31T13:44:00Z", now) == "1 min");
  CHECK(ageOf("2026-01-31T12:45:00Z", now) == "1 h");
  CHECK(ageOf("2026-01-29T13:45:01Z", now) == "47 h");
  CHECK(ageOf("2026-01-29T13:45:00Z", now) == "2 d");
  CHECK(ageOf("2026-01-01T13:45:00Z", now) == "4 w");
  CHECK(ageOf("2026-02-01T00:00:00Z", now) == "0 s");  // a clock that was put back
  CHECK(ageOf("", now) == "-");
}

TEST_CASE("a lag is told in as few words as an age once it is long") {
  const auto lagIn = [](double seconds) {
    const Json objects = Json::array({{{"name", "shop"}, {"lagSeconds", seconds}}});
    return statusText(objects, 0, 200).find(" " + shortDuration(seconds) + " ") != std::string::npos;
  };
  CHECK(shortDuration(0.5) == "500 ms");
  CHECK(shortDuration(7) == "7.0 s");
  CHECK(shortDuration(3599) == "59 min");
  CHECK(shortDuration(90000) == "25 h");
  CHECK((lagIn(7) && lagIn(3599)));
}

TEST_CASE("parents and children are drawn as a tree, whatever their order") {
  CHECK(textOf({{"dev", "shop"}, {"shop", ""}, {"copy", "dev"}, {"blank", ""}, {"test", "shop"}}) ==
        std::vector<std::string>{"shop", "├─ dev", "│  └─ copy", "└─ test", "blank"});
  CHECK(textOf({{"orphan", "not here"}}) == std::vector<std::string>{"orphan"});
  CHECK(textOf({}).empty());
}

TEST_CASE("a table loses text only where it may, and only as much as the width asks for") {
  const std::vector<TableRow> rows = {
      {"NAME", "FROM", "OWN"}, {"└─ dév", "shop@20260131T134500Z", "1.2 GB"}, {"x", "-", "3 B"}};
  const TableStyle style = {.right = {2}, .shortening = {1}};
  CHECK(tableText(rows, style, 80) ==
        "NAME    FROM                      OWN\n"
        "└─ dév  shop@20260131T134500Z  1.2 GB\n"
        "x       -                         3 B\n");
  CHECK(tableText(rows, style, 37) == tableText(rows, style, 80));
  CHECK(tableText(rows, style, 26) ==
        "NAME    FROM           OWN\n"
        "└─ dév  shop@2026…  1.2 GB\n"
        "x       -              3 B\n");
  CHECK(tableText(rows, style, 5) ==
        "NAME    FROM       OWN\n"
        "└─ dév  shop@…  1.2 GB\n"
        "x       -          3 B\n");
}

TEST_CASE("text is as wide as a terminal draws it, and is cut between characters") {
  CHECK(columnsOf("shop") == 4);
  CHECK(columnsOf("└─ dév") == 6);
  CHECK(columnsOf("😀 店") == 5);
  CHECK(columnsOf("e\u0301\u200D") == 1);
  CHECK(columnsOf("\xff\xc3") == 2);  // not UTF-8: counted, never read past
  CHECK(shortenedTo("😀😀😀", 6) == "😀😀😀");
  CHECK(shortenedTo("😀😀😀", 5) == "😀😀…");
  CHECK(shortenedTo("😀😀😀", 4) == "😀…");
  CHECK(shortenedTo("shop", 3) == "sh…");
  CHECK(tableText({{"NAME", "KIND"}, {"😀 店", "vdb"}, {"dév", "vdb"}}, {}, 80) ==
        "NAME   KIND\n😀 店  vdb\ndév    vdb\n");
}

TEST_CASE("list, snapshots and status fit 80 columns, however long and wide the names are") {
  constexpr std::time_t now = 1769867100;
  const Json objects = widestObjects();
  for (const size_t width : {80, 100, 132}) {
    checkFits(listText(objects, now, width), width);
    checkFits(statusText(objects, now, width), width);
  }
  CHECK(listText(objects, now, 80).find("├─ v---") == std::string::npos);
  CHECK(listText(objects, now, 80).find("└─ v---") != std::string::npos);
  Json emoji = objects;
  for (Json& object : emoji)
    for (const char* name : {"name", "parent", "origin"})
      object[name] = replaceAll(object[name].get<std::string>(), "--", "😀");
  checkFits(listText(emoji, now, 80), 80);
  checkFits(statusText(emoji, now, 80), 80);
  const Json snapshots =
      Json::array({{{"name", "20260131T134000Z"},
                    {"created", "2026-01-17T13:45:00Z"},
                    {"ownBytes", 999'000'000'000},
                    {"origin", objects[1]["origin"]},
                    {"current", true},
                    {"dependents", {emoji[0]["name"], objects[1]["name"], objects[2]["name"]}}}});
  checkFits(snapshotsText(snapshots, now, 80), 80);
}

TEST_CASE("where stdout is no terminal its width is COLUMNS, or 80") {
  if (isatty(STDOUT_FILENO) == 1) return;  // of a terminal: what it says
  const char* before = std::getenv("COLUMNS");
  const std::string kept = before == nullptr ? "" : before;
  unsetenv("COLUMNS");
  CHECK(terminalWidth() == 80);
  for (const auto& [value, width] : {std::pair("132", 132), {"0", 80}, {"wide", 80}}) {
    setenv("COLUMNS", value, 1);
    CHECK(terminalWidth() == static_cast<size_t>(width));
  }
  before == nullptr ? unsetenv("COLUMNS") : setenv("COLUMNS", kept.c_str(), 1);
}

TEST_CASE("status draws parents, lag, sizes and ages from what programs get") {
  const Json objects = Json::parse(R"([
    {"name":"dev","kind":"vdb","parent":"shop","state":"stopped","status":"INACTIVE","port":3311,
     "ownBytes":31000000,"newestSnapshot":"20260131T134000Z","newestSnapshotCreated":"2026-01-31T13:40:00Z"},
    {"name":"shop","kind":"dsource","state":"enabled","status":"ACTIVE","port":3310,"lagSeconds":7}])");
  CHECK(statusText(objects, 1769867100, 80) ==
        "NAME    KIND     STATE    STATUS      LAG  PORT    OWN  NEWEST SNAPSHOT     AGE\n"
        "shop    dsource  enabled  ACTIVE    7.0 s  3310      -  -                     -\n"
        "└─ dev  vdb      stopped  INACTIVE      -  3311  31 MB  20260131T134000Z  5 min\n");
}

TEST_CASE("list and status draw a replica below the vdb that it follows, and call it one") {
  const Json objects = Json::parse(R"([
    {"name":"shop","kind":"dsource","state":"enabled","status":"ACTIVE","port":3310,"snapshots":0},
    {"name":"dev-replica","kind":"vdb","parent":"shop","replicaOf":"dev","state":"enabled","status":"ACTIVE",
     "port":3312,"snapshots":1,"lagSeconds":2,"origin":"shop@1"},
    {"name":"dev","kind":"vdb","parent":"shop","replica":"dev-replica","state":"enabled","status":"ACTIVE",
     "port":3311,"snapshots":1,"origin":"shop@1"}])");
  CHECK(listText(objects, 1769867100, 80) ==
        "NAME               KIND     STATE    FROM    PORT  SNAPSHOTS  NEWEST  AGE\n"
        "shop               dsource  enabled  -       3310          0       -    -\n"
        "└─ dev             vdb      enabled  shop@1  3311          1       -    -\n"
        "   └─ dev-replica  replica  enabled  shop@1  3312          1       -    -\n");
  CHECK(statusText(objects, 1769867100, 90).find("   └─ dev-replica  replica  enabled  ACTIVE  2.0 s") !=
        std::string::npos);
}

TEST_CASE("status tells what replication does where it does not run, instead of a lag") {
  const Json objects = Json::parse(R"([
    {"name":"a","kind":"dsource","replication":{"state":"running","lagSeconds":0},"lagSeconds":0},
    {"name":"b","kind":"dsource","replication":{"state":"broken","lagSeconds":null}},
    {"name":"c","kind":"dsource","replication":{"state":"notConfigured"}},
    {"name":"d","kind":"dsource","replication":{"state":"stopped","lagSeconds":3},"lagSeconds":3}])");
  const std::string text = statusText(objects, 1769867100, 80);
  std::vector<std::string> lags;
  for (const std::string& line : split(text, '\n')) {
    std::vector<std::string> words = split(line, ' ');
    words.erase(std::remove(words.begin(), words.end(), ""), words.end());
    if (words.size() > 4) lags.push_back(words[4]);
  }
  CHECK(lags == std::vector<std::string>{"LAG", "0", "broken", "-", "stopped"});
}

TEST_CASE("list and snapshots fit a narrow terminal and mark where a vdb is") {
  const Json objects = Json::parse(R"([
    {"name":"shop","kind":"dsource","state":"enabled","port":3310,"snapshots":0,"created":"2026-01-31T12:45:00Z"},
    {"name":"dev","kind":"vdb","parent":"shop","origin":"shop@20260131T134000Z","state":"enabled","port":3311,
     "snapshots":1,"created":"2026-01-31T13:41:00Z","newestSnapshotCreated":"2026-01-31T13:42:00Z"}])");
  CHECK(listText(objects, 1769867100, 72) ==
        "NAME    KIND     STATE    FROM            PORT  SNAPSHOTS  NEWEST    AGE\n"
        "shop    dsource  enabled  -               3310          0       -    1 h\n"
        "└─ dev  vdb      enabled  shop@20260131…  3311          1   3 min  4 min\n");
  const Json snapshots = Json::parse(R"([
    {"name":"20260131T134000Z","created":"2026-01-31T13:40:00Z","ownBytes":3,"dependents":["dev","dev@1"]},
    {"name":"20260131T134100Z","created":"2026-01-31T13:41:00Z","ownBytes":4000,"dependents":[],
     "origin":"shop@1","current":true}])");
  CHECK(snapshotsText(snapshots, 1769867100, 80) ==
        "   SNAPSHOT            AGE     OWN  FROM    IN USE BY\n"
        "   20260131T134000Z  5 min     3 B  -       dev, dev@1\n"
        "*  20260131T134100Z  4 min  4.0 kB  shop@1  -\n");
}
