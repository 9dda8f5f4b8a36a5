#include "engine/report_text.h"

#include "base/json_full.h"
#include "base/text.h"
#include "engine/tables.h"

namespace dlpx {
namespace {

std::vector<TreeLine> treeOfObjects(const Json& objects) {
  std::vector<TreeNode> nodes;
  for (const Json& object : objects)
    nodes.push_back({object["name"], object.value("replicaOf", object.value("parent", ""))});
  return treeOf(nodes);
}

std::string kindOf(const Json& object) {
  return object.contains("replicaOf") ? "replica" : wordOf(object, "kind");
}

std::string numberOf(const Json& json, const char* member) {
  return json.contains(member) ? json[member].dump() : "-";
}

std::string age(const Json& json, const char* member, std::time_t now) {
  return ageOf(json.value(member, ""), now);
}

// Where replication does not run nobody knows the lag: what it does instead.
std::string lagOf(const Json& object) {
  const Json replication = object.value("replication", Json::object());
  const std::string state = replication.value("state", "running");
  if (state != "running") return state == "notConfigured" ? "-" : state;
  return object.contains("lagSeconds") ? shortDuration(object["lagSeconds"].get<double>()) : "-";
}

}  // namespace

std::string wordOf(const Json& json, const char* member) {
  return json.contains(member) && json[member].is_string() ? json[member].get<std::string>() : "-";
}

std::string bytesOf(const Json& json, const char* member) {
  return json.contains(member) ? humanBytes(json[member].get<uint64_t>()) : "-";
}

std::string listText(const Json& objects, std::time_t now, size_t width) {
  std::vector<TableRow> rows = {{"NAME", "KIND", "STATE", "FROM", "PORT", "SNAPSHOTS", "NEWEST", "AGE"}};
  for (const TreeLine& line : treeOfObjects(objects)) {
    const Json& object = objects[line.node];
    rows.push_back({line.text, kindOf(object), wordOf(object, "state"), wordOf(object, "origin"),
                    numberOf(object, "port"), numberOf(object, "snapshots"),
                    age(object, "newestSnapshotCreated", now), age(object, "created", now)});
  }
  return tableText(rows, {.right = {4, 5, 6, 7}, .shortening = {3, 0}}, width);
}

std::string snapshotsText(const Json& snapshots, std::time_t now, size_t width) {
  std::vector<TableRow> rows = {{"", "SNAPSHOT", "AGE", "OWN", "FROM", "IN USE BY"}};
  for (const Json& snapshot : snapshots) {
    const std::string users = join(snapshot["dependents"].get<std::vector<std::string>>(), ", ");
    rows.push_back({snapshot.value("current", false) ? "*" : "", wordOf(snapshot, "name"),
                    age(snapshot, "created", now), bytesOf(snapshot, "ownBytes"), wordOf(snapshot, "origin"),
                    users.empty() ? "-" : users});
  }
  return tableText(rows, {.right = {2, 3}, .shortening = {5, 4, 1}}, width);
}

std::string statusText(const Json& objects, std::time_t now, size_t width) {
  std::vector<TableRow> rows = {
      {"NAME", "KIND", "STATE", "STATUS", "LAG", "PORT", "OWN", "NEWEST SNAPSHOT", "AGE"}};
  for (const TreeLine& line : treeOfObjects(objects)) {
    const Json& object = objects[line.node];
    rows.push_back({line.text, kindOf(object), wordOf(object, "state"), wordOf(object, "status"),
                    lagOf(object), numberOf(object, "port"), bytesOf(object, "ownBytes"),
                    wordOf(object, "newestSnapshot"), age(object, "newestSnapshotCreated", now)});
  }
  return tableText(rows, {.right = {4, 5, 6, 8}, .shortening = {7, 0}}, width);
}

}  // namespace dlpx
