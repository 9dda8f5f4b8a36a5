#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json_full.h"
#include "command/app.h"
#include "command/table.h"
#include "support/catch.h"

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

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Prints the values of all its parameters, secrets too.
inline AppSpec echoApp(const std::vector<std::string>& names, const std::string& app = "dlpx-mysql-stage") {
  return appOf(
      names,
      [names](const Parameters& parameters) {
        std::string text;
        for (const std::string& name : names) {
          const bool isSecret = parameterSpec(name).type == ValueType::secret;
          text +=
              name + "=" + (isSecret ? parameters.secret(name).value_or(Secret("none")).reveal() : "") + "\n";
        }
        return Output{parameters.toJson(names), text};
      },
      app);
}

inline Json valueOf(const Told& told, const std::string& name) {
  INFO(told.err);
  REQUIRE(told.code == 0);
  return Json::parse(told.out).at(name);
}

inline AppSpec failingApp(const std::function<void()>& failure) {
  return appOf({"mount"}, [failure](const Parameters&) {
    failure();
    return Output{};
  });
}

inline AppSpec wordyApp() {
  AppSpec app = echoApp({"mount", "method", "log-sync", "source-password"});
  CommandSpec create;
  create.name = "pool create";
  create.summary = "create a pool";
  create.positionals = {"name", "to?"};
  create.run = [](const Parameters& parameters) {
    return Output{Json(nullptr), parameters.text("name") + " " + parameters.textOr("to", "-")};
  };
  create.examples = {"dlpx-mysql-stage pool create p", "dlpx-mysql-stage pool create p s"};
  app.commands.push_back(create);
  return app;
}

}  // namespace dlpx::test
