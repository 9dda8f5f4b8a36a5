#include "command/config_file.h"

#include <yaml-cpp/yaml.h>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

Error wrong(const fs::path& path, const YAML::Mark& mark, const std::string& what,
            const std::string& remedy) {
  return Error(ExitCode::usage, path.string() + ":" + std::to_string(mark.line + 1) + ": " + what, remedy);
}

std::string contentOf(const fs::path& path) {
  try {
    if (fs::is_directory(path)) {
      throw Error(ExitCode::usage, "configuration file " + path.string() + " is a directory", "");
    }
    return readFile(path);
  } catch (const Error& e) {
    throw Error(ExitCode::usage, e.what(), "name a YAML file that you can read with --config");
  }
}

YAML::Node rootOf(const fs::path& path) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(contentOf(path));
    if (documents.size() > 1) {
      throw wrong(path, documents[1].Mark(), "a second YAML document begins",
                  "keep all parameters in one document");
    }
    return documents.empty() ? YAML::Node() : documents.front();
  } catch (const YAML::Exception& e) {
    throw wrong(path, e.mark, "not valid YAML: " + e.msg,
                "correct the file; one 'key: value' a line is enough");
  }
}

Error unknownKey(const fs::path& path, const YAML::Mark& mark, const std::string& key) {
  std::vector<std::string> keys;
  for (const ParameterSpec& spec : parameterTable()) {
    if (spec.type == ValueType::secret && replaceAll(spec.name, "-", "_") == key) {
      return wrong(path, mark, "the password " + key + " stands in the file itself",
                   "write the password into a file of its own (mode 600), name that with " + spec.key() +
                       ", and change the password where others could have read it");
    }
    if (!spec.key().empty()) keys.push_back(spec.key());
  }
  const std::string near = nearest(key, keys);
  return wrong(path, mark, "unknown key '" + key + "'",
               near.empty() ? "remove it; config/README.md lists the keys" : "did you mean '" + near + "'?");
}

std::string scalarOf(const ParameterSpec& spec, const fs::path& path, const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  const std::string kind = node.IsMap() ? "a mapping" : node.IsSequence() ? "a list" : "nothing";
  throw wrong(path, node.Mark(), spec.key() + " holds " + kind + " where a single value belongs",
              "write '" + spec.key() + ": " + spec.placeholder + "'");
}

std::vector<std::string> rawItems(const ParameterSpec& spec, const fs::path& path, const YAML::Node& node) {
  if (!spec.repeatable()) {
    const std::string value = scalarOf(spec, path, node);
    return value.empty() ? std::vector<std::string>() : std::vector{value};
  }
  if (node.IsScalar()) return splitItems(spec, node.Scalar());
  if (!node.IsSequence()) {
    throw wrong(path, node.Mark(), spec.key() + " holds a mapping where a list belongs",
                "write '" + spec.key() + ": [" + spec.placeholder + "]'");
  }
  std::vector<std::string> items;
  for (const YAML::Node& item : node) items.push_back(scalarOf(spec, path, item));
  return items;
}

}  // namespace

ConfigFile::ConfigFile(const fs::path& path) {
  const YAML::Node root = rootOf(path);
  if (!root || root.IsNull()) return;
  if (!root.IsMap()) {
    throw wrong(path, root.Mark(), "the file is not a mapping", "write one 'key: value' a line");
  }
  for (const auto& pair : root) {
    const YAML::Mark mark = pair.first.Mark();
    if (!pair.first.IsScalar())
      throw wrong(path, mark, "a key is not a plain word", "write one 'key: value' a line");
    const std::string key = pair.first.Scalar();
    const ParameterSpec* spec = findParameterByKey(key);
    if (spec == nullptr) throw unknownKey(path, mark, key);
    const std::string at = path.string() + ":" + std::to_string(mark.line + 1);
    Entry entry{{}, {"file " + at, at + ": " + key, fs::absolute(path).parent_path()}};
    if (!pair.second.IsNull()) {
      for (const std::string& raw : rawItems(*spec, path, pair.second)) {
        entry.items.push_back(checkedValue(*spec, raw, entry.place));
      }
    }
    if (!entries_.emplace(spec->name, std::move(entry)).second) {
      throw wrong(path, mark, "key '" + key + "' is given twice", "remove one of them");
    }
  }
}

const ConfigFile::Entry* ConfigFile::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() || found->second.items.empty() ? nullptr : &found->second;
}

}  // namespace dlpx
