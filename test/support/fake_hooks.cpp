#include "support/fake_hooks.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "support/paths.h"

namespace dlpx::test {
namespace {

constexpr const char* kHooks[] = {"linked/mount-specification",
                                  "linked/pre-snapshot",
                                  "linked/post-snapshot",
                                  "linked/start-staging",
                                  "linked/stop-staging",
                                  "linked/status",
                                  "virtual/mount-specification",
                                  "virtual/configure",
                                  "virtual/initialize",
                                  "virtual/size",
                                  "linked/size",
                                  "virtual/reconfigure",
                                  "virtual/unconfigure",
                                  "virtual/cleanup",
                                  "virtual/start",
                                  "virtual/stop",
                                  "virtual/status",
                                  "virtual/pre-snapshot",
                                  "virtual/post-snapshot"};

}  // namespace

FakeHooks::FakeHooks() {
  makeDirectory(directory() / "linked");
  makeDirectory(directory() / "virtual");
  makeDirectory(scratch_ / "state" / "servers");
  const std::string script = readFile(fs::path(sourceDir()) / "test" / "support" / "fake_hook.sh");
  for (const char* hook : kHooks) writeFile(directory() / (std::string(hook) + ".sh"), script);
}

std::vector<std::string> FakeHooks::calls() {
  const fs::path file = scratch_ / "state" / "calls";
  const std::string text = trim(readFileIfThere(file).value_or(""));
  removeTree(file);
  return text.empty() ? std::vector<std::string>() : split(text, '\n');
}

std::vector<std::string> FakeHooks::running() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(scratch_ / "state" / "servers")) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void FakeHooks::killServers() const {
  for (const std::string& name : running()) removeTree(scratch_ / "state" / "servers" / name);
}

void FakeHooks::fail(const std::string& hook) const {
  writeFile(scratch_ / "state" / "fail", hook);
}

std::string FakeHooks::environmentOf(const std::string& hook) const {
  return readFile(scratch_ / "state" / ("environment." + replaceAll(hook, "/", ".")));
}

fs::path FakeHooks::userScript(const std::string& name, int exitCode) const {
  const fs::path script = scratch_ / (name + ".sh");
  writeFile(script, "echo \"user/" + name + " $DLPX_MYSQL_NAME\" >>'" +
                        (scratch_ / "state" / "calls").string() + "'\nenv >'" +
                        (scratch_ / "state" / ("environment.user." + name)).string() +
                        "'\necho told >&2\nexit " + std::to_string(exitCode) + "\n");
  return script;
}

}  // namespace dlpx::test
