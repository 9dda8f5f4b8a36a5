#include <future>

#include "backup/copy_stream.h"
#include "support/catch.h"

using namespace dlpx;

namespace {

std::string readAll(BytePipe& pipe) {
  std::string all;
  char buffer[1000];
  while (const size_t part = pipe.read(buffer)) all.append(buffer, part);
  return all;
}

CopyTable table() {
  CopyTable table;
  table.name = {"d`b", "t"};
  table.engine = "InnoDB";
  table.hasPrimaryKey = true;
  table.columns = {{"id", "bigint", "", true},
                   {"f", "float", "", false},
                   {"j", "json", "", false},
                   {"e", "enum", "latin1", false}};
  return table;
}

}  // namespace

TEST_CASE("a row is written so that LOAD DATA reads every byte back, and NULL is not the text NULL") {
  BytePipe pipe;
  const std::string odd("a\tb\nc\\d\0e\r'\"\x1a\xff", 14);
  const std::optional<std::string_view> row[] = {odd, std::nullopt, "NULL", "", "\\N"};
  writeRow(pipe, row);
  pipe.close();
  CHECK(readAll(pipe) == "a\\tb\\nc\\\\d\\0e\r'\"\x1a\xff\t\\N\tNULL\t\t\\\\N\n");
}

TEST_CASE("a pipe brings many bytes in order and holds about a megabyte of them at the most") {
  BytePipe pipe;
  std::atomic<size_t> written{0};
  auto writing = std::async(std::launch::async, [&] {
    for (unsigned i = 0; i < 300'000; ++i) {
      pipe.write("0123456789");
      written += 10;
    }
    pipe.close();
  });
  char first[7];
  REQUIRE(pipe.read(first) == 7);
  CHECK(std::string(first, 7) == "0123456");
  CHECK(writing.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  CHECK(written < 2'000'000);
  const std::string rest = readAll(pipe);
  writing.get();
  CHECK(rest.size() == 2'999'993);
  CHECK(rest.substr(0, 13) == "7890123456789");
}

TEST_CASE("each end of a pipe learns that the other has given up") {
  BytePipe abandoned;
  abandoned.giveUp();
  CHECK_THROWS_AS(abandoned.write(std::string(2'000'000, 'x')), BytePipe::Broken);
  BytePipe unfinished;
  unfinished.write("part");
  unfinished.giveUp();
  char buffer[10];
  CHECK_THROWS_AS(unfinished.read(buffer), BytePipe::Broken);
}

TEST_CASE("values that text would change travel another way") {
  CHECK(selectRows(table(), "`id` < 5") ==
        "SELECT `id`, (`f`*1e0), `j`, (`e`+0) FROM `d``b`.`t` FORCE INDEX (PRIMARY) WHERE `id` < 5");
  CHECK(loadRows(table()) ==
        "LOAD DATA LOCAL INFILE 'rows' INTO TABLE `d``b`.`t` CHARACTER SET binary FIELDS TERMINATED BY '\\t' "
        "ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (`id`, `f`, @v2, @v3) SET `j` = CONVERT(@v2 USING "
        "utf8mb4), `e` = CAST(@v3 AS UNSIGNED)");
}
