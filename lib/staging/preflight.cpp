#include "staging/preflight.h"

#include <algorithm>

#include "base/json_full.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      return "fail";
  }
  return "fail";
}

// Long-term and innovation releases in the order in which data moves on.
unsigned generation(const Version& version) {
  if (version.major < 8) return 0;
  if (version.major == 8) return version.minor == 0 ? 1 : 2;
  return version.major - 6;
}

}  // namespace

void Preflight::pass(const std::string& name, const std::string& finding) {
  checks_.push_back({name, Verdict::pass, finding, ""});
}

void Preflight::warn(const std::string& name, const std::string& finding, const std::string& remedy) {
  checks_.push_back({name, Verdict::warn, finding, remedy});
}

void Preflight::fail(const std::string& name, const std::string& finding, const std::string& remedy) {
  checks_.push_back({name, Verdict::fail, finding, remedy});
}

size_t Preflight::count(Verdict verdict) const {
  return static_cast<size_t>(std::count_if(checks_.begin(), checks_.end(),
                                           [&](const Check& check) { return check.verdict == verdict; }));
}

Output Preflight::output() const {
  Output output;
  output.json = {{"passed", count(Verdict::pass)},
                 {"warned", count(Verdict::warn)},
                 {"failed", count(Verdict::fail)},
                 {"checks", Json::array()}};
  TextTable table({"check", "", "finding", "remedy"});
  for (const Check& check : checks_) {
    output.json["checks"].push_back({{"check", check.name},
                                     {"verdict", std::string(word(check.verdict))},
                                     {"finding", check.finding},
                                     {"remedy", check.remedy}});
    table.add({check.name, std::string(word(check.verdict)), check.finding, check.remedy});
  }
  output.text = table.text();
  return output;
}

void Preflight::throwIfFailed() const {
  const auto failed = std::find_if(checks_.begin(), checks_.end(),
                                   [](const Check& check) { return check.verdict == Verdict::fail; });
  if (failed == checks_.end()) return;
  const size_t more = count(Verdict::fail) - 1;
  const Error error(ExitCode::preflight,
                    failed->name + ": " + failed->finding +
                        (more == 0 ? "" : " (and " + std::to_string(more) + " more failed checks)"),
                    failed->remedy);
  throw ReportedError(error, output());
}

bool canFollow(const Version& staging, const Version& source) {
  if (!source.atLeast(5, 7, 6) || source.isMariaDb() || staging.isMariaDb()) return false;
  if (sameSeries(staging, source)) return true;
  return staging >= source && generation(staging) <= generation(source) + 1;
}

Plan preflight(const StagingRequest& request, Preflight& table) {
  Plan plan;
  plan.installation = installationAt(request.basedir);
  table.pass("installation",
             "MySQL " + plan.installation.version.text() + " in " + plan.installation.basedir.string());
  checkHost(request, plan.installation, table);
  if (request.type == StagingType::replication) {
    checkSource(request, plan, table);
  } else if (!request.backup.empty()) {
    checkBackup(request, plan, table);
    checkEncryption(request, {}, plan, table);
    if (plan.backup)
      checkSpace(request, std::max(plan.backup->bytes, plan.backup->contentBytes), Method::file, table);
  } else {
    plan.choice.reason = "the user fills it";
    checkEncryption(request, {}, plan, table);
    checkSpace(request, 0, Method::automatic, table);
  }
  return plan;
}

}  // namespace dlpx
