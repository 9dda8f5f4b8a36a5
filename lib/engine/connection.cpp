#include "engine/connection.h"

#include "base/json_full.h"
#include "command/table.h"

namespace dlpx {
namespace {

std::string settingOf(const EngineObject& object, const std::string& parameter) {
  const ParameterSpec& spec = parameterSpec(parameter);
  const auto found = object.settings.parameters.find(spec.key());
  return found == object.settings.parameters.end() ? spec.fallback : found->second.front();
}

std::string socketOf(const EngineObject& object) {
  const Json told = Json::parse(object.sourceConfig, nullptr, false);
  const Json::json_pointer socket("/report/connection/socket");
  return told.is_object() && told.contains(socket) && told[socket].is_string()
             ? told[socket].get<std::string>()
             : std::string();
}

}  // namespace

HookEnvironment connectionOf(const EngineObject& object) {
  const bool dsource = object.kind == ObjectKind::dsource;
  HookEnvironment all = {
      {"DLPX_MYSQL_HOST", "127.0.0.1"},
      {"DLPX_MYSQL_PORT", std::to_string(object.port)},
      {"DLPX_MYSQL_USER", settingOf(object, dsource ? "staging-user" : "user")},
      {"DLPX_MYSQL_PASSWORD_FILE", settingOf(object, dsource ? "staging-password" : "password")},
      {"DLPX_MYSQL_SOCKET", socketOf(object)}};
  std::erase_if(all, [](const auto& variable) { return variable.second.empty(); });
  return all;
}

}  // namespace dlpx
