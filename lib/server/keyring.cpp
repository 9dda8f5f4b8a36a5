#include "server/keyring.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/access.h"
#include "base/json_full.h"
#include "base/sha256.h"
#include "base/text.h"
#include "server/instance.h"

namespace dlpx {
namespace {

const char* const component = "component_keyring_file";

fs::path besides(const fs::path& file) {
  return file.string() + ".backup";
}

Error cannotRead(const fs::path& file, const std::string& why, ExitCode code) {
  return Error(
      code, "keyring " + file.string() + " " + why,
      "put back the keyring file that belongs to the data: encrypted tables cannot be opened without it");
}

std::string readOr(const fs::path& file, ExitCode code) {
  try {
    if (const auto text = readFileIfThere(file)) return *text;
  } catch (const Error& e) {
    throw cannotRead(file, std::string("cannot be read: ") + e.what(), code);
  }
  throw cannotRead(file, "is missing", code);
}

// Its name in a directory that several instances share.
std::string directoryName(const Mount& mount) {
  Sha256 hash;
  hash.update(mount.root().string());
  return mount.root().filename().string() + "-" + hash.finish().substr(0, 12);
}

fs::path onMount(const Mount& mount) {
  return mount.root() / "keyring";
}

// <mount>/.dlpx-mysql/server: a clone's is made anew at its first start.
fs::path programDirectory(const Mount& mount) {
  return mount.control() / "server";
}

void linkPlugins(const Installation& installation, const fs::path& plugins) {
  for (const auto& entry : fs::directory_iterator(installation.pluginDir())) {
    if (entry.path().filename() != std::string(component) + ".cnf")
      fs::create_symlink(fs::canonical(entry.path()), plugins / entry.path().filename());
  }
}

std::string uuidAt(std::string_view bytes) {
  for (size_t i = 0; i < 36; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (dash ? c != '-' : std::isxdigit(c) == 0) return {};
  }
  return std::string(bytes.substr(0, 36));
}

// In the first page of a tablespace, or the head of a redo log file: magic, the master key's number, its
// server's UUID (storage/innobase/include/os0enc.h).
void addMasterKeys(std::string_view head, std::set<std::string>& keys) {
  constexpr size_t magicSize = 3, numberSize = 4, uuidSize = 36;
  for (const std::string_view magic : {std::string_view("lCB"), std::string_view("lCC")}) {
    for (size_t at = head.find(magic); at != std::string_view::npos; at = head.find(magic, at + 1)) {
      if (at + magicSize + numberSize + uuidSize > head.size()) break;
      unsigned number = 0;
      for (const char c : head.substr(at + magicSize, numberSize))
        number = number << 8 | static_cast<unsigned char>(c);
      const std::string uuid = uuidAt(head.substr(at + magicSize + numberSize, uuidSize));
      if (!uuid.empty()) keys.insert("INNODBKey-" + uuid + "-" + std::to_string(number));
    }
  }
}

std::string headOf(const fs::path& file) {
  const UniqueFd fd = openFile(file, O_RDONLY);
  std::array<char, 65536> bytes;  // the largest page
  const ssize_t count = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  return count > 0 ? std::string(bytes.data(), static_cast<size_t>(count)) : std::string();
}

bool mayNameMasterKey(const fs::path& file) {
  const std::string name = file.filename().string();
  return endsWith(name, ".ibd") || endsWith(name, ".ibu") || startsWith(name, "undo_") ||
         startsWith(name, "ibdata") || startsWith(name, "#ib_redo") || startsWith(name, "ib_logfile");
}

}  // namespace

Keyring Keyring::parse(const std::string& text, const fs::path& name, ExitCode onFailure) {
  Keyring keyring;
  if (trim(text).empty()) return keyring;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("elements") || !json["elements"].is_array())
    throw cannotRead(name, std::string("is no keyring of ") + component, onFailure);
  for (const Json& element : json["elements"]) {
    if (!element.is_object() || !element.contains("data_id") || !element["data_id"].is_string())
      throw cannotRead(name, std::string("is no keyring of ") + component, onFailure);
    const std::string user = element.value("user", "");
    keyring.elements_[element["data_id"].get<std::string>() + (user.empty() ? "" : " of " + user)] =
        element.dump();
  }
  return keyring;
}

Keyring Keyring::read(const fs::path& file, ExitCode onFailure) {
  Keyring keyring = parse(readOr(file, onFailure), file, onFailure);
  if (const auto unfinished = readFileIfThere(besides(file))) {
    if (Json::accept(*unfinished)) keyring.add(parse(*unfinished, besides(file), onFailure));
  }
  return keyring;
}

std::vector<std::string> Keyring::ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, element] : elements_) ids.push_back(id);
  return ids;
}

bool Keyring::has(const std::string& id) const {
  return elements_.count(id) != 0;
}

void Keyring::add(const Keyring& other) {
  for (const auto& [id, element] : other.elements_) elements_[id] = element;
}

std::string Keyring::text() const {
  if (elements_.empty()) return {};
  Json list = Json::array();
  for (const auto& [id, element] : elements_) list.push_back(Json::parse(element));
  return Json{{"version", "1.0"}, {"elements", list}}.dump();
}

fs::path keyringFile(const Mount& mount, const fs::path& directory) {
  const fs::path own = directory.empty() ? onMount(mount) : Mount(directory).root() / directoryName(mount);
  return own / component;
}

void writeKeyring(const fs::path& file, const Keyring& keyring, Owner owner) {
  // Others' instances may share the directory above: each may pass, none may look around.
  const fs::path shared = file.parent_path().parent_path();
  for (const fs::path& directory : missingDirectories(shared)) makeDirectory(directory, {0711, std::nullopt});
  makeDirectory(file.parent_path(), {0700, owner});
  // makeDirectory leaves a directory that is there as it is; a parent's may be its clone's now.
  setOwner(file.parent_path(), owner);
  fs::permissions(file.parent_path(), fs::perms::owner_all);
  writeFile(file, keyring.text(), {0600, owner});
  removeTree(besides(file));
}

void requireKeyringIn(const fs::path& directory, const std::string& osUser) {
  const fs::path there = existingAncestor(Mount(directory).root());
  const auto require = [&](bool fact, const std::string& why) {
    if (fact) return;
    throw Error(
        ExitCode::preflight, "no keyring can lie in " + directory.string() + ": " + why,
        "name a directory with --keyring-dir that this command may write to and " + osUser + " may enter");
  };
  require(fs::is_directory(there), there.string() + " is no directory");
  require(access(there.c_str(), W_OK | X_OK) == 0, there.string() + " is not writable for this command");
  const auto barred = barredDirectory(osUser, there);
  require(!barred, osUser + " may not enter " + barred.value_or("").string());
}

void removeKeyring(const Mount& mount, const InstanceFacts& facts) {
  removeTree(onMount(mount));
  if (facts.keyring.empty()) return;
  const fs::path directory = facts.keyring.parent_path();
  if (directory.filename() == directoryName(mount)) removeTree(directory);
}

std::string noKeyringBecause(const Installation& installation) {
  if (!installation.version.atLeast(8, 0, 24))
    return "MySQL " + installation.version.text() + " has no " + component + " (8.0.24 and newer have)";
  if (installation.hasPlugin(std::string(component) + ".so")) return {};
  return "the installation " + installation.basedir.string() + " lacks " + component + ".so";
}

std::set<std::string> masterKeysOf(const fs::path& dataDirectory) {
  std::set<std::string> keys;
  walk(dataDirectory, [&](const fs::directory_entry& entry) {
    if (!entry.is_symlink() && entry.is_regular_file() && mayNameMasterKey(entry.path()))
      addMasterKeys(headOf(entry.path()), keys);
  });
  return keys;
}

ServerProgram serverProgram(const Mount& mount, const InstanceFacts& facts) {
  if (facts.keyring.empty()) return {facts.mysqld, {}};
  const ExitCode code = facts.role == "vdb" ? ExitCode::unsafeClone : ExitCode::serverStart;
  Keyring::read(facts.keyring, code);
  const Installation installation = installationKnown(facts.basedir, facts.mysqld, facts.version);
  // A component that is not there is only logged by the server, which then cannot open its data.
  if (const std::string why = noKeyringBecause(installation); !why.empty())
    throw Error(code, why + ", and the server on " + mount.root().string() + " needs it",
                "name an installation that has it with --basedir");
  const Owner owner = ownerOf(facts.osUser);
  const fs::path directory = programDirectory(mount), plugins = directory / "plugin";
  removeTree(directory);
  makeDirectory(directory, {0750, owner});
  makeDirectory(plugins, {0750, owner});
  linkPlugins(installation, plugins);
  writeFile(plugins / (std::string(component) + ".cnf"),
            Json{{"path", facts.keyring.string()}, {"read_only", false}}.dump(), {0440, owner});
  const fs::path program = directory / facts.mysqld.filename();
  fs::create_symlink(fs::canonical(facts.mysqld), program);
  // The server looks for its manifest beside the path that it was called by.
  writeFile(fs::path(program).replace_extension(".my"),
            Json{{"components", std::string("file://") + component}}.dump(), {0440, owner});
  return {program, {"--plugin-dir=" + plugins.string()}};
}

}  // namespace dlpx
