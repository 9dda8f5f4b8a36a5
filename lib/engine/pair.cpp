#include "engine/pair.h"

#include <algorithm>

#include "engine/workflow_checks.h"

namespace dlpx {

Pair::Pair(Engine& engine, const std::string& name, const std::string& operation, bool withReplica) {
  operations_.push_back(std::make_unique<Operation>(engine, name, operation));
  if (withReplica) operations_.push_back(std::make_unique<Operation>(engine, replicaName(name), operation));
}

Pair Pair::load(Engine& engine, const std::string& name, const std::string& operation) {
  requireNoReplica(engine.catalogue().object(name), operation);
  return loadOrReplica(engine, name, operation);
}

Pair Pair::loadOrReplica(Engine& engine, const std::string& name, const std::string& operation) {
  Pair pair(engine, name, operation, engine.catalogue().findReplica(name).has_value());
  for (Operation* part : pair.primaryFirst()) part->load();
  return pair;
}

Pair::Parts Pair::primaryFirst() const {
  Parts parts;
  for (const auto& operation : operations_) parts.push_back(operation.get());
  return parts;
}

Pair::Parts Pair::replicaFirst() const {
  Parts parts = primaryFirst();
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace dlpx
