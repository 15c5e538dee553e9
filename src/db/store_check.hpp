#pragma once
#include <string>

namespace codi::db {

/// Throws StorageFailure as open_store_facts() does for a store with these facts, the value of store_facts_key(), that
/// this build can't use.
void check_store_facts(std::string const& text);

}  // namespace codi::db
