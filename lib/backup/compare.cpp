#include "backup/compare.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "backup/definitions.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/progress.h"
#include "base/text.h"

namespace dlpx {
namespace {

// One column's value as text that is the same on both sides exactly when the value is.
std::string expression(const Row& column, bool exactFloats) {
  const std::string name = quoteIdentifier(column.text("name"));
  const std::string type = toLower(column.text("type"));
  const bool bytes = column.number("bytes") > 0;
  std::string value = name;
  if (type == "float" && exactFloats) value = "(" + name + "+0e0)";
  if (type == "bit") value = "(" + name + "+0)";
  if (bytes) value = column.number("bytes") <= 1024 ? "HEX(" + name + ")" : "SHA2(" + name + ",224)";
  if (type == "json") value = "SHA2(CAST(" + name + " AS CHAR CHARACTER SET utf8mb4),224)";
  // Geometry and vectors.
  const bool binary = type.find("geom") != std::string::npos || type.find("point") != std::string::npos ||
                      type.find("linestring") != std::string::npos ||
                      type.find("polygon") != std::string::npos || type == "vector";
  if (binary) value = "SHA2(" + name + ",224)";
  return "IFNULL(" + value + ",'-')";
}

struct Content {
  uint64_t rows = 0;
  std::string checksum;
  std::string problem;
};

Content contentOf(Session& session, const TableName& table, bool exactFloats) {
  try {
    const Rows rows = session.query(std::string_view(checksumStatement(session, table, exactFloats)));
    return {rows.at(0).number("n"), rows.at(0).text("x") + "-" + rows.at(0).text("s"), {}};
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
    return {0, {}, e.what()};
  }
}

void prepare(Session& session) {
  session.execute(
      "SET SESSION time_zone = '+00:00', SESSION wait_timeout = 2147483, SESSION net_write_timeout = 86400");
}

class Comparison {
 public:
  explicit Comparison(const CompareRequest& request) : request_(request) {
    for (Session& session : request_.source) prepare(session);
    for (Session& session : request_.target) prepare(session);
  }

  CompareReport run() {
    if (request_.databases.empty()) return report_;
    compareDefinitions();
    chooseTables();
    compareRows();
    std::sort(report_.differences.begin(), report_.differences.end(),
              [](const auto& a, const auto& b) { return a.object < b.object; });
    return report_;
  }

 private:
  Session& source() { return request_.source.front(); }
  Session& target() { return request_.target.front(); }

  void differs(const std::string& object, const std::string& what) {
    const std::lock_guard hold(mutex_);
    report_.differences.push_back({object, what});
  }

  void compareDefinitions() {
    const bool texts = sameSeries(source().version(), target().version());
    if (!texts)
      report_.notes.push_back("definitions were not compared: MySQL " + source().version().text() + " and " +
                              target().version().text() + " print them differently");
    std::map<std::string, std::string> here = definitions(target(), request_.databases, texts);
    for (const auto& [name, text] : definitions(source(), request_.databases, texts)) {
      const auto found = here.find(name);
      if (!startsWith(name, "table ")) ++report_.programs;
      if (found == here.end())
        differs(name, "is missing here");
      else if (found->second != text)
        differs(name, "is defined differently");
      here.erase(name);
    }
    for (const auto& [name, text] : here) differs(name, "is not at the source");
  }

  // The largest first, so that no connection is left with them at the end.
  void chooseTables() {
    const Rows rows = source().query(
        "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, UPPER(ENGINE) AS engine, DATA_LENGTH AS bytes FROM "
        "information_schema.TABLES WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE' ORDER BY "
        "DATA_LENGTH DESC",
        request_.databases);
    for (const Row& row : rows) {
      const TableName name{row.text("db"), row.text("name")};
      if (row.text("engine") == "MEMORY") {
        report_.notes.push_back("rows of MEMORY table " + name.database + "." + name.name +
                                " were not compared");
        continue;
      }
      tables_.push_back({name, row.number("bytes")});
      bytes_ += row.number("bytes");
    }
    const std::vector<TableName> here = baseTables(target(), request_.databases);
    std::erase_if(tables_, [&](const auto& table) {
      return !std::binary_search(here.begin(), here.end(), table.first);
    });
    report_.tables = tables_.size();
  }

  void compareRows() {
    std::vector<std::future<void>> workers;
    for (size_t i = 0; i < std::min(request_.source.size(), request_.target.size()); ++i)
      workers.push_back(std::async(std::launch::async, [this, i] { work(i); }));
    std::exception_ptr problem;
    {
      Progress progress("comparing", bytes_);
      for (auto& worker : workers) {
        while (worker.wait_for(Milliseconds(200)) != std::future_status::ready) {
          progress.set(done_);
          if (interrupted()) next_ = tables_.size();
        }
        try {
          worker.get();
        } catch (...) {
          next_ = tables_.size();
          problem = std::current_exception();
        }
      }
    }
    throwIfInterrupted();
    if (problem) std::rethrow_exception(problem);
  }

  void work(size_t pair) {
    for (size_t i = next_++; i < tables_.size(); i = next_++) {
      const auto& [table, bytes] = tables_[i];
      // Both sides at once.
      auto there = std::async(std::launch::async, [&, &name = table] {
        return contentOf(request_.source[pair], name, request_.exactFloats);
      });
      const Content here = contentOf(request_.target[pair], table, request_.exactFloats);
      judge(table, there.get(), here);
      done_ += bytes;
    }
  }

  void judge(const TableName& table, const Content& there, const Content& here) {
    const std::string object = "table " + table.database + "." + table.name;
    if (!there.problem.empty() || !here.problem.empty())
      differs(object, "could not be read: " + (there.problem.empty() ? here.problem : there.problem));
    else if (there.rows != here.rows)
      differs(object,
              std::to_string(there.rows) + " rows at the source, " + std::to_string(here.rows) + " here");
    else if (there.checksum != here.checksum)
      differs(object, "its rows differ");
    const std::lock_guard hold(mutex_);
    report_.rows += there.rows;
  }

  const CompareRequest& request_;
  CompareReport report_;
  std::mutex mutex_;
  std::vector<std::pair<TableName, uint64_t>> tables_;
  uint64_t bytes_ = 0;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> done_{0};
};

}  // namespace

Json CompareReport::json() const {
  Json found = Json::array();
  for (const Difference& each : differences) found.push_back({{"object", each.object}, {"what", each.what}});
  return {{"equal", differences.empty()}, {"tables", tables},     {"rows", rows},
          {"programs", programs},         {"differences", found}, {"notes", notes}};
}

std::string checksumStatement(Session& session, const TableName& table, bool exactFloats) {
  const Rows columns = session.query(
      "SELECT COLUMN_NAME AS name, DATA_TYPE AS type, CHARACTER_OCTET_LENGTH AS bytes FROM "
      "information_schema.COLUMNS "
      "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
      table.database, table.name);
  std::vector<std::string> values;
  for (const Row& column : columns) values.push_back(expression(column, exactFloats));
  const std::string row = "CONCAT_WS(','," + join(values, ",") + ")";
  // The exclusive or of one half, and the sum of another checksum: two equal rows cancel out in the first
  // only.
  return "SELECT COUNT(*) AS n, COALESCE(BIT_XOR(CAST(CONV(LEFT(SHA2(" + row +
         ",224),16),16,10) AS UNSIGNED)),0) AS x, COALESCE(SUM(CRC32(" + row + ")),0) AS s FROM " +
         table.quoted();
}

CompareReport compareDatabases(const CompareRequest& request) {
  return Comparison(request).run();
}

}  // namespace dlpx
