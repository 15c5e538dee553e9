#include "conformance/history.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::conformance {
namespace {

using Rows = std::map<std::string, std::string>;

std::string hex(CommitStamp const& stamp) { return to_hex(std::string(stamp.begin(), stamp.end())); }

std::string add(std::optional<std::string> const& value, std::int64_t delta) {
  auto sum = static_cast<std::uint64_t>(delta);
  for (std::size_t i = 0; value && i < 8 && i < value->size(); ++i) {
    sum += std::uint64_t{static_cast<std::uint8_t>((*value)[i])} << (8 * i);
  }
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(sum >> (8 * i));
  return out;
}

std::optional<std::string> find(Rows const& rows, std::string const& key) {
  auto const it = rows.find(key);
  return it == rows.end() ? std::nullopt : std::optional(it->second);
}

std::vector<db::KeyValue> find_range(Rows const& rows, Operation const& operation) {
  std::vector<db::KeyValue> out;
  auto const end = rows.lower_bound(operation.end);
  for (auto it = rows.lower_bound(operation.key); it != end; ++it) out.push_back({it->first, it->second});
  if (operation.options.reverse) std::ranges::reverse(out);
  if (operation.options.limit != 0 && out.size() > operation.options.limit) out.resize(operation.options.limit);
  return out;
}

std::string describe(std::optional<std::string> const& value) { return value ? "'" + *value + "'" : "nothing"; }

// Applies one transaction to the model; answers the first read that the model would have answered otherwise.
std::optional<std::string> replay(Record const& record, Rows& rows) {
  std::size_t reads = 0;
  for (auto const& op : record.operations) {
    switch (op.kind) {
      case Operation::Kind::get: {
        auto const expected = find(rows, op.key);
        auto const& seen = record.seen.at(reads++);
        if (seen.value != expected) {
          return fmt::format("{} read {} of {} where the serial order has {}", record.name, describe(seen.value),
                             op.key, describe(expected));
        }
        break;
      }
      case Operation::Kind::get_range: {
        auto const& seen = record.seen.at(reads++);
        auto const expected = find_range(rows, op);
        if (seen.rows != expected) {
          return fmt::format("{} read {} rows of [{}, {}) where the serial order has {} or others", record.name,
                             seen.rows.size(), op.key, op.end, expected.size());
        }
        break;
      }
      case Operation::Kind::set: rows[op.key] = op.value; break;
      case Operation::Kind::clear: rows.erase(op.key); break;
      case Operation::Kind::clear_range: rows.erase(rows.lower_bound(op.key), rows.lower_bound(op.end)); break;
      case Operation::Kind::add: rows[op.key] = add(find(rows, op.key), op.delta); break;
      case Operation::Kind::set_stamped_key:
        rows[kStampedPrefix + std::string(record.stamp.begin(), record.stamp.end())] = op.value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> contradiction(std::vector<Record> history) {
  // A reader stands right after the newest writer that it saw; readers of the same state have no order among themselves
  // but time's.
  std::ranges::sort(history, [](Record const& a, Record const& b) {
    if (a.stamp != b.stamp) return a.stamp < b.stamp;
    if (a.writes != b.writes) return a.writes;
    return a.begun < b.begun;
  });
  Rows rows;
  std::optional<std::chrono::steady_clock::time_point> latest_begin;
  Record const* latest = nullptr;
  for (std::size_t i = 0; i < history.size(); ++i) {
    auto const& record = history[i];
    if (record.writes && i > 0 && history[i - 1].stamp == record.stamp) {
      return fmt::format("{} and {} have the same stamp {}", history[i - 1].name, record.name, hex(record.stamp));
    }
    // Everything before it in the order must not have begun after it had ended.
    if (latest_begin && record.ended < *latest_begin) {
      return fmt::format("{} ended before {} began, but stands after it in the serial order", record.name,
                         latest->name);
    }
    if (!latest_begin || record.begun > *latest_begin) {
      latest_begin = record.begun;
      latest = &record;
    }
    if (auto wrong = replay(record, rows)) return wrong;
  }
  return std::nullopt;
}

}  // namespace codi::conformance
