#include "db/file_claims.hpp"

#include "db/claim_index.hpp"
#include "db/claims.hpp"

#include <utility>

namespace codi::db {

using models::Claim;
using models::ClaimKind;

Task<std::vector<Claim>> claims_on_file(Tx& tx, ProjectId project, coordination::Target file) {
  std::vector<Claim> out;
  auto const place = claim_place(tx, project, file);
  std::optional<TenantKey> from;
  for (bool more = true; more;) {
    auto const rows = co_await tx.get_ids_below(place, {}, std::exchange(from, std::nullopt));
    for (auto const& row : rows.rows) {
      auto const what = read_index_row(row.value);
      if (what.kind != ClaimKind::file || what.waits) continue;
      auto claim = co_await get_claim(tx, project, id_of_row(row.key));
      if (claim && !over(tx, *claim)) out.push_back(*std::move(claim));
    }
    more = rows.more;
    if (more) from = Tx::key_at(place, Tx::suffix(place, rows.rows.back().key));
  }
  co_return out;
}

Task<Result<models::Page<Claim>>> list_file_claims(Tx& tx, ProjectId project, PageRequest page) {
  struct Read {
    Tx& tx;
    ClaimReader reader;
    void prefetch(std::string_view suffix) { reader.prefetch(id_of_row(suffix)); }
    Task<std::optional<Claim>> operator()(std::string_view suffix, std::string_view) {
      auto claim = co_await reader.read(id_of_row(suffix));
      if (!claim || over(tx, *claim)) co_return std::nullopt;
      co_return claim;
    }
    static std::size_t size_of(Claim const& claim) { return reflect::encode_text(claim).size(); }
  };
  Read read{tx, ClaimReader(tx, project)};
  co_return co_await read_page<Claim>(tx, claims_by_age(tx, project, ClaimIndex::live, true), std::move(page), read);
}

}  // namespace codi::db
