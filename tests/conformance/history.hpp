#pragma once
#include "db/engine.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// A record of what concurrent transactions did and saw, and the check that one serial order explains it.
namespace codi::conformance {

struct Operation {
  enum class Kind : std::uint8_t { get, get_range, set, clear, clear_range, add, set_stamped_key };
  Kind kind = Kind::get;
  std::string key;  ///< of a range: its begin
  std::string end;
  std::string value;
  std::int64_t delta = 0;
  db::RangeOptions options;
};

/// What one read answered.
struct Seen {
  std::optional<std::string> value;
  std::vector<db::KeyValue> rows;
};

struct Record {
  std::string name;
  bool writes = true;
  std::vector<Operation> operations;
  std::vector<Seen> seen;  ///< one for each operation that reads, in their order, by the try that committed
  CommitStamp stamp{};     ///< of a writer: its own; of a reader: that of the newest writer that it saw
  std::chrono::steady_clock::time_point begun;
  std::chrono::steady_clock::time_point ended;
};

/// Nothing when the order of the stamps explains every read and agrees with real time; else what contradicts it.
std::optional<std::string> contradiction(std::vector<Record> history);

/// The prefix of stamped keys, and the key whose value is the stamp of the newest writer.
inline constexpr char kStampedPrefix[] = "s/";
inline constexpr char kNewest[] = "newest";

}  // namespace codi::conformance
