#pragma once
#include "db/tx.hpp"
#include "models/owners.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The CODEOWNERS of a project; below P = (t,"project",project): (P,"owners") -> OwnersRecord; (P,"owners_text",chunk)
/// -> its text, in chunks.
namespace codi::db {

/// Nothing for a project without CODEOWNERS; its text is empty then too.
Task<std::optional<models::OwnersRecord>> get_owners(Tx& tx, ProjectId project);
Task<std::string> get_owners_text(Tx& tx, ProjectId project);
/// Each writes, or clears, the record and the text together.
void put_owners(Tx& tx, ProjectId project, models::OwnersRecord const& record, std::string_view text);
void remove_owners(Tx& tx, ProjectId project);

}  // namespace codi::db
