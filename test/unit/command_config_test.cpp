#include <sys/stat.h>

#include "base/error.h"
#include "command/config_file.h"
#include "command/generate.h"
#include "command/password.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/scratch.h"

using namespace dlpx;
using namespace dlpx::test;
using dlpx::test::Scratch;

namespace {

struct Refusal {
  std::string problem;
  std::string remedy;
};

Refusal refusalOf(const Scratch& scratch, const std::string& yaml) {
  writeFile(scratch / "c.yaml", yaml);
  try {
    ConfigFile(scratch / "c.yaml");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::usage);
    const std::string prefix = (scratch / "c.yaml").string() + ":";
    const std::string problem = e.what();
    CHECK(problem.substr(0, prefix.size()) == prefix);
    return {problem.substr(std::min(prefix.size(), problem.size())), e.remedy()};
  }
  return {"accepted", ""};
}

ConfigFile fileOf(const Scratch& scratch, const std::string& yaml) {
  writeFile(scratch / "c.yaml", yaml);
  return ConfigFile(scratch / "c.yaml");
}

std::string passwordError(const fs::path& path) {
  try {
    readPasswordFile(path, "--password-file");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::usage);
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an unknown yaml key is refused with its line and the nearest key") {
  const Scratch scratch;
  const Refusal refusal = refusalOf(scratch, "mount: /m\nsource_hots: a\n");
  CHECK(refusal.problem == "2: unknown key 'source_hots'");
  CHECK(refusal.remedy == "did you mean 'source_host'?");
}

TEST_CASE("a wrong yaml value is refused with its line") {
  const Scratch scratch;
  CHECK(refusalOf(scratch, "\nport: 70000\n").problem == "2: port is '70000', which is out of range");
  CHECK(refusalOf(scratch, "port: [1, 2]\n").problem == "1: port holds a list where a single value belongs");
  CHECK(refusalOf(scratch, "databases: {a: b}\n").problem ==
        "1: databases holds a mapping where a list belongs");
  CHECK(refusalOf(scratch, "a: 1\n").problem == "1: unknown key 'a'");
  CHECK(refusalOf(scratch, "resync: perhaps\n").problem ==
        "1: resync is 'perhaps', which is neither true nor false");
  CHECK(refusalOf(scratch, "port: 1\nmount: /m\nport: 2\n").problem == "3: key 'port' is given twice");
  CHECK(refusalOf(scratch, "- port\n").problem == "1: the file is not a mapping");
  CHECK(refusalOf(scratch, "config: x.yaml\n").problem == "1: unknown key 'config'");
  CHECK(refusalOf(scratch, "mount: /m\n  port: 1\n").problem.substr(0, 18) == "2: not valid YAML:");
  CHECK(refusalOf(scratch, "port: 1\n---\nport: 2\n").problem == "3: a second YAML document begins");
}

TEST_CASE("a password in the yaml file is refused and not shown") {
  const Scratch scratch;
  const Refusal refusal = refusalOf(scratch, "port: 1\nsource_password: hunter2\n");
  CHECK(refusal.problem == "2: the password source_password stands in the file itself");
  CHECK(refusal.remedy.find("source_password_file") != std::string::npos);
  CHECK((refusal.problem + refusal.remedy).find("hunter2") == std::string::npos);
}

TEST_CASE("a missing yaml file and a directory are usage errors") {
  const Scratch scratch;
  for (const fs::path& path : {scratch / "none.yaml", scratch.path()}) {
    try {
      ConfigFile file(path);
      FAIL("accepted");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::usage);
      CHECK(std::string(e.what()).find(path.string()) != std::string::npos);
    }
  }
}

TEST_CASE("yaml lists may be written as lists or with commas") {
  const Scratch scratch;
  CHECK(fileOf(scratch, "databases: [a, 'b,c']\n").find("databases")->items ==
        std::vector<std::string>{"a", "b,c"});
  CHECK(fileOf(scratch, "databases: a, b\n").find("databases")->items == std::vector<std::string>{"a", "b"});
  CHECK(fileOf(scratch, "setting:\n  - a=1,2\n  - b=3\n").find("setting")->items ==
        std::vector<std::string>{"a=1,2", "b=3"});
}

TEST_CASE("an empty yaml file and a key without a value give nothing") {
  const Scratch scratch;
  CHECK(fileOf(scratch, "").find("port") == nullptr);
  CHECK(fileOf(scratch, "# only a comment\n").find("port") == nullptr);
  CHECK(fileOf(scratch, "backup:\nport: ''\n").find("backup") == nullptr);
  CHECK(fileOf(scratch, "backup:\nport: ''\n").find("port") == nullptr);
}

TEST_CASE("a relative path in a yaml file is taken from the file's directory") {
  const Scratch scratch;
  const ConfigFile file = fileOf(scratch, "my_cnf: sub/my.cnf\nmount: /m\n");
  CHECK(file.find("my-cnf")->items.front() == (scratch / "sub/my.cnf").string());
  CHECK(file.find("mount")->items.front() == "/m");
}

TEST_CASE("the example yaml files are right in every key and value") {
  for (const char* name : {"staging-replication.yaml", "staging-manual.yaml", "vdb.yaml"}) {
    INFO(name);
    const fs::path path = fs::path(sourceDir()) / "config" / name;
    CHECK_NOTHROW(ConfigFile(path));
    // What stands behind "# " as an example of a key is right as well.
    std::string uncommented;
    for (const char* key : {"my_cnf", "source_ssl_ca", "backup"}) {
      const std::string content = readFile(path);
      const size_t at = content.find(std::string("\n# ") + key + ":");
      if (at != std::string::npos) uncommented += content.substr(at + 3, content.find('\n', at + 1) - at - 2);
    }
    const Scratch scratch;
    CHECK_NOTHROW(fileOf(scratch, uncommented));
  }
}

TEST_CASE("the reference in config/README.md is the parameter table's") {
  const std::string readme = readFile(fs::path(sourceDir()) / "config" / "README.md");
  INFO(
      "put the output of build/bin/dlpx-mysql-stage --generate reference between the markers of "
      "config/README.md");
  const std::string begin = "<!-- reference: begin -->\n";
  const size_t from = readme.find(begin);
  REQUIRE(from != std::string::npos);
  const size_t to = readme.find("<!-- reference: end -->");
  REQUIRE(to != std::string::npos);
  CHECK(readme.substr(from + begin.size(), to - from - begin.size()) == referenceMarkdown());
}

TEST_CASE("a password file may hold any byte but NUL and newline") {
  const Scratch scratch;
  const std::string wild = "a 'b\" $c\\ d\te\x01\xf0\x9f\x98\x80\r";
  writeFile(scratch / "p", wild + "\n", {0600, std::nullopt});
  CHECK(readPasswordFile(scratch / "p", "--password-file").reveal() == wild);
  writeFile(scratch / "p", wild, {0600, std::nullopt});
  CHECK(readPasswordFile(scratch / "p", "--password-file").reveal() == wild);
  for (const std::string& bad : {std::string("a\nb"), std::string("a\0b", 3), std::string("a\n\n")}) {
    writeFile(scratch / "p", bad, {0600, std::nullopt});
    CHECK(passwordError(scratch / "p") == "the password of --password-file holds a newline or a NUL byte");
  }
}

TEST_CASE("a password file that everybody can open is refused") {
  const Scratch scratch;
  writeFile(scratch / "p", "secret", {0644, std::nullopt});
  CHECK(passwordError(scratch / "p") ==
        "password file " + (scratch / "p").string() + " is open to every user of this host");
  chmod((scratch / "p").c_str(), 0602);
  CHECK(passwordError(scratch / "p").find("is open to every user") != std::string::npos);
  chmod((scratch / "p").c_str(), 0640);
  CHECK(readPasswordFile(scratch / "p", "--password-file").reveal() == "secret");
}

TEST_CASE("a password file that is missing or empty is a usage error") {
  const Scratch scratch;
  CHECK(passwordError(scratch / "none").find("cannot be read") != std::string::npos);
  CHECK(passwordError(scratch.path()).find("names a directory") != std::string::npos);
  writeFile(scratch / "p", "\n", {0600, std::nullopt});
  CHECK(passwordError(scratch / "p").find("is empty") != std::string::npos);
}
