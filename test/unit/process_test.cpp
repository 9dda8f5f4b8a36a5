#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "process/command.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

TEST_CASE("a command's output, error output and exit code come back apart") {
  const Finished finished = run({.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
  CHECK(finished.exitCode == 3);
  CHECK(finished.out == "out\n");
  CHECK(finished.err == "err\n");
}

TEST_CASE("an argument with quotes, spaces and dollar signs arrives as it is") {
  const std::string odd = "a 'b' \"c\" $HOME \\ `id` é";
  CHECK(run({.argv = {"printf", "%s", odd}}).out == odd);
}

TEST_CASE("a missing program is named") {
  try {
    run({.argv = {"no-such-program-here"}});
    FAIL("it ran");
  } catch (const Error& e) {
    CHECK_THAT(e.what(), Catch::Contains("no-such-program-here"));
  }
}

TEST_CASE("a command that does not end by its deadline is ended") {
  try {
    run({.argv = {"sleep", "60"}, .deadline = Deadline::in(Milliseconds(50))});
    FAIL("it ended");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::timeout);
  }
}

TEST_CASE("a grandchild that keeps stdout open does not block the caller") {
  const Finished finished = run({.argv = {"sh", "-c", "sleep 30 & echo $!"},
                                 .outlivesUs = true,
                                 .deadline = Deadline::in(Seconds(10))});
  CHECK(finished.ok());
  kill(std::stoi(finished.out), SIGKILL);
}

TEST_CASE("a child inherits no descriptor but the ones it is given") {
  const int leaky = open("/dev/null", O_RDONLY);  // without close-on-exec, as a library might
  const SecretFile secret(Secret("s3 cret"));
  const Finished finished =
      run({.argv = {"sh", "-c", "ls /proc/self/fd; cat " + secret.path()}, .inherit = {secret.fd()}});
  close(leaky);
  const std::vector<std::string> lines = split(finished.out, '\n');
  // 0, 1, 2, the secret, and the directory that ls itself reads.
  CHECK(lines.size() == 6);
  CHECK(lines.back() == "s3 cret");
}

TEST_CASE("a child's environment has what was added and lacks what was removed") {
  setenv("DLPX_TEST_GONE", "1", 1);
  const Finished finished =
      run({.argv = {"env"}, .environment = {{"DLPX_TEST_NEW", "a b"}}, .unset = {"DLPX_TEST_GONE"}});
  unsetenv("DLPX_TEST_GONE");
  CHECK_THAT(finished.out, Catch::Contains("DLPX_TEST_NEW=a b\n"));
  CHECK_THAT(finished.out, !Catch::Contains("DLPX_TEST_GONE"));
}

TEST_CASE("a failed command's own words are in the error") {
  try {
    runChecked({.argv = {"sh", "-c", "echo first >&2; echo disk on fire >&2; exit 1"}}, ExitCode::storage,
               "snapshot failed");
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::storage);
    CHECK_THAT(e.what(), Catch::Contains("snapshot failed: sh ended with exit code 1: first\ndisk on fire"));
  }
}

TEST_CASE("a stream of megabytes passes from one child to another") {
  Child producer({.argv = {"head", "-c", "5000000", "/dev/zero"}}, Child::Pipes::output);
  const test::Scratch scratch;
  Child consumer({.argv = {"sh", "-c", "cat > \"$0\"", (scratch / "copy").string()}}, Child::Pipes::input);
  std::vector<char> buffer(100000);
  while (const size_t count = producer.read(buffer.data(), buffer.size(), Deadline::in(Seconds(20)))) {
    REQUIRE(consumer.write({buffer.data(), count}, Deadline::in(Seconds(20))));
  }
  CHECK(producer.wait(Deadline::in(Seconds(5))).ok());
  CHECK(consumer.wait(Deadline::in(Seconds(5))).ok());
  CHECK(fs::file_size(scratch / "copy") == 5000000);
}

TEST_CASE("writing to a child that has ended is told, not a signal") {
  signal(SIGPIPE, SIG_IGN);
  Child consumer({.argv = {"true"}}, Child::Pipes::input);
  const std::string block(1 << 20, 'x');
  bool open = true;
  for (int i = 0; i < 100 && open; ++i) open = consumer.write(block, Deadline::in(Seconds(5)));
  CHECK_FALSE(open);
}

TEST_CASE("a child dies with the process that started it") {
  int report[2];
  REQUIRE(pipe(report) == 0);
  const pid_t middle = fork();
  if (middle == 0) {
    const Child child({.argv = {"sleep", "60"}}, Child::Pipes::output);
    const pid_t pid = child.pid();
    if (write(report[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    kill(getpid(), SIGKILL);
  }
  pid_t sleeper = 0;
  REQUIRE(read(report[0], &sleeper, sizeof sleeper) == sizeof sleeper);
  waitpid(middle, nullptr, 0);
  CHECK(waitUntil(Deadline::in(Seconds(5)), [&] {
    const auto facts = lookAtProcess(sleeper);
    return !facts || !isAlive(*facts);
  }));
}

TEST_CASE("a port's listener is found, and port 3308 is not 33080") {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener, 1) == 0);
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const uint16_t port = ntohs(address.sin_port);
  CHECK(listenerOf(port) == getpid());
  CHECK(listenerOf(static_cast<uint16_t>(port / 10)) != getpid());
  close(listener);
  CHECK(listenerOf(port) != getpid());
}

TEST_CASE("lines of a child's stderr are told while it runs, and still captured") {
  const test::Scratch scratch;
  const fs::path seen = scratch / "seen";
  Command command;
  // The second line is only written once the first has been told.
  command.argv = {"bash", "-c", "echo first >&2; until [ -e \"$0\" ]; do sleep 0.01; done; printf second >&2",
                  seen};
  command.deadline = Deadline::in(Seconds(60));
  std::vector<std::string> lines;
  command.onErrorLine = [&](std::string_view line) {
    lines.emplace_back(line);
    writeFile(seen, "");
  };
  const Finished finished = run(command);
  CHECK(finished.ok());
  CHECK(lines == std::vector<std::string>{"first", "second"});
  CHECK(finished.err == "first\nsecond");
}

TEST_CASE("processes that use a directory are found by file and by working directory") {
  const test::Scratch scratch;
  makeDirectory(scratch / "busy");
  Child inside({.argv = {"sleep", "60"}, .directory = scratch / "busy"}, Child::Pipes::output);
  CHECK(waitUntil(Deadline::in(Seconds(5)), [&] {
    const auto users = processesUsing(scratch / "busy");
    return users.size() == 1 && users[0].pid == inside.pid();
  }));
  inside.terminate();
  CHECK(processesUsing(scratch / "busy").empty());
}
