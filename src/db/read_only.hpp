#pragma once
#include "db/engine.hpp"

#include <memory>

namespace codi::db {

/// A store that takes no writes, for as long as it is moved: they fail with StorageCode::frozen. Reads, watches and
/// snapshots are those of `below`.
std::unique_ptr<Engine> make_read_only(std::unique_ptr<Engine> below);

}  // namespace codi::db
