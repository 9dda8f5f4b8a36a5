#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "command/app.h"
#include "command/table.h"

namespace dlpx::test {

struct Told {
  int code = -1;
  std::string out;
  std::string err;
};

// Runs `body` in a child of its own, with its output captured; the child's exit code is what it returns.
inline Told inChild(const std::function<int()>& body) {
  const UniqueFd out = memoryFile("out");
  const UniqueFd err = memoryFile("err");
  const pid_t child = fork();
  if (child == 0) {
    dup2(out.get(), STDOUT_FILENO);
    dup2(err.get(), STDERR_FILENO);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  lseek(out.get(), 0, SEEK_SET);
  lseek(err.get(), 0, SEEK_SET);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), readAll(out.get(), "out"),
          readAll(err.get(), "err")};
}

using Variables = std::map<std::string, std::string>;

// Of the suite's variables, the child has these only.
inline void setVariables(const Variables& variables) {
  for (const ParameterSpec& spec : parameterTable()) {
    for (const std::string& name : {spec.variable(), spec.secretVariable()}) {
      if (!name.empty()) unsetenv(name.c_str());
    }
    for (const Alias& alias : spec.aliases) unsetenv(alias.variable.c_str());
  }
  unsetenv("DLPX_OUTPUT_FILE");
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
}

// As a process would: `arguments` are those after the program's name.
inline Told runInChild(const AppSpec& app, std::vector<std::string> arguments,
                       const Variables& variables = {}, const std::function<void()>& before = {}) {
  return inChild([&] {
    setVariables(variables);
    if (before) before();
    arguments.insert(arguments.begin(), app.name);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    return runApp(app, static_cast<int>(arguments.size()), argv.data());
  });
}

// An app of one command, "make", that takes `parameters` and runs `run`.
inline AppSpec appOf(std::vector<std::string> parameters, std::function<Output(const Parameters&)> run,
                     const std::string& name = "dlpx-mysql-stage") {
  CommandSpec make;
  make.name = "make";
  make.summary = "make it";
  make.parameters = std::move(parameters);
  make.run = std::move(run);
  return {name, "a program of the tests", {make}};
}

}  // namespace dlpx::test
