#include "db/owners.hpp"

namespace codi::db {
namespace {

TenantKey record_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "owners"); }
TenantKey text_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "owners_text"); }

}  // namespace

Task<std::optional<models::OwnersRecord>> get_owners(Tx& tx, ProjectId project) {
  return tx.find<models::OwnersRecord>(record_key(tx, project));
}

Task<std::string> get_owners_text(Tx& tx, ProjectId project) {
  auto text = co_await tx.get_chunks(text_key(tx, project));
  co_return std::move(text).value_or("");
}

void put_owners(Tx& tx, ProjectId project, models::OwnersRecord const& record, std::string_view text) {
  tx.put(record_key(tx, project), record);
  tx.put_chunks(text_key(tx, project), text);
}

void remove_owners(Tx& tx, ProjectId project) {
  tx.clear(record_key(tx, project));
  tx.clear_below(text_key(tx, project));
}

}  // namespace codi::db
