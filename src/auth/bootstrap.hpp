#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "db/engine.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace codi::auth {

/// What the first start on an empty store makes: a tenant `local` with one owner and a project `default`.
struct Bootstrapped {
  std::string token;  ///< API token of the owner, for everything
  std::string operator_token;
  std::string tenant;   ///< slug
  std::string project;  ///< slug
};

/// Whether anybody can have a token yet. Blocks; throws StorageFailure.
bool has_tenant(db::Engine& engine);

/// Makes it if the store has no tenant, and writes it with `server` (the address to reach it at) as JSON to `file`,
/// mode 0600, synced before the transaction that decides which of several servers made it; the others remove what they
/// wrote. Nothing when the store has a tenant. Blocks; throws Failure when the file can't be written or the store
/// fails.
std::optional<Bootstrapped> bootstrap_store(db::Engine& engine, Clock const& clock, Random& random, std::uint32_t epoch,
                                            std::string const& server, std::filesystem::path const& file);

/// Makes another operator token. Blocks.
std::string make_operator_token(db::Engine& engine, Clock const& clock, Random& random);

}  // namespace codi::auth
