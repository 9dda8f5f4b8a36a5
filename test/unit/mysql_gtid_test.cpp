#include "base/error.h"
#include "mysql/binlog_position.h"
#include "mysql/gtid_set.h"
#include "support/catch.h"

using namespace dlpx;

namespace {
const std::string a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string b = "4e11fa47-71ca-11e1-9e33-c80aa9429562";
GtidSet set(const std::string& text) {
  return GtidSet::parse(text);
}
}  // namespace

TEST_CASE("a GTID set's text is normalised") {
  CHECK(set("3E11FA47-71CA-11E1-9E33-C80AA9429562:5-7 , \n" + b + ":3:1-2," + a + ":1-4:9").text() ==
        a + ":1-7:9," + b + ":1-3");
  CHECK(set("").empty());
  CHECK(set(" \n").text().empty());
  CHECK(set(a + ":1,,").text() == a + ":1");
  CHECK(set(a + ":5-3").empty());
}

TEST_CASE("tags of MySQL 8.3 belong to the transaction's name") {
  CHECK(set(a + ":1-3:Billing:7:1-2:audit:4").text() == a + ":1-3:audit:4:billing:1-2:7");
  CHECK(set(a + ":billing:1").contains(set(a + ":BILLING:1")));
  CHECK_FALSE(set(a + ":1-9").contains(set(a + ":billing:1")));
}

TEST_CASE("what is no GTID set is refused") {
  for (const auto* text :
       {"x:1", "3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429562:0",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-x", "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:tag2:1", "3e11fa47-71ca-11e1-9e33:1",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:99999999999999999999"}) {
    INFO(text);
    CHECK_THROWS_AS(set(text), Error);
  }
}

TEST_CASE("GTID sets contain, subtract and unite") {
  const GtidSet all = set(a + ":1-10," + b + ":1-5");
  CHECK(all.count() == 15);
  CHECK(all.contains(set(a + ":3-4")));
  CHECK(all.contains(GtidSet()));
  CHECK_FALSE(all.contains(set(a + ":10-11")));
  CHECK(all.subtract(set(a + ":3-4:8")).text() == a + ":1-2:5-7:9-10," + b + ":1-5");
  CHECK(all.subtract(set(a + ":1-100")).text() == b + ":1-5");
  CHECK(set(a + ":1-3:7-9").subtract(set(a + ":2-8")).text() == a + ":1:9");
  CHECK(set(a + ":1-3").unite(set(a + ":4-5," + b + ":1")).text() == a + ":1-5," + b + ":1");
  CHECK(all.subtract(all).empty());
  CHECK(all.ofUuid("3E11FA47-71CA-11E1-9E33-C80AA9429562").text() == a + ":1-10");
  CHECK(all.uuids() == std::vector<std::string>{a, b});
}

TEST_CASE("subtraction agrees with a plain set of numbers") {
  for (unsigned left = 1; left < 128; left += 3) {
    for (unsigned right = 0; right < 128; ++right) {
      GtidSet from, less, expected;
      for (unsigned bit = 0; bit < 7; ++bit) {
        const GtidSet one = set(a + ":" + std::to_string(bit + 1));
        if (left >> bit & 1) from.add(one);
        if (right >> bit & 1) less.add(one);
        if ((left & ~right) >> bit & 1) expected.add(one);
      }
      if (!(from.subtract(less) == expected)) FAIL(from.text() << " minus " << less.text());
    }
  }
  SUCCEED();
}

TEST_CASE("binary log positions compare by the file's number, then by the offset") {
  CHECK(BinlogPosition{"mysql-bin.000009", 900} < BinlogPosition{"mysql-bin.000010", 4});
  CHECK(BinlogPosition{"mysql-bin.999999", 900} < BinlogPosition{"mysql-bin.1000000", 4});
  CHECK(BinlogPosition{"mysql-bin.000009", 4} < BinlogPosition{"mysql-bin.000009", 5});
  CHECK_FALSE(BinlogPosition{"a.000001", 4} < BinlogPosition{"b.000002", 5});
  CHECK_FALSE(BinlogPosition{"b.000002", 5} < BinlogPosition{"a.000001", 4});
  CHECK(BinlogPosition{"mysql-bin.000012", 4711}.text() == "mysql-bin.000012:4711");
}

TEST_CASE("coordinates say what replication starts from") {
  Coordinates coordinates{set(a + ":1-2"), BinlogPosition{"bin.000001", 4}, true};
  CHECK(coordinates.text() == "GTID set " + a + ":1-2");
  coordinates.usesGtid = false;
  CHECK(coordinates.text() == "bin.000001:4");
}
