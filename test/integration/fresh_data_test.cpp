#include "backup/fresh_data.h"

#include <functional>
#include <map>

#include "base/error.h"
#include "server/server_options.h"
#include "support/catch.h"
#include "support/instance_bed.h"
#include "support/mysql_server.h"

using namespace dlpx;

namespace {

fs::path keptIn(const test::InstanceBed& bed) {
  return bed.scratch / "fresh-data";
}

std::vector<fs::path> filesIn(const fs::path& directory) {
  std::vector<fs::path> files;
  if (fs::exists(directory))
    for (const auto& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
  return files;
}

// A further instance of the same host, on another mount and port; its server is stopped at the end.
struct Another {
  Instance instance;

  explicit Another(Instance made) : instance(std::move(made)) {}
  Another(const Another&) = delete;
  Another& operator=(const Another&) = delete;
  ~Another() {
    try {
      instance.stop(Deadline::in(Seconds(60)), true);
    } catch (const std::exception&) {
    }
  }
  operator const Instance&() const { return instance; }
};

Another another(const test::InstanceBed& bed, const std::string& name,
                const std::vector<Option>& settings = {{"innodb_redo_log_capacity", "16M"},
                                                       {"skip-log-bin", std::nullopt}}) {
  const Instance instance(Mount(bed.scratch / name), test::InstanceBed::facts());
  makeDirectory(instance.mount().root(), {0755, instance.owner()});
  instance.mount().create(instance.owner());
  writeOptionFile(instance, {.role = settings});
  return Another(instance);
}

std::string made(const Instance& instance) {
  return makeFreshData(instance, {{}, test::InstanceBed::firstStatements(), Deadline::in(Seconds(120))});
}

// mysqld tells in its error log that it has made a data directory.
bool initialised(const Instance& instance) {
  return readFileIfThere(instance.mount().errorLog()).value_or("").find("initializing") != std::string::npos;
}

struct Identity {
  std::string uuid, certificate, key;
};

// Starts it, and looks who may come in.
Identity startedAndSafe(const Instance& instance, const std::string& statements) {
  instance.start({.initStatements = statements});
  Session session = instance.connect("manager", test::InstanceBed::password());
  CHECK(session.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'manager'") == 1);
  CHECK(session.number(
            "SELECT COUNT(*) FROM mysql.user WHERE account_locked = 'N' AND authentication_string = ''"
            " AND User <> 'root'") == 0);
  CHECK(session.variable("gtid_executed").empty());
  Identity identity{session.variable("server_uuid"), readFile(instance.mount().data() / "server-cert.pem"),
                    readFile(instance.mount().data() / "private_key.pem")};
  CHECK(ownerOf(instance.mount().data() / "mysql.ibd").uid == instance.owner().uid);
  return identity;
}

}  // namespace

TEST_CASE("a second server's empty data directory is unpacked, and has nothing of the first one's identity") {
  const test::InstanceBed bed;
  const std::string statements = made(bed.instance);
  CHECK(statements == test::InstanceBed::firstStatements());
  CHECK(initialised(bed.instance));
  const std::vector<fs::path> kept = filesIn(keptIn(bed));
  REQUIRE(kept.size() == 1);
  CHECK(fs::file_size(kept.front()) < (8U << 20));
  CHECK((fs::status(keptIn(bed)).permissions() & fs::perms::others_all) == fs::perms::none);
  const Identity first = startedAndSafe(bed.instance, statements);

  const Another second = another(bed, "second");
  const Identity identity = startedAndSafe(second, made(second));
  CHECK_FALSE(initialised(second));
  CHECK(identity.uuid != first.uuid);
  CHECK(identity.certificate != first.certificate);
  CHECK(identity.key != first.key);
}

TEST_CASE("a kept data directory that is damaged, or somebody else's, is made anew") {
  const test::InstanceBed bed;
  static_cast<void>(made(bed.instance));
  const fs::path kept = filesIn(keptIn(bed)).at(0);
  const std::map<std::string, std::function<void()>> damages = {
      {"cut off", [&] { fs::resize_file(kept, fs::file_size(kept) / 2); }},
      {"something else",
       [&] {
         writeFile(kept, "not an archive", {0600, std::nullopt});
       }},
      {"somebody else's", [&] { setOwner(kept, ownerOf(std::string("mysql"))); }},
      {"where anybody may write", [&] { fs::permissions(keptIn(bed), fs::perms::all); }}};
  for (const auto& [name, damage] : damages) {
    INFO(name);
    damage();
    const Another next = another(bed, name);
    const std::string statements = made(next);
    CHECK(initialised(next));
    if (name == "cut off") startedAndSafe(next, statements);
  }
}

TEST_CASE("a data directory that is not empty is refused, and stays as it was") {
  const test::InstanceBed bed;
  static_cast<void>(made(bed.instance));
  const Another second = another(bed, "second");
  writeFile(second.instance.mount().data() / "precious", "data");
  CHECK_THROWS_AS(made(second), Error);
  CHECK(readFile(second.instance.mount().data() / "precious") == "data");
  CHECK(filesIn(keptIn(bed)).size() == 1);
}

TEST_CASE(
    "the four data directories that were used last are kept, and nothing of a command that was killed") {
  const test::InstanceBed bed;
  static_cast<void>(made(bed.instance));
  const fs::path first = filesIn(keptIn(bed)).at(0);
  const auto hour = std::chrono::hours(1);
  for (int i = 1; i <= 4; ++i) {
    const fs::path older =
        keptIn(bed) / ("older" + std::to_string(i) + (i == 4 ? ".tar.zst.half" : ".tar.zst"));
    writeFile(older, "kept", {0600, std::nullopt});
    fs::last_write_time(older, fs::file_time_type::clock::now() - i * hour);
  }
  static_cast<void>(made(another(bed, "other", {{"innodb_page_size", "8k"}})));
  CHECK(filesIn(keptIn(bed)).size() == 4);
  CHECK(fs::exists(first));
  CHECK(fs::exists(keptIn(bed) / "older2.tar.zst"));
  CHECK_FALSE(fs::exists(keptIn(bed) / "older3.tar.zst"));
  CHECK_FALSE(fs::exists(keptIn(bed) / "older4.tar.zst.half"));
}

TEST_CASE("another setting has another data directory, and one that cannot be kept is made all the same") {
  const test::InstanceBed bed;
  static_cast<void>(made(bed.instance));
  const Another small = another(bed, "small", {{"innodb_page_size", "8k"}, {"skip-log-bin", std::nullopt}});
  SECTION("other pages") {
    const std::string statements = made(small);
    CHECK(initialised(small));
    CHECK(filesIn(keptIn(bed)).size() == 2);
    startedAndSafe(small, statements);
    CHECK(small.instance.connect("manager", test::InstanceBed::password()).variable("innodb_page_size") ==
          "8192");
  }
  SECTION("code that is loaded at the start: the accounts are made before") {
    const Another loading = another(bed, "loading", {{"plugin-load-add", "validate_password.so"}});
    CHECK(made(loading).empty());
    startedAndSafe(loading, {});
    CHECK(filesIn(keptIn(bed)).size() == 1);
  }
  SECTION("no place to keep it") {
    removeTree(keptIn(bed));
    writeFile(keptIn(bed), "in the way");
    startedAndSafe(small, made(small));
  }
}
