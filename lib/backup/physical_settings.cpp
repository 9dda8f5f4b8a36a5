#include "backup/physical_settings.h"

#include <cstdint>

#include "backup/archive_reader.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::string fileOf(const std::string& specification) {
  return fs::path(trim(specification.substr(0, specification.find(':')))).filename().string();
}

// "/data/ibdata1:12M;/more/ibdata2:12M:autoextend" → the same with last names only.
std::string inside(const std::string& dataFilePath) {
  std::vector<std::string> files;
  for (const std::string& each : split(dataFilePath, ';')) {
    const size_t colon = each.find(':');
    files.push_back(fileOf(each) + (colon == std::string::npos ? "" : each.substr(colon)));
  }
  return join(files, ";");
}

// From the flags of the tablespace's first page, where 0 stands for 16 kB.
uint64_t pageSizeOf(const fs::path& tablespace) {
  constexpr size_t flagsAt = 54;
  std::string page(flagsAt + 4, '\0');
  page.resize(BackupStream(tablespace).read(page.data(), page.size()));
  if (page.size() < flagsAt + 4) return 0;
  uint32_t flags = 0;
  for (size_t i = flagsAt; i < flagsAt + 4; ++i) flags = flags << 8 | static_cast<unsigned char>(page[i]);
  const uint32_t shift = flags >> 6 & 0xf;
  return shift == 0 ? 16384 : uint64_t{512} << shift;
}

}  // namespace

std::vector<std::string> systemTablespaceFiles(const std::string& dataFilePath) {
  std::vector<std::string> files;
  for (const std::string& each : split(dataFilePath, ';'))
    if (!fileOf(each).empty()) files.push_back(fileOf(each));
  return files;
}

std::vector<Option> settingsOfXtrabackup(const fs::path& optionFile) {
  const OptionFile file = OptionFile::read(optionFile);
  std::vector<Option> settings;
  for (const char* const name : {"innodb_page_size", "lower_case_table_names"})
    if (const auto value = file.get("mysqld", name)) settings.push_back({name, *value});
  // Not every release knows them.
  for (const char* const name : {"innodb_checksum_algorithm", "innodb_log_checksums"})
    if (const auto value = file.get("mysqld", name))
      settings.push_back({std::string("loose_") + name, *value});
  if (const auto path = file.get("mysqld", "innodb_data_file_path"))
    settings.push_back({"innodb_data_file_path", inside(*path)});
  return settings;
}

std::vector<Option> settingsOfDataFiles(const fs::path& directory) {
  std::vector<Option> settings;
  if (!fs::exists(directory / "ibdata1")) return settings;
  const uint64_t pageSize = pageSizeOf(directory / "ibdata1");
  if (pageSize != 0 && pageSize != 16384) settings.push_back({"innodb_page_size", std::to_string(pageSize)});
  std::string path;
  unsigned last = 1;
  while (fs::exists(directory / ("ibdata" + std::to_string(last + 1)))) ++last;
  for (unsigned i = 1; last > 1 && i <= last; ++i) {
    const std::string name = "ibdata" + std::to_string(i);
    // Of the last one the size is a minimum.
    const uint64_t megabytes = fs::file_size(directory / name) >> 20;
    path += (path.empty() ? "" : ";") + name + ":" + std::to_string(i == last ? 1 : megabytes) + "M" +
            (i == last ? ":autoextend" : "");
  }
  if (!path.empty()) settings.push_back({"innodb_data_file_path", path});
  return settings;
}

}  // namespace dlpx
