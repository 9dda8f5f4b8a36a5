#include <set>

#include "base/error.h"
#include "base/json_full.h"
#include "command/parameters.h"
#include "command/table.h"
#include "command/value.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;

namespace {

std::string problemOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::usage);
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("names, variables and keys of the parameter table are unique") {
  std::set<std::string> seen;
  std::set<char> letters;
  for (const ParameterSpec& spec : parameterTable()) {
    INFO(spec.name);
    CHECK(seen.insert(spec.flag()).second);
    if (!spec.variable().empty()) CHECK(seen.insert(spec.variable()).second);
    if (!spec.secretVariable().empty()) CHECK(seen.insert(spec.secretVariable()).second);
    if (!spec.key().empty()) CHECK(seen.insert("key " + spec.key()).second);
    if (spec.shortFlag != 0) CHECK(letters.insert(spec.shortFlag).second);
    CHECK_FALSE(spec.help.empty());
    CHECK(spec.placeholder.empty() == (spec.type == ValueType::flag));
  }
}

TEST_CASE("every default of the parameter table is a right value") {
  for (const ParameterSpec& spec : parameterTable()) {
    INFO(spec.name);
    if (!spec.fallback.empty())
      CHECK_NOTHROW(Parameters().setList(spec.name, splitItems(spec, spec.fallback)));
  }
}

TEST_CASE("an archived variable means one parameter to each executable") {
  for (const char* app : {"stage", "vdb", "engine", "backup"}) {
    std::set<std::string> seen;
    for (const ParameterSpec& spec : parameterTable()) {
      for (const Alias& alias : spec.aliases) {
        if (alias.apps.empty() || alias.apps.find(app) != std::string::npos) {
          INFO(app << " " << alias.variable);
          CHECK(seen.insert(alias.variable).second);
        }
      }
    }
  }
}

TEST_CASE("times are read with their units") {
  const auto read = [](const std::string& text) {
    return Parameters().set("timeout", text).duration("timeout");
  };
  CHECK(read("90") == Seconds(90));
  CHECK(read("90s") == Seconds(90));
  CHECK(read("15m") == Seconds(900));
  CHECK(read("2h") == Seconds(7200));
  CHECK(read("1d") == Seconds(86400));
  CHECK(read("1.5 h") == Seconds(5400));
  CHECK(read("1500ms") == Milliseconds(1500));
  for (const char* bad : {"soon", "-5", "5 weeks", "h", "1e9", "99999999999999d", "nan"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), Error);
  }
  CHECK(problemOf([&] { read("10ms"); }) == "--timeout is '10ms', which is out of range");
}

TEST_CASE("sizes are read in units of 1024") {
  const auto read = [](const std::string& text) { return Parameters().set("size", text).bytes("size"); };
  CHECK(read("300M") == 300ULL * 1024 * 1024);
  CHECK(read("20G") == 20ULL * 1024 * 1024 * 1024);
  CHECK(read("1TiB") == 1024ULL * 1024 * 1024 * 1024);
  CHECK(read("1073741824") == 1073741824ULL);
  CHECK_THROWS_AS(read("1M"), Error);
}

TEST_CASE("ports and numbers outside their range are refused") {
  CHECK(Parameters().set("port", "65535").port("port") == 65535);
  CHECK(Parameters().set("server-id", "4294967295").integer("server-id") == 4294967295);
  for (const char* bad : {"0", "65536", "-1", "33o6", "3306.0", "0x10", "99999999999999999999", "3306 x"}) {
    INFO(bad);
    CHECK_THROWS_AS(Parameters().set("port", bad), Error);
  }
}

TEST_CASE("choices are read in any case and a near one is proposed") {
  CHECK(Parameters().set("method", "CLONE").text("method") == "clone");
  CHECK(Parameters().set("events", "true").text("events") == "on");
  try {
    Parameters().set("method", "dmup");
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.remedy() == "did you mean 'dump'?");
  }
}

TEST_CASE("an assignment keeps everything behind its first equals sign") {
  Parameters parameters;
  parameters.setList("setting", {"sql_mode=A,B", "init_connect = SET a=1"});
  CHECK(parameters.assignments("setting") ==
        std::vector<std::pair<std::string, std::string>>{{"sql_mode", "A,B"}, {"init_connect", "SET a=1"}});
  CHECK_THROWS_AS(Parameters().set("setting", "skip-networking"), Error);
  CHECK_THROWS_AS(Parameters().set("setting", "=5"), Error);
}

TEST_CASE("paths become absolute and lose their trailing slash") {
  CHECK(Parameters().set("mount", "/a/b/../c/").path("mount") == "/a/c");
  CHECK(Parameters().set("mount", "/").path("mount") == "/");
  CHECK(Parameters().set("mount", "x").path("mount") == fs::current_path() / "x");
}

TEST_CASE("the user is taken from a connection's options") {
  CHECK(userOfConnection("-uroot --host=h -p") == "root");
  CHECK(userOfConnection("-u root -p") == "root");
  CHECK(userOfConnection("--host=h --user=adm") == "adm");
  CHECK(userOfConnection("--host=h -p").empty());
  CHECK(userOfConnection("-u").empty());
}

TEST_CASE("a missing parameter is told with its flag, variable and key") {
  const Parameters parameters("dlpx-mysql-stage init");
  try {
    parameters.text("source-host");
    FAIL("found");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::usage);
    CHECK(std::string(e.what()) == "parameter --source-host is required for dlpx-mysql-stage init");
    CHECK(e.remedy() ==
          "give --source-host HOST, set DLPX_MYSQL_SOURCE_HOST, or put source_host: into the YAML file");
  }
}

TEST_CASE("a name that the table lacks and a wrong type are internal errors") {
  for (const auto& action : std::vector<std::function<void()>>{
           [] { Parameters().text("sourcehost"); }, [] { Parameters().set("port", "1").text("port"); },
           [] { Parameters().set("source-password", "x"); }, [] { Parameters().secret("source-host"); }}) {
    try {
      action();
      FAIL("accepted");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::internal);
    }
  }
}

TEST_CASE("what is not given has no value, and a flag is false") {
  const Parameters parameters;
  CHECK_FALSE(parameters.has("port"));
  CHECK(parameters.origin("port").empty());
  CHECK_FALSE(parameters.flag("resync"));
  CHECK_FALSE(parameters.flagIfGiven("resync"));
  CHECK(parameters.list("databases").empty());
  CHECK(parameters.textOr("user", "dev") == "dev");
  CHECK_FALSE(parameters.secret("password"));
}

TEST_CASE("a secret is found with and without its file ending and is never shown") {
  Parameters parameters;
  parameters.setSecret("source-password-file", Secret("it's"));
  CHECK(parameters.requireSecret("source-password").reveal() == "it's");
  const Json shown = parameters.toJson({"source-password"});
  CHECK(compact(shown) == R"({"source-password":{"value":"<redacted>","origin":"caller"}})");
  CHECK(parameters.toText({"source-password"}).find("it's") == std::string::npos);
}
