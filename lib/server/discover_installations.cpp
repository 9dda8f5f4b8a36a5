#include "server/discover_installations.h"

#include <future>

#include "base/error.h"

namespace dlpx {
namespace {

Candidate probeOne(const fs::path& mysqld, const Deadline& deadline) {
  Candidate candidate{mysqld, std::nullopt, ""};
  try {
    candidate.installation = installationAt(mysqld, deadline.remaining());
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    candidate.problem = e.what();
  }
  return candidate;
}

}  // namespace

std::vector<Candidate> discoverInstallations(const DiscoveryPlaces& places, const Deadline& deadline) {
  std::vector<std::future<Candidate>> probes;
  for (const fs::path& mysqld : places.mysqlds())
    probes.push_back(std::async(std::launch::async, probeOne, mysqld, deadline));
  std::vector<Candidate> found;
  for (auto& each : probes) found.push_back(each.get());
  return found;
}

}  // namespace dlpx
