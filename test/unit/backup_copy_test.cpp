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

TEST_CASE("a byte to escape is found at every place of a value of every length") {
  for (const char special : {'\t', '\n', '\\', '\0'}) {
    const std::string escaped = {'\\', special == '\t'   ? 't'
                                       : special == '\n' ? 'n'
                                       : special == '\0' ? '0'
                                                         : '\\'};
    for (size_t length = 1; length <= 26; ++length) {
      for (size_t at = 0; at < length; ++at) {
        // One bit away from what is escaped, and the byte above it.
        const std::string neighbours = {static_cast<char>(special ^ 1), static_cast<char>(special + 1),
                                        '\x80'};
        std::string value;
        while (value.size() < length) value += neighbours[value.size() % neighbours.size()];
        std::erase_if(value, [](char c) { return c == '\t' || c == '\n' || c == '\\' || c == '\0'; });
        value.resize(length, 'x');
        std::string wanted = value;
        value[at] = special;
        wanted.replace(at, 1, escaped);
        BytePipe pipe;
        const std::optional<std::string_view> row[] = {value};
        writeRow(pipe, row);
        pipe.close();
        REQUIRE(readAll(pipe) == wanted + "\n");
      }
    }
  }
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
