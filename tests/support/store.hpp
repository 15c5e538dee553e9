#pragma once
#include "db/engine.hpp"

#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What tests of the store need again and again. A body may be a capturing lambda coroutine: the Body that holds its
/// closure lives until the outcome is there.
namespace codi::testing {

/// The seed of a random test: CODI_SEED replays one.
inline std::uint64_t seed_or(std::uint64_t fallback) {
  char const* const text = std::getenv("CODI_SEED");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return text == nullptr ? fallback : std::stoull(text);
}

/// One try of a write, waited for.
inline db::Outcome attempt(db::Engine& engine, db::Body body, std::string fairness_key = {}) {
  auto const promise = std::make_shared<std::promise<db::Outcome>>();
  auto future = promise->get_future();
  engine.attempt({.fairness_key = std::move(fairness_key)}, std::move(body),
                 [promise](db::Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

inline db::Outcome read(db::Engine& engine, db::Body body) {
  auto const promise = std::make_shared<std::promise<db::Outcome>>();
  auto future = promise->get_future();
  engine.read(std::move(body), [promise](db::Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

/// Read again as long as the store says that it may be: one whose processes change answers so now and then.
inline void read_whole(db::Engine& engine, db::Body const& body) {
  constexpr int kTries = 100;
  for (int tries = 0; tries < kTries; ++tries) {
    auto const outcome = read(engine, body);
    if (outcome.kind == db::Outcome::Kind::failed) std::rethrow_exception(outcome.error);
    if (outcome.kind != db::Outcome::Kind::conflict) return;
  }
  throw std::runtime_error("the store could not be read");
}

inline std::optional<db::StorageCode> code_of(db::Outcome const& outcome) { return db::failure_code(outcome); }

/// The message that a failed outcome reports.
inline std::string message_of(db::Outcome const& outcome) {
  if (!outcome.error) return {};
  try {
    std::rethrow_exception(outcome.error);
  } catch (std::exception const& error) {
    return error.what();
  }
}

inline db::Outcome put(db::Engine& engine, std::string key, std::string value) {
  return attempt(engine, [key, value](db::Transaction& tx) -> Task<db::Verdict> {
    tx.set(key, value);
    co_return db::Verdict::commit;
  });
}

inline std::optional<std::string> get(db::Engine& engine, std::string key) {
  std::optional<std::string> value;
  read_whole(engine, [&value, key](db::Transaction& tx) -> Task<db::Verdict> {
    value = co_await tx.get(key);
    co_return db::Verdict::commit;
  });
  return value;
}

/// All rows of a range as they are at one moment, batch by batch.
inline std::vector<db::KeyValue> rows(db::Engine& engine, db::KeyRange range = {"", "\xff"},
                                      db::RangeOptions options = {}) {
  std::vector<db::KeyValue> out;
  read_whole(engine, [&out, range, options](db::Transaction& tx) -> Task<db::Verdict> {
    out.clear();
    auto rest = range;
    for (;;) {
      auto const batch = co_await tx.get_range(rest, options);
      out.insert(out.end(), batch.rows.begin(), batch.rows.end());
      if (!batch.more || (options.limit != 0 && out.size() >= options.limit)) break;
      if (options.reverse) {
        rest.end = batch.rows.back().key;
      } else {
        rest.begin = batch.rows.back().key + '\0';
      }
    }
    co_return db::Verdict::commit;
  });
  return out;
}

}  // namespace codi::testing
