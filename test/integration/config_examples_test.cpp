// The annotated examples are run as they stand, by the commands in their heads: only what names another host,
// its accounts, directories and ports is exchanged for what is here.

#include <set>

#include "base/text.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

namespace {

const fs::path sources = sourceDir();

// `values` in place of what the example says for these keys, each of which it must have.
std::string adapted(const std::string& example, const Values& values) {
  std::set<std::string> missing;
  for (const auto& [key, value] : values) missing.insert(key);
  std::string text;
  for (const std::string& line : split(example, '\n')) {
    const std::string key = line.substr(0, line.find(':'));
    const bool replaced = missing.erase(key) != 0;
    text += (replaced ? key + ": " + values.at(key) : line) + "\n";
  }
  INFO(example);
  CHECK(missing.empty());
  return text;
}

// The command lines in an example's head, the file's name in them replaced by `file`.
std::vector<Words> commandsIn(const std::string& example, const fs::path& file) {
  std::vector<Words> commands;
  for (const std::string& line : split(example, '\n')) {
    if (!startsWith(line, "#   dlpx-mysql-")) continue;
    Words words = split(trim(line.substr(1, line.find("  (", 4) - 1)), ' ');
    for (std::string& word : words) word = word == file.filename() ? file.string() : word;
    commands.push_back(words);
  }
  return commands;
}

// The YAML of README.md, with which it tells a new user to link.
std::string exampleOfReadme() {
  const std::string readme = readFile(sources / "README.md");
  const size_t begin = readme.find("```yaml\n") + 8;
  return replaceAll("\n" + readme.substr(begin, readme.find("```", begin) - begin), "\n   ", "\n");
}

struct Examples {
  Shop shop{""};
  std::set<std::string> run;

  fs::path basedir() const { return mysqlDirectory() / "9.7"; }
  fs::path mountOf(const std::string& name) const { return shop.host / ("mount-" + name); }

  Values source() const {
    const std::string copier = shop.host.passwordFile("copier", shop.copier);
    return {{"source_host", "127.0.0.1"},
            {"source_user", "copier"},
            {"source_password_file", copier},
            {"replication_user", "copier"},
            {"replication_password_file", copier},
            {"basedir", basedir()},
            {"port", std::to_string(shop.stagingPort)},
            {"staging_password_file", shop.host.passwordFile("staging", shop.staging)}};
  }

  fs::path write(const std::string& name, const std::string& example, const Values& values) const {
    const fs::path file = shop.host / name;
    writeFile(file, adapted(example, values), {0600, std::nullopt});
    return file;
  }

  Finished tool(const Words& words) const {
    const Finished finished = shop.host.tool(words);
    INFO(join(words, " ") << "\n" << finished.err);
    CHECK(finished.ok());
    return finished;
  }

  void dryAndReal(Words words) const {
    words.push_back("--dry-run");
    CHECK(startsWith(tool(words).out, words[0]));
    words.pop_back();
    tool(words);
  }
};

}  // namespace

TEST_CASE("every annotated example does on a real server what its head says") {
  Examples examples;
  const Shop& shop = examples.shop;
  const auto textOf = [&](const std::string& name) {
    examples.run.insert(name);
    return readFile(sources / "config" / name);
  };

  // With the example of a my.cnf, too, where the YAML shows how to name it.
  writeFile(shop.host / "my.cnf", textOf("my.cnf"));
  const std::string replication = replaceAll(textOf("staging-replication.yaml"), "# my_cnf:", "my_cnf:");
  Values values = examples.source();
  values.insert({{"mount", examples.mountOf("replication")},
                 {"my_cnf", "my.cnf"},
                 {"source_port", std::to_string(shop.source.port())}});
  const fs::path staging = examples.write("staging-replication.yaml", replication, values);
  const auto forStaging = commandsIn(replication, staging);
  REQUIRE(forStaging.size() == 2);
  examples.tool(forStaging[0]);  // check, which changes nothing
  examples.dryAndReal(forStaging[1]);
  CHECK(shop.onStaging().number("SELECT @@max_connections") == 100);
  CHECK(shop.onStaging().number("SELECT @@server_id") == 330610);
  CHECK(shop.onStaging().number("SELECT COUNT(*) FROM shop.orders") == 1000);

  const std::string vdbExample = textOf("vdb.yaml");
  const uint16_t port = freePort();
  const fs::path vdb = examples.write("vdb.yaml", vdbExample,
                                      {{"mount", examples.mountOf("vdb")},
                                       {"basedir", examples.basedir()},
                                       {"port", std::to_string(port)},
                                       {"password_file", shop.host.passwordFile("vdb", shop.vdb)}});
  const auto forVdb = commandsIn(vdbExample, vdb);
  REQUIRE(forVdb.size() == 2);
  const auto onVdb = [&] {
    return Session::connect(
        {.endpoint = {.host = "127.0.0.1", .port = port}, .user = "dev", .password = shop.vdb});
  };
  examples.tool({"dlpx-mysql-stage", "pre-snapshot", "--config", staging});
  examples.tool({"dlpx-mysql-stage", "stop", "--config", staging});
  runChecked({.argv = {"cp", "-a", examples.mountOf("replication"), examples.mountOf("vdb")}},
             ExitCode::internal, "cannot copy the mount");
  examples.dryAndReal(forVdb[0]);
  CHECK(onVdb().number("SELECT @@max_connections") == 50);
  CHECK(onVdb().number("SELECT COUNT(*) FROM shop.orders") == 1000);
  examples.tool({"dlpx-mysql-vdb", "remove", "--config", vdb});
  examples.tool({"dlpx-mysql-stage", "remove", "--config", staging});

  const std::string manual = textOf("staging-manual.yaml");
  const fs::path empty = examples.write("staging-manual.yaml", manual,
                                        {{"mount", examples.mountOf("manual")},
                                         {"basedir", examples.basedir()},
                                         {"port", std::to_string(shop.stagingPort)},
                                         {"staging_password_file", values.at("staging_password_file")}});
  const auto forManual = commandsIn(manual, empty);
  REQUIRE(forManual.size() == 1);
  examples.dryAndReal(forManual[0]);
  CHECK(shop.onStaging().number("SELECT @@server_id") == 330620);
  examples.tool({"dlpx-mysql-stage", "remove", "--config", empty});

  // The local engine, by the README's example and the one of a VDB.
  const std::string readme = exampleOfReadme();
  const fs::path link = examples.write(
      "shop.yaml", "source_port: " + std::to_string(shop.source.port()) + "\n" + readme, examples.source());
  examples.tool(
      {"dlpx-mysql-engine", "pool", "create", "--driver", "copy", "--directory", shop.host / "pool"});
  examples.dryAndReal({"dlpx-mysql-engine", "link", "shop", "--config", link});
  examples.dryAndReal(forVdb[1]);
  CHECK(onVdb().number("SELECT COUNT(*) FROM shop.orders") == 1000);

  for (const auto& entry : fs::directory_iterator(sources / "config")) {
    const std::string name = entry.path().filename();
    INFO(name << " is no example that was run");
    CHECK((examples.run.contains(name) || entry.path().extension() == ".md" ||
           name == "dlpx-mysql-engine.service.in"));
  }
}
