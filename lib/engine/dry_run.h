#pragma once

#include "command/app.h"
#include "engine/workflows.h"

namespace dlpx {

// The steps that the workflow of the same name would take now, hooks of the user included: --dry-run. Checked
// as the workflow checks before its first effect, with the same errors; nothing is changed, and no pool
// mounted. Hook scripts are not run, so what they would find out is not known.
StepList planPoolCreate(Engine& engine, const PoolRequest& request);
// With `force`, a pool that is not mounted counts as one that cannot be.
StepList planPoolDestroy(Engine& engine, const std::string& name, bool force);
StepList planLink(Engine& engine, const LinkRequest& request);
StepList planSync(Engine& engine, const std::string& name, bool resync);
StepList planProvision(Engine& engine, const ProvisionRequest& request);
StepList planCreateEmpty(Engine& engine, const EmptyVdbRequest& request);
StepList planSnapshot(Engine& engine, const std::string& name);
StepList planRefresh(Engine& engine, const std::string& name, const std::optional<std::string>& to);
StepList planRewind(Engine& engine, const std::string& name, const std::optional<std::string>& to);
StepList planStart(Engine& engine, const std::string& name);
StepList planStop(Engine& engine, const std::string& name);
StepList planEnable(Engine& engine, const std::string& name);
StepList planDisable(Engine& engine, const std::string& name);
StepList planRemove(Engine& engine, const std::string& name);
StepList planRetention(Engine& engine, const std::optional<std::string>& name, const RetentionPolicy& policy);
StepList planUp(Engine& engine);

}  // namespace dlpx
