#include "db/usage.hpp"

#include <array>

namespace codi::db {
namespace {

constexpr std::array kAll{Counted::sessions, Counted::claims};

TenantKey counters(Tx const& tx, Counted what) { return tx.key("counted", static_cast<std::int64_t>(what)); }

}  // namespace

void count(Tx& tx, ProjectId project, Counted what, std::int64_t change) {
  if (change != 0) tx.add(tx.key("counted", static_cast<std::int64_t>(what), project), change);
}

Task<std::int64_t> counted(Tx& tx, Counted what) {
  std::int64_t sum = 0;
  auto const prefix = counters(tx, what);
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await tx.get_below(prefix, {.isolation = Isolation::snapshot}, std::move(from));
    for (auto const& row : rows.rows) sum += number_added(row.value);
    if (!rows.more) co_return sum;
    from = Tx::key_at(prefix, Tx::suffix(prefix, rows.rows.back().key));
  }
}

void prefetch_counted(Tx& tx, Counted what) {
  tx.prefetch_below(counters(tx, what), {.isolation = Isolation::snapshot});
}

void forget_counts(Tx& tx, ProjectId project) {
  for (auto const what : kAll) tx.clear(tx.key("counted", static_cast<std::int64_t>(what), project));
}

}  // namespace codi::db
