#pragma once
#include "db/engine.hpp"
#include "db/interval_set.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// What is pending for one key.
struct Write {
  /// What becomes of the key.
  enum class Kind : std::uint8_t {
    set,
    clear,
    add,            ///< `delta` on top of what lies below
    stamped_value,  ///< `value` with the stamp at `offset`, then `delta` added where `adds`
  };
  Kind kind = Kind::clear;
  bool adds = false;
  std::size_t offset = 0;
  std::int64_t delta = 0;
  std::string value;
};

/// Pending writes over something older: cleared ranges first, then the entries on top of them. Not thread-safe.
struct Layer {
  using Entries = std::map<std::string, Write, std::less<>>;
  Entries entries;
  IntervalSet cleared;

  [[nodiscard]] bool empty() const { return entries.empty() && cleared.empty(); }
  /// True when a key of the range may have another value than below.
  [[nodiscard]] bool touches(KeyRange const& range) const;
};

/// The rows of one range in one direction. Starts at the first row; throws StorageFailure when the disk fails.
class Cursor {
 public:
  virtual ~Cursor() = default;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  /// One row further; the cursor must be valid.
  virtual void next() = 0;
  /// Goes on to the first row at or after `bound`; in reverse to the last row before it.
  virtual void skip_to(std::string_view bound) = 0;
};

/// Rows that a transaction can build upon.
class View {
 public:
  virtual ~View() = default;
  /// The value of a key.
  virtual std::optional<std::string> get(std::string_view key) = 0;
  /// `range` must outlive the cursor.
  virtual std::unique_ptr<Cursor> scan(KeyRange const& range, bool reverse) = 0;
  /// About how much the range takes on disk and in memory; what is pending in a layer is left out.
  virtual std::uint64_t estimated_bytes(KeyRange const& range) = 0;
};

/// What `layer` leaves of `below`. Both must outlive it, and the layer must not change under a cursor.
class LayeredView final : public View {
 public:
  LayeredView(Layer const& layer, View& below) : layer_(layer), below_(below) {}
  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(KeyRange const& range, bool reverse) override;
  std::uint64_t estimated_bytes(KeyRange const& range) override { return below_.estimated_bytes(range); }

 private:
  Layer const& layer_;
  View& below_;
};

/// Atomic add: `value` as a little-endian integer of 8 bytes (cut, or filled up with zeros), plus `delta`, wrapping.
std::string add_to(std::optional<std::string> const& value, std::int64_t delta);

/// Puts the stamp over the 10 bytes at `offset`.
void put_stamp(std::string& text, std::size_t offset, CommitStamp const& stamp);

}  // namespace codi::db
