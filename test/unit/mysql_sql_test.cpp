#include "base/error.h"
#include "mysql/sql.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("a quoted string keeps quotes, backslashes and control characters on one line") {
  CHECK(quoteString("it's") == "'it''s'");
  CHECK(quoteString("a\\b") == "'a\\\\b'");
  CHECK(quoteString(std::string("a\0b\nc\rd\x1a", 8)) == "'a\\0b\\nc\\rd\\Z'");
  CHECK(quoteString("\xF0\x9F\x90\xAC") == "'\xF0\x9F\x90\xAC'");
  CHECK(quoteString("") == "''");
}

TEST_CASE("a quoted identifier doubles backticks and keeps its dots inside one part") {
  CHECK(quoteIdentifier("shop.orders") == "`shop.orders`");
  CHECK(quoteIdentifier("a`b") == "`a``b`");
  CHECK_THROWS_AS(quoteIdentifier(""), Error);
  CHECK_THROWS_AS(quoteIdentifier(std::string("a\0b", 3)), Error);
}

TEST_CASE("a name with a character that the server would turn into a question mark is refused") {
  CHECK_THROWS_AS(quoteIdentifier("dolphin \xF0\x9F\x90\xAC"), Error);
  CHECK_THROWS_AS(quoteAccount("\xF0\x9F\x90\xAC", "%"), Error);
  CHECK(quoteAccount("o'neil", "10.%") == "'o''neil'@'10.%'");
  CHECK(quoteAccount("", "localhost") == "''@'localhost'");
}

TEST_CASE("a template takes values for ? and identifiers for !") {
  CHECK(sql("SELECT ! FROM !.! WHERE a = ? AND b != ?", "c", "d", "e", "x'y", 5) ==
        "SELECT `c` FROM `d`.`e` WHERE a = 'x''y' AND b != 5");
  CHECK(sql("? ? ? ? ?", nullptr, true, uint64_t{18446744073709551615u}, -3, Secret("p?!")) ==
        "NULL 1 18446744073709551615 -3 'p?!'");
  CHECK(sql("IN (?)", std::vector<std::string>{"a", "b'"}) == "IN ('a', 'b''')");
  CHECK(sql("(!)", std::vector<std::string>{"a", "b"}) == "(`a`, `b`)");
  CHECK(sql("?", std::optional<std::string>()) == "NULL");
  CHECK(sql("?", std::optional<std::string>("v")) == "'v'");
  CHECK(sql("?", 0.5) == "0.5");
}

TEST_CASE("marks inside quotes of a template stand for themselves") {
  CHECK(sql("SELECT '?', \"!\", `?`, 'it''s ?', '\\'?', ?", 1) ==
        "SELECT '?', \"!\", `?`, 'it''s ?', '\\'?', 1");
}

TEST_CASE("a template with too few or too many arguments is refused") {
  CHECK_THROWS_AS(sql("?"), Error);
  CHECK_THROWS_AS(sql("?", 1, 2), Error);
  CHECK_THROWS_AS(sql("!", 1), Error);
  CHECK_THROWS_AS(sql("IN (?)", std::vector<std::string>{}), Error);
}

TEST_CASE("patterns for LIKE and for grants match one name only") {
  CHECK(escapeLike("my_db%\\") == "my\\_db\\%\\\\");
  CHECK(quoteGrantDatabase("my_db") == "`my\\_db`");
}

TEST_CASE("bytes become a hexadecimal literal") {
  CHECK(hexLiteral(std::string("\0\xff\x1a", 3)) == "0x00FF1A");
  CHECK(hexLiteral("") == "''");
}
