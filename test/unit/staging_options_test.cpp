#include "staging/options.h"

#include <algorithm>

#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

bool limitsPerformanceSchema(const Version& version, const fs::path& starter) {
  StagingRequest request;
  request.type = StagingType::manual;
  request.starter = starter;
  Plan plan;
  plan.installation.version = version;
  const std::vector<Option> options = stagingOptions(request, plan);
  return std::any_of(options.begin(), options.end(), [](const Option& option) {
    return option == Option{"performance_schema_digests_size", "0"};
  });
}

}  // namespace

TEST_CASE("staging's performance schema is small, unless the user's my.cnf has a word about it") {
  const test::Scratch scratch;
  CHECK(limitsPerformanceSchema({9, 7, 4}, {}));
  CHECK_FALSE(limitsPerformanceSchema({5, 7, 40}, {}));
  writeFile(scratch / "other.cnf", "[mysqld]\nmax_connections=10\n");
  CHECK(limitsPerformanceSchema({9, 7, 4}, scratch / "other.cnf"));
  writeFile(scratch / "theirs.cnf", "[mysqld-9.7]\nloose-performance-schema-digests-size=500\n");
  CHECK_FALSE(limitsPerformanceSchema({9, 7, 4}, scratch / "theirs.cnf"));
}
