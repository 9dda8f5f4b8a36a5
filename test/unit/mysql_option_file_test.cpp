#include "base/error.h"
#include "base/text.h"
#include "mysql/option_file.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

OptionFile parse(const std::string& text) {
  return OptionFile::parse(text, "my.cnf");
}

std::string problemOf(const fs::path& file) {
  try {
    OptionFile::read(file);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::optionFile);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a my.cnf is read as mysqld reads it") {
  const OptionFile file = parse(
      "# a comment\n[mysqld]\n  port = 3307  # the port\nskip-name-resolve\n; another\n"
      "datadir=\"/data/with space # and hash\"\ninit_connect='SET NAMES utf8mb4'\nsecure_file_priv=\n"
      "log_error=a\\sb\\n\\\\c\\q\n[client]\nuser=root\n");
  CHECK(file.get("mysqld", "port") == "3307");
  CHECK(file.get("mysqld", "skip_name_resolve") == "");
  CHECK(file.get("mysqld", "datadir") == "/data/with space # and hash");
  CHECK(file.get("mysqld", "init-connect") == "SET NAMES utf8mb4");
  CHECK(file.get("mysqld", "secure-file-priv") == "");
  CHECK(file.get("mysqld", "log-error") == "a b\n\\c\\q");
  CHECK(file.get("client", "user") == "root");
  CHECK_FALSE(file.get("client", "port").has_value());
  CHECK(file.groups() == std::vector<std::string>{"mysqld", "client"});
}

TEST_CASE("names with dashes, underscores, prefixes and old words are one setting") {
  CHECK(optionKey("loose-skip-slave-start") == "replica_start");
  CHECK(optionKey("skip_replica_start") == "replica_start");
  CHECK(optionKey("disable-log-bin") == optionKey("log_bin"));
  CHECK(optionKey("log-slave-updates") == optionKey("log_replica_updates"));
  CHECK(optionKey("sync_master_info") == optionKey("sync_source_info"));
  CHECK(optionKey("slave_net_timeout") != optionKey("net_read_timeout"));
}

TEST_CASE("the last line of a name wins and repeated ones are all there") {
  const OptionFile file = parse("[mysqld]\nplugin-load-add=a.so\nport=1\nplugin_load_add=b.so\nport=2\n");
  CHECK(file.get("mysqld", "port") == "2");
  CHECK(file.all("mysqld", "plugin-load-add") == std::vector<std::string>{"a.so", "b.so"});
}

TEST_CASE("settings are set, added and removed in their place") {
  OptionFile file = parse("[mysqld]\nport=1\n# note\nport=2\nuser=x\n[client]\nport=9\n");
  file.set("mysqld", "port", "3");
  file.add("mysqld", "socket", "/a b");
  file.remove("mysqld", "user");
  file.set("mysql", "prompt", "\\u> ");
  CHECK(file.text() ==
        "[mysqld]\n# note\nport=3\nsocket=\"/a b\"\n[client]\nport=9\n[mysql]\nprompt=\"\\\\u> \"\n");
}

TEST_CASE("every value that is written is read back byte by byte") {
  for (const std::string value :
       {"",      " ",      "a",    "a b",      "#x", "a#b",   "\"",  "'",     "a'b\"c",
        "\\",    "a\\",    "\\n",  "\n\t\r\b", "=",  "\"x\"", "'x'", "$HOME", "\xc3\xa9\xf0\x9f\x90\xac",
        " lead", "trail ", "\\\"", "\\'#"}) {
    const std::string line = optionLine({"name", value});
    INFO(line);
    CHECK(parse("[g]\n" + line + "\n").get("g", "name") == value);
  }
  CHECK(optionLine({"skip-log-bin", std::nullopt}) == "skip-log-bin");
}

TEST_CASE("what mysqld could not read is not written") {
  CHECK_THROWS_AS(optionLine({"a", std::string("x\0y", 3)}), Error);
  CHECK_THROWS_AS(optionLine({"a", std::string(5000, 'x')}), Error);
  CHECK_THROWS_AS(optionLine({"a b", "x"}), Error);
  CHECK_THROWS_AS(optionLine({"a\n[x]", "x"}), Error);
}

TEST_CASE("includes are resolved in order and the group goes on after them") {
  const test::Scratch scratch;
  fs::create_directory(scratch / "conf.d");
  writeFile(scratch / "conf.d/b.cnf", "[mysqld]\nb=2\n");
  writeFile(scratch / "conf.d/a.cnf", "[mysqld]\na=1\n[client]\nuser=u\n");
  writeFile(scratch / "conf.d/c.txt", "[mysqld]\nc=3\n");
  writeFile(scratch / "one.cnf", "[mysqld]\none=1\n");
  writeFile(scratch / "my.cnf", "[mysqld]\n!include " + (scratch / "one.cnf").string() +
                                    "\nport=1\n!includedir " + (scratch / "conf.d").string() + "\nlast=1\n");
  const OptionFile file = OptionFile::read(scratch / "my.cnf");
  std::vector<std::string> names;
  for (const auto& option : file.options("mysqld")) names.push_back(option.name);
  CHECK(names == std::vector<std::string>{"one", "port", "a", "b", "last"});
  CHECK(file.get("client", "user") == "u");
  CHECK(OptionFile::parse(file.text(), "again").options("mysqld") == file.options("mysqld"));
}

TEST_CASE("an unusable option file is named with its line") {
  const test::Scratch scratch;
  const fs::path file = scratch / "my.cnf";
  CHECK(holds(problemOf(file), file.string()));
  writeFile(file, "[mysqld]\n\n!include /nowhere/x.cnf\n");
  CHECK(startsWith(problemOf(file), file.string() + ":3: /nowhere/x.cnf"));
  writeFile(file, "[mysqld]\n!include " + file.string() + "\n");
  CHECK(holds(problemOf(file), ":2: "));
  CHECK(holds(problemOf(file), "includes itself"));
  writeFile(file, "port=1\n");
  CHECK(startsWith(problemOf(file), file.string() + ":1: "));
  writeFile(file, "[mysqld\n");
  CHECK(startsWith(problemOf(file), file.string() + ":1: "));
  writeFile(file, "[mysqld]\n!incluude x\n");
  CHECK(startsWith(problemOf(file), file.string() + ":2: "));
  writeFile(file, "[mysqld]\n!includedir /nowhere/conf.d\n");
  CHECK(startsWith(problemOf(file), file.string() + ":2: "));
}

TEST_CASE("ours win over theirs in every group that mysqld reads, and theirs stay as comments") {
  OptionFile file = parse(
      "[mysqld]\ndatadir=/"
      "theirs\nmax_connections=7\nskip-slave-start\n[mysqld-9.7]\nloose-port=1\n[client]\nport=2\n");
  const std::vector<Option> ours{{"datadir", "/ours"}, {"port", "3"}, {"skip_replica_start", "ON"}};
  file.merge(ours);
  const std::string merged =
      "[mysqld]\n# overridden: datadir=/theirs\nmax_connections=7\n# overridden: "
      "skip-slave-start\n[mysqld-9.7]\n"
      "# overridden: loose-port=1\n[client]\nport=2\n# begin: set by "
      "dlpx-mysql\n[mysqld]\ndatadir=/ours\nport=3\n"
      "skip_replica_start=ON\n# end: set by dlpx-mysql\n";
  CHECK(file.text() == merged);
  SECTION("merging again gives the same") {
    OptionFile again = parse(merged);
    again.merge(ours);
    CHECK(again.text() == merged);
  }
  SECTION("what ours no longer override is theirs again") {
    OptionFile again = parse(merged);
    again.merge({{"port", "3"}});
    CHECK(again.get("mysqld", "datadir") == "/theirs");
    CHECK(again.has("mysqld", "skip-slave-start"));
  }
}

TEST_CASE("a client's option file holds any password") {
  ConnectionOptions options;
  options.endpoint = {"db.example", 3307, {}};
  options.user = "o'neil";
  options.password = Secret("a \"b\" 'c' $d \\e #f \xc3\xa9");
  options.ssl = SslMode::required;
  const OptionFile file = parse(clientOptionText(options));
  CHECK(file.get("client", "password") == options.password.reveal());
  CHECK(file.get("client", "user") == "o'neil");
  CHECK(file.get("client", "host") == "db.example");
  CHECK(file.get("client", "port") == "3307");
  CHECK(file.get("client", "ssl-mode") == "REQUIRED");
  options.endpoint.socket = "/run/s.sock";
  CHECK(parse(clientOptionText(options)).get("client", "protocol") == "SOCKET");
  CHECK_FALSE(parse(clientOptionText(options)).has("client", "host"));
}
