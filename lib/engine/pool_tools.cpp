#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "engine/pool_drivers.h"

namespace dlpx {
namespace {

constexpr uint64_t kSmallestImage = 256ULL << 20;
constexpr auto kToolTime = Seconds(120);

}  // namespace

Finished runPoolTool(const std::vector<std::string>& argv, const std::string& what,
                     const std::string& remedy) {
  if (!findProgram(argv[0])) {
    throw Error(ExitCode::storage, what + ": " + argv[0] + " is not installed",
                "install the package that brings " + argv[0]);
  }
  Command command;
  command.argv = argv;
  command.environment = {{"LC_ALL", "C"}};
  command.deadline = Deadline::in(kToolTime);
  return runChecked(command, ExitCode::storage, what, remedy);
}

void requireNoImage(const PoolConfig& config) {
  if (config.imageBytes < kSmallestImage) {
    throw Error(ExitCode::usage, "a pool of " + humanBytes(config.imageBytes) + " is too small",
                "give --size of at least " + humanBytes(kSmallestImage));
  }
  if (!fs::exists(config.image)) return;
  throw Error(ExitCode::storage, config.image.string() + " exists already", "choose another file");
}

void makePoolImage(const PoolConfig& config) {
  const fs::path& image = config.image;
  if (!fs::exists(image.parent_path())) makeDirectory(image.parent_path(), {0755, std::nullopt});
  const UniqueFd file = openFile(image, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (ftruncate(file.get(), static_cast<off_t>(config.imageBytes)) != 0) {
    throw systemError(ExitCode::storage, "cannot make " + image.string(), errno);
  }
}

void requireImage(const PoolConfig& config) {
  if (fs::exists(config.image)) return;
  throw Error(ExitCode::storage,
              "pool '" + config.name + "' has lost its image: " + config.image.string() + " is not there",
              "bring the file back, or mount the file system that holds it, then repeat the command; a pool "
              "that is lost for good is forgotten with 'dlpx-mysql-engine pool destroy --force'");
}

PoolUsage withinImage(const PoolConfig& config, PoolUsage usage) {
  if (!config.image.empty())
    usage.freeBytes = std::min(usage.freeBytes, freeBytes(config.image.parent_path()));
  return usage;
}

}  // namespace dlpx
