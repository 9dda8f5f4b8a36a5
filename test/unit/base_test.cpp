#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/journal.h"
#include "base/json_full.h"
#include "base/lock.h"
#include "base/progress.h"
#include "base/rename.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/undo.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

TEST_CASE("an undo runs in reverse order and goes on after a failure") {
  std::string order;
  {
    Undo undo;
    undo.add("first", [&] { order += "1"; });
    undo.add("second", [&] {
      order += "2";
      throw Error(ExitCode::internal, "cannot undo this");
    });
    undo.add("third", [&] { order += "3"; });
  }
  CHECK(order == "321");
}

TEST_CASE("a committed undo reverts nothing") {
  bool ran = false;
  {
    Undo undo;
    undo.add("effect", [&] { ran = true; });
    undo.commit();
  }
  CHECK_FALSE(ran);
}

TEST_CASE("a written file has its mode and leaves no temporary file") {
  const test::Scratch scratch;
  writeFile(scratch / "a", "old");
  writeFile(scratch / "a", "new", {0600, std::nullopt});
  struct stat status = {};
  REQUIRE(stat((scratch / "a").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(readFile(scratch / "a") == "new");
  CHECK(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a path through a symbolic link that leads outside does not lie inside") {
  const test::Scratch scratch;
  makeDirectory(scratch / "in");
  makeDirectory(scratch / "out");
  fs::create_symlink(scratch / "out", scratch / "in" / "link");
  CHECK(liesInside(scratch / "in" / "not" / "there", scratch / "in"));
  CHECK_FALSE(liesInside(scratch / "in" / "link" / "file", scratch / "in"));
  CHECK_FALSE(liesInside(scratch / "in" / ".." / "out", scratch / "in"));
  CHECK_FALSE(liesInside(scratch / "inner", scratch / "in"));
}

TEST_CASE("a lock names its holder to the one who waits and goes with a killed process") {
  const test::Scratch scratch;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const FileLock lock = FileLock::acquire(scratch / "lock", "provision", Deadline::in(Seconds(5)));
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  try {
    FileLock::acquire(scratch / "lock", "init", Deadline::in(Milliseconds(20)));
    FAIL("two processes hold one lock");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::locked);
    CHECK_THAT(e.what(), Catch::Contains("'provision', pid " + std::to_string(holder)));
  }
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  CHECK_NOTHROW(FileLock::acquire(scratch / "lock", "init", Deadline::in(Milliseconds(20))));
}

TEST_CASE("a journal keeps the facts of its file and forgets the operation when it is finished") {
  const test::Scratch scratch;
  const fs::path file = scratch / "state.json";
  mergeFacts(file, {{"port", 3306}, {"old", 1}});
  Journal journal(file, "init");
  journal.step("restore", {{"method", "clone"}});
  CHECK(Journal::unfinished(file).operation == "init");
  CHECK(Journal::unfinished(file).step == "restore");
  CHECK(Journal::entry(file)["details"]["method"] == "clone");
  mergeFacts(file, {{"old", nullptr}, {"basedir", "/usr"}});
  CHECK(Journal::unfinished(file).step == "restore");
  journal.finish();
  CHECK(Journal::unfinished(file).operation.empty());
  CHECK(readFacts(file) == Json({{"port", 3306}, {"basedir", "/usr"}}));
}

TEST_CASE("a random secret satisfies a strong password policy") {
  const std::string value = randomSecret().reveal();
  CHECK(value.size() == 24);
  CHECK(value.find_first_of("'\"\\ `$") == std::string::npos);
  CHECK(value.find_first_of("0123456789") != std::string::npos);
  CHECK(randomSecret().reveal() != value);
}

TEST_CASE("sizes and durations read as people write them") {
  CHECK(humanBytes(999) == "999 B");
  CHECK(humanBytes(1500000) == "1.5 MB");
  CHECK(humanBytes(157000000) == "157 MB");
  CHECK(humanDuration(0.85) == "850 ms");
  CHECK(humanDuration(2.34) == "2.3 s");
  CHECK(humanDuration(250) == "4 min 10 s");
}

TEST_CASE("the nearest word is found and a far one is not") {
  CHECK(nearest("source_hots", {"source_host", "source_port", "mount"}) == "source_host");
  CHECK(nearest("zzzzzz", {"source_host", "mount"}).empty());
}

TEST_CASE("the last lines of a text are its last lines") {
  CHECK(lastLines("a\nb\nc\n", 2) == "b\nc");
  CHECK(lastLines("a", 2) == "a");
  CHECK(lastLines("", 2).empty());
}

TEST_CASE("a table pads by characters, not by bytes") {
  TextTable table({"name", "size"});
  table.add({"größe", "1"});
  table.add({"x", "10"});
  table.alignRight({1});
  CHECK(table.text() == "name   size\ngröße     1\nx        10\n");
}

TEST_CASE("progress tells rate and time left when the total is known") {
  Progress progress("copying", 100000000);
  progress.set(25000000);
  CHECK(progress.line(5) == "copying: 25 MB of 100 MB (25%), 5.0 MB/s, 15.0 s left");
}

TEST_CASE("a file gets its name, and never in the place of another") {
  const test::Scratch scratch;
  writeFile(scratch / "a", "new");
  writeFile(scratch / "b", "theirs");
  CHECK_THROWS_AS(renameNew(scratch / "a", scratch / "b"), Error);
  CHECK(readFile(scratch / "b") == "theirs");
  renameNew(scratch / "a", scratch / "c");
  CHECK(readFile(scratch / "c") == "new");
  CHECK_FALSE(fs::exists(scratch / "a"));
}
