#include "db/due.hpp"

#include "db/retry.hpp"

#include <memory>

namespace codi::db {
namespace {

std::string shard_prefix(std::int64_t shard) { return make_key({}, "system", "due", shard); }

DueEntry parse_entry(std::string_view suffix) {
  tuple::Unpacker parts(suffix);
  auto const at = parts.integer();
  auto const tenant = at ? parts.uuid() : std::nullopt;
  auto const kind = tenant ? parts.integer() : std::nullopt;
  auto const scope = kind ? parts.uuid() : std::nullopt;
  auto const id = scope ? parts.uuid() : std::nullopt;
  if (!id) throw StorageFailure(StorageCode::corrupt, "a key of the due index is not one");
  return {.tenant = {*tenant}, .due = {.at = {*at}, .kind = static_cast<DueKind>(*kind), .scope = *scope, .id = *id}};
}

struct Reading {
  KeyRange range;
  std::size_t prefix_size = 0;
  std::vector<DueEntry> found;

  Task<Verdict> run(Transaction& transaction) {
    found.clear();
    auto const rows =
        co_await transaction.get_range(range, {.limit = limits::kDueBatch, .isolation = Isolation::snapshot});
    for (auto const& row : rows.rows) found.push_back(parse_entry(std::string_view(row.key).substr(prefix_size)));
    co_return Verdict::abort;
  }
};

}  // namespace

std::vector<DueEntry> read_due(Engine& engine, std::int64_t shard, Timestamp now) {
  auto const prefix = shard_prefix(shard);
  auto const reading = std::make_shared<Reading>();
  reading->range = {tuple::range_below(prefix).begin, make_key(prefix, now.ms + 1)};
  reading->prefix_size = prefix.size();
  run_read_blocking(engine, [reading](Transaction& t) { return reading->run(t); });
  return std::move(reading->found);
}

}  // namespace codi::db
