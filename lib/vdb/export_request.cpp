#include "base/error.h"
#include "base/text.h"
#include "command/parameters.h"
#include "vdb/export.h"

namespace dlpx {
namespace {

Error usage(const std::string& fact, const std::string& remedy) {
  return Error(ExitCode::usage, fact, remedy);
}

fs::path withoutEndings(const fs::path& file) {
  std::string name = file.filename().string();
  for (const char* ending : {".gz", ".zst", ".xz", ".tgz", ".tzst", ".txz", ".tar"})
    if (endsWith(name, ending) && name.size() > std::string_view(ending).size())
      name.erase(name.size() - std::string_view(ending).size());
  return file.parent_path() / name;
}

Compression compressionNamed(const std::string& name) {
  if (name == "gzip") return Compression::gzip;
  if (name == "zstd") return Compression::zstd;
  return name == "xz" ? Compression::xz : Compression::none;
}

}  // namespace

bool ExportRequest::toStdout() const {
  return output.filename() == "-";
}

ExportRequest exportRequest(const Parameters& parameters) {
  ExportRequest request{.access = vdbAccess(parameters), .output = parameters.path("output")};
  request.tar = parameters.flag("tar");
  request.logical = parameters.flag("logical");
  if (request.tar && request.logical)
    throw usage("--tar and --logical are two kinds of export", "leave one out");
  const std::string compression = parameters.text("compression");
  request.compression =
      compression == "auto" ? compressionOfName(request.output) : compressionNamed(compression);
  if (request.compression != Compression::none && !request.tar && !request.logical)
    throw usage("a directory is not compressed", "add --tar or --logical");
  request.gtids = parameters.flagIfGiven("gtids").value_or(true);
  request.copy = parameters.text("copy");
  request.owner = parameters.textOr("owner", "");
  request.port = parameters.port("target-port");
  if (const auto place = parameters.pathIfGiven("target-directory")) {
    request.place = *place;
  } else if (request.toStdout()) {
    throw usage("a tar on standard output does not tell where it will be unpacked",
                "name the directory with --target-directory");
  } else {
    request.place = request.tar ? withoutEndings(request.output) : request.output;
  }
  if (request.toStdout() && parameters.flag("json"))
    throw usage("standard output takes the tar or the JSON result, not both", "leave out --json");
  return request;
}

}  // namespace dlpx
