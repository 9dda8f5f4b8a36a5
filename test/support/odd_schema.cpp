#include "support/shop.h"

namespace dlpx::test {
namespace {

const char* const oddTables[] = {
    "CREATE DATABASE `a-first`",
    "CREATE DATABASE odd CHARACTER SET latin1",
    "CREATE DATABASE `we``ird \"db\" é.x`",
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
    "USE odd",
    R"(CREATE TABLE every_type (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT, i INT, b BIGINT,
      z INT(8) ZEROFILL, d DECIMAL(65,30), f FLOAT, f2 FLOAT(7,2), r DOUBLE, bits BIT(64), bit1 BIT(1), bool BOOLEAN,
      dt DATE, tm TIME(6), dtm DATETIME(6), ts TIMESTAMP(6) NULL, y YEAR,
      c CHAR(10), v VARCHAR(200), vu VARCHAR(200) CHARACTER SET utf8mb4, bin BINARY(8), vb VARBINARY(300),
      tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB,
      e ENUM('a','it''s','ü',''), st SET('x','y','z'), j JSON,
      g GEOMETRY, p POINT SRID 4326, ls LINESTRING, mp MULTIPOLYGON, gc GEOMETRYCOLLECTION))",
    R"(INSERT INTO every_type (t,tu,s,m,i,b,z,d,f,f2,r,bits,bit1,bool,dt,tm,dtm,ts,y,c,v,vu,bin,vb,tt,tx,mt,lt,tb,bl,mb,lb,e,st,j,g,p,ls)
      VALUES (-128,255,-32768,8388607,-2147483648,-9223372036854775808,42,
      12345678901234567890123456789012345.123456789012345678901234567891,0.5,12345.67,1.7976931348623157e308,
      b'1010101011110000111100001010101011111111000000001111111111111111',b'1',TRUE,'2024-02-31','-838:59:59.000000',
      '0000-00-00 00:00:00.000000','2024-06-01 12:00:00.123456',1901,'  pad ','it''s \\ "x" \n\r\t\0 end','日本 🎉 é',
      x'00ff0a0d1a275c00',x'000102ff27225c0a0d1a', 'tt','text ü','mt','lt',x'00',x'ff00',x'1a',x'5c27',
      'it''s','x,z','{"k": [1, 2.5, "é🎉", null, true], "big": 18446744073709551615, "date": "2024-02-30"}',
      ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('LINESTRING(0 0,1 1)')))",
    "INSERT INTO every_type () VALUES ()",
    "INSERT INTO every_type (v, vb, e, r) VALUES (REPEAT('\\\\''\"', 60), REPEAT(x'00', 300), '', -0.1)",
    R"(CREATE TABLE `select` (`from` INT NOT NULL, `tick``s` VARCHAR(20), `dot.ted` INT, `spa ce` INT, `ÄÖ` INT INVISIBLE DEFAULT 7,
      gv INT GENERATED ALWAYS AS (`from` * 2) VIRTUAL, gs VARCHAR(60) GENERATED ALWAYS AS (CONCAT(`tick``s`, '%')) STORED,
      PRIMARY KEY (`from`), KEY `desc` (`dot.ted` DESC), KEY fx ((`from` + 1)), CONSTRAINT chk CHECK (`from` >= 0)))",
    "INSERT INTO `select` (`from`, `tick``s`, `dot.ted`, `spa ce`, `ÄÖ`) VALUES (0,'a',1,2,3),(5,NULL,1,2,9)",
    "CREATE TABLE `a.b` (`a.c` INT, x INT)",
    "INSERT INTO `a.b` VALUES (1,1),(1,1),(NULL,2)",
    R"(CREATE TABLE parts (id INT NOT NULL, at DATE NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (YEAR(at))
      (PARTITION old VALUES LESS THAN (2020), PARTITION young VALUES LESS THAN MAXVALUE))",
    "INSERT INTO parts VALUES (1,'2019-01-01'),(2,'2024-01-01')",
    "CREATE TABLE full_text (id INT PRIMARY KEY, t TEXT CHARACTER SET utf8mb4, FULLTEXT (t)) "
    "ROW_FORMAT=COMPRESSED",
    "INSERT INTO full_text VALUES (1, 'the quick brown fox'), (2, 'ünïcödé')",
    "CREATE TABLE tags (id INT PRIMARY KEY, j JSON, KEY mv ((CAST(j AS UNSIGNED ARRAY))))",
    "INSERT INTO tags VALUES (1, '[1,2,3]')",
    "CREATE TABLE empty_one (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 4711",
    "CREATE TABLE auto_zero (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "INSERT INTO auto_zero VALUES (0, 1), (1, 2)",
    "SET SESSION sql_mode = DEFAULT",
    "USE `we``ird \"db\" é.x`",
    "CREATE TABLE `t ä`(id INT PRIMARY KEY, other INT, KEY (other))",
    "INSERT INTO `t ä` VALUES (1, NULL), (2, 1)",
    "CREATE TABLE `a-first`.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES `we``ird \"db\" "
    "é.x`.`t ä` (id))",
    "INSERT INTO `a-first`.child VALUES (1, 2)",
};

const char* const oddPrograms[] = {
    "CREATE FUNCTION `we``ird \"db\" é.x`.`f ö`(x INT) RETURNS INT DETERMINISTIC RETURN /* a comment stays "
    "*/ x + 1",
    "USE odd",
    "CREATE FUNCTION label(x INT) RETURNS VARCHAR(30) CHARACTER SET utf8mb4 NO SQL RETURN CONCAT('nº ', x)",
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    "CREATE PROCEDURE ansi(OUT x VARCHAR(60)) BEGIN SELECT \"v\" || '!' INTO x FROM every_type LIMIT 1; END",
    "SET SESSION sql_mode = DEFAULT",
    "CREATE TRIGGER `tr ig` BEFORE UPDATE ON `select` FOR EACH ROW SET NEW.`spa ce` = OLD.`spa ce` + 1",
    "CREATE TRIGGER tr2 BEFORE UPDATE ON `select` FOR EACH ROW FOLLOWS `tr ig` SET NEW.`dot.ted` = 9",
    "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N')",
    "INSERT INTO mysql.time_zone_name VALUES ('Test/Zone', 1)",
    "INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, 7200, 0, 'TZ')",
    "SET SESSION time_zone = 'Test/Zone'",
    "CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DISABLE COMMENT 'it''s' DO "
    "DELETE FROM odd.parts WHERE id < 0",
    "SET SESSION time_zone = DEFAULT",
};

const char* const oddViews[] = {
    "CREATE VIEW `a-first`.v_function AS SELECT id, `we``ird \"db\" é.x`.`f ö`(id) AS n FROM `a-first`.child",
    "CREATE VIEW odd.v_z AS SELECT id, j FROM tags",
    "CREATE VIEW odd.v_a AS SELECT id, JSON_EXTRACT(j, '$[0]') AS one FROM v_z",
    "CREATE VIEW `we``ird \"db\" é.x`.`view 3` AS SELECT a.id, f.n FROM odd.v_a a JOIN `a-first`.v_function "
    "f ON f.id = a.id",
    "CREATE VIEW `a-first`.v_0 AS SELECT * FROM `we``ird \"db\" é.x`.`view 3`",
    "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW odd.v_check AS SELECT * FROM parts WHERE id > 0 WITH "
    "LOCAL CHECK OPTION",
    "CREATE VIEW odd.v_text AS SELECT 'ü é' AS literal, label(1) AS name",
    "SET NAMES latin1",
    "CREATE VIEW odd.v_latin1 AS SELECT '\xfc\xe9' AS literal",
    "SET NAMES utf8mb4",
    "CREATE TABLE odd.gone (id INT)",
    "CREATE VIEW odd.v_invalid AS SELECT * FROM odd.gone",
    "DROP TABLE odd.gone",
    "CREATE USER ghost@localhost",
    "CREATE DEFINER=ghost@localhost VIEW odd.v_ghost AS SELECT label(id) AS l FROM tags",
    "DROP USER ghost@localhost",
};

}  // namespace

std::vector<std::string> createOddSchema(Session& server) {
  for (const char* statement : oddTables) server.execute(std::string_view(statement));
  for (const char* statement : oddPrograms) server.execute(std::string_view(statement));
  for (const char* statement : oddViews) server.execute(std::string_view(statement));
  return {"a-first", "odd", "we`ird \"db\" é.x"};
}

}  // namespace dlpx::test
