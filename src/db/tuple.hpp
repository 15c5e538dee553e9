#pragma once
#include "base/ids.hpp"
#include "base/stamp.hpp"
#include "db/engine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// FoundationDB's tuple layer, byte for byte by its published specification (design/tuple.md of apple/foundationdb): an
/// encoding whose byte order is the order of the tuples. Codes: null 00, bytes 01, string 02, nested 05, integers
/// 0b-1d, float 20, double 21, false 26, true 27, UUID 30, 80-bit versionstamp with user order 33.
namespace codi::db::tuple {

/// A byte string, which sorts before every text.
struct Bytes {
  std::string value;
  bool operator==(Bytes const&) const = default;
};

/// 10 bytes of commit and 2 bytes of user order.
struct Versionstamp {
  CommitStamp commit{};
  std::uint16_t order = 0;
  bool operator==(Versionstamp const&) const = default;
};

/// An integer beyond 64 bits: big-endian magnitude without leading zeros, up to 255 bytes.
struct BigInteger {
  bool negative = false;
  std::string magnitude;
  bool operator==(BigInteger const&) const = default;
};

struct Element;
/// A decoded tuple.
using Tuple = std::vector<Element>;
/// The element without a value; it sorts before all others.
struct Null {
  bool operator==(Null const&) const = default;
};
/// One element, of any type that the encoding has.
struct Element {
  std::variant<Null, Bytes, std::string, Tuple, std::int64_t, BigInteger, float, double, bool, Uuid, Versionstamp>
      value;
  bool operator==(Element const&) const = default;
};

/// Appends elements to a key. `Packer(prefix).string("events").uuid(id).take()`.
class Packer {
 public:
  explicit Packer(std::string_view prefix = {}) {
    out_.reserve(prefix.size() + kRoom);
    out_.append(prefix);
  }
  /// Appends one element of the type.
  Packer& null();
  Packer& bytes(std::string_view value);
  Packer& string(std::string_view value);
  Packer& integer(std::int64_t value);
  Packer& big_integer(BigInteger const& value);
  Packer& float32(float value);
  Packer& float64(double value);
  Packer& boolean(bool value);
  Packer& uuid(Uuid const& value);
  Packer& versionstamp(Versionstamp const& value);
  Packer& nested(Tuple const& value);
  Packer& element(Element const& value);
  [[nodiscard]] std::string take() { return std::move(out_); }
  [[nodiscard]] std::string const& key() const { return out_; }

 private:
  static constexpr std::size_t kRoom = 96;  // most keys fit: it is grown once
  std::string out_;
};

/// The encoding of a whole tuple.
std::string pack(Tuple const& tuple);

/// Nothing when `bytes` is not the encoding of a tuple: unknown code, cut short, or not canonical.
std::optional<Tuple> unpack(std::string_view bytes);

/// Reads elements one after another without building a Tuple; each call returns nothing when the next element is of
/// another type.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  /// The next element, if it is of the type.
  std::optional<std::string> string();
  std::optional<std::string> bytes();
  std::optional<std::int64_t> integer();
  std::optional<Uuid> uuid();
  std::optional<Versionstamp> versionstamp();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Every key that begins with `prefix` followed by at least one more element: [prefix 00, prefix ff).
KeyRange range_below(std::string_view prefix);

/// The first key after all keys that begin with `prefix` (FoundationDB's strinc); nothing when prefix is all ff.
std::optional<std::string> next_prefix(std::string_view prefix);

}  // namespace codi::db::tuple
