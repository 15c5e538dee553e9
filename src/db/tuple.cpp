#include "db/tuple.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace codi::db::tuple {
namespace {

namespace code {
constexpr std::uint8_t kNull = 0x00;
constexpr std::uint8_t kBytes = 0x01;
constexpr std::uint8_t kString = 0x02;
constexpr std::uint8_t kNested = 0x05;
constexpr std::uint8_t kNegativeBig = 0x0b;
constexpr std::uint8_t kZero = 0x14;
constexpr std::uint8_t kPositiveBig = 0x1d;
constexpr std::uint8_t kFloat = 0x20;
constexpr std::uint8_t kDouble = 0x21;
constexpr std::uint8_t kFalse = 0x26;
constexpr std::uint8_t kTrue = 0x27;
constexpr std::uint8_t kUuid = 0x30;
constexpr std::uint8_t kVersionstamp = 0x33;
}  // namespace code

constexpr char kEscape = '\xff';
constexpr std::size_t kBigIntegerBytes = 255;

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }
char to_char(unsigned value) { return static_cast<char>(static_cast<std::uint8_t>(value)); }

void append_terminated(std::string& out, std::string_view value) {
  for (auto zero = value.find('\0'); zero != std::string_view::npos; zero = value.find('\0')) {
    out.append(value.substr(0, zero + 1));
    out += kEscape;
    value.remove_prefix(zero + 1);
  }
  out.append(value);
  out += '\0';
}

// Magnitude without leading zeros, 1 to 255 bytes. Negative numbers are the one's complement, so that they sort
// backwards.
void append_magnitude(std::string& out, bool negative, std::string_view magnitude) {
  auto const size = static_cast<unsigned>(magnitude.size());
  unsigned const flip = negative ? 0xFFU : 0U;
  if (size <= 8) {
    out += to_char(negative ? code::kZero - size : code::kZero + size);
  } else {
    out += to_char(negative ? code::kNegativeBig : code::kPositiveBig);
    out += to_char(size ^ flip);
  }
  for (std::size_t i = 0; i < magnitude.size(); ++i) out += to_char(byte_at(magnitude, i) ^ flip);
}

std::string_view without_leading_zeros(std::string_view magnitude) {
  return magnitude.substr(std::min(magnitude.find_first_not_of('\0'), magnitude.size()));
}

template <class Bits>
void append_float(std::string& out, std::uint8_t type, Bits bits) {
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  bits = (bits & kSign) != 0 ? ~bits : bits ^ kSign;
  out += to_char(type);
  for (int shift = static_cast<int>(sizeof(Bits)) * 8 - 8; shift >= 0; shift -= 8) {
    out += to_char(static_cast<unsigned>((bits >> shift) & 0xFF));
  }
}

// The decoders take what they read off the front of `rest`, and leave it alone when they answer nothing.

std::optional<std::string> take_terminated(std::string_view& rest, std::uint8_t type) {
  if (rest.empty() || byte_at(rest, 0) != type) return std::nullopt;
  std::string out;
  std::size_t from = 1;
  for (;;) {
    auto const zero = rest.find('\0', from);
    if (zero == std::string_view::npos) return std::nullopt;
    out.append(rest, from, zero - from);
    if (zero + 1 == rest.size() || rest[zero + 1] != kEscape) {
      rest.remove_prefix(zero + 1);
      return out;
    }
    out += '\0';
    from = zero + 2;
  }
}

std::optional<std::string> take_string(std::string_view& rest) {
  auto after = rest;
  auto text = take_terminated(after, code::kString);
  if (!text || !is_valid_utf8(*text)) return std::nullopt;
  rest = after;
  return text;
}

std::optional<BigInteger> take_any_integer(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  unsigned const type = byte_at(rest, 0);
  if (type < code::kNegativeBig || type > code::kPositiveBig) return std::nullopt;
  bool const negative = type < code::kZero;
  unsigned const flip = negative ? 0xFFU : 0U;
  std::size_t start = 1;
  std::size_t size = negative ? code::kZero - type : type - code::kZero;
  if (type == code::kNegativeBig || type == code::kPositiveBig) {
    if (rest.size() < 2) return std::nullopt;
    size = byte_at(rest, 1) ^ flip;
    start = 2;
    if (size <= 8) return std::nullopt;
  }
  if (rest.size() < start + size) return std::nullopt;
  BigInteger out{negative, std::string(rest.substr(start, size))};
  for (char& c : out.magnitude) c = to_char(static_cast<std::uint8_t>(c) ^ flip);
  if (!out.magnitude.empty() && out.magnitude.front() == '\0') return std::nullopt;
  rest.remove_prefix(start + size);
  return out;
}

// Nothing when it does not fit 64 bits with sign.
std::optional<std::int64_t> to_int64(BigInteger const& value) {
  if (value.magnitude.size() > 8) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (std::size_t i = 0; i < value.magnitude.size(); ++i) magnitude = magnitude << 8 | byte_at(value.magnitude, i);
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (magnitude > kLimit || (magnitude == kLimit && !value.negative)) return std::nullopt;
  return static_cast<std::int64_t>(value.negative ? 0 - magnitude : magnitude);
}

template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> take_fixed(std::string_view& rest, std::uint8_t type) {
  if (rest.size() < 1 + Size || byte_at(rest, 0) != type) return std::nullopt;
  std::array<std::uint8_t, Size> out{};
  for (std::size_t i = 0; i < Size; ++i) out[i] = byte_at(rest, 1 + i);
  rest.remove_prefix(1 + Size);
  return out;
}

template <class Bits>
std::optional<Bits> take_float(std::string_view& rest, std::uint8_t type) {
  auto const bytes = take_fixed<sizeof(Bits)>(rest, type);
  if (!bytes) return std::nullopt;
  Bits bits = 0;
  for (auto const b : *bytes) bits = static_cast<Bits>(bits << 8 | b);
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  return (bits & kSign) != 0 ? bits ^ kSign : ~bits;
}

std::optional<Uuid> take_uuid(std::string_view& rest) {
  auto const bytes = take_fixed<16>(rest, code::kUuid);
  if (!bytes) return std::nullopt;
  return Uuid{*bytes};
}

std::optional<Versionstamp> take_versionstamp(std::string_view& rest) {
  auto const bytes = take_fixed<12>(rest, code::kVersionstamp);
  if (!bytes) return std::nullopt;
  Versionstamp out;
  std::copy_n(bytes->begin(), out.commit.size(), out.commit.begin());
  out.order = static_cast<std::uint16_t>((*bytes)[10] << 8 | (*bytes)[11]);
  return out;
}

std::optional<Tuple> take_nested(std::string_view& rest, std::size_t depth);

template <class T>
std::optional<Element> as_element(std::optional<T> value) {
  if (!value) return std::nullopt;
  return Element{std::move(*value)};
}

std::optional<Element> take_integer_element(std::string_view& rest) {
  auto big = take_any_integer(rest);
  if (!big) return std::nullopt;
  if (auto const small = to_int64(*big)) return Element{*small};
  return Element{std::move(*big)};
}

std::optional<Element> take_bytes_element(std::string_view& rest) {
  auto bytes = take_terminated(rest, code::kBytes);
  if (!bytes) return std::nullopt;
  return Element{Bytes{std::move(*bytes)}};
}

template <class Float, class Bits>
std::optional<Element> take_float_element(std::string_view& rest, std::uint8_t type) {
  auto const bits = take_float<Bits>(rest, type);
  if (!bits) return std::nullopt;
  return Element{std::bit_cast<Float>(*bits)};
}

template <class T>
std::optional<Element> take_constant(std::string_view& rest, T value) {
  rest.remove_prefix(1);
  return Element{value};
}

std::optional<Element> take_element(std::string_view& rest, std::size_t depth) {
  switch (byte_at(rest, 0)) {
    case code::kNull: return take_constant(rest, Null{});
    case code::kBytes: return take_bytes_element(rest);
    case code::kString: return as_element(take_string(rest));
    case code::kNested: return as_element(take_nested(rest, depth));
    case code::kFloat: return take_float_element<float, std::uint32_t>(rest, code::kFloat);
    case code::kDouble: return take_float_element<double, std::uint64_t>(rest, code::kDouble);
    case code::kFalse: return take_constant(rest, false);
    case code::kTrue: return take_constant(rest, true);
    case code::kUuid: return as_element(take_uuid(rest));
    case code::kVersionstamp: return as_element(take_versionstamp(rest));
    default: return take_integer_element(rest);
  }
}

std::optional<Tuple> take_nested(std::string_view& rest, std::size_t depth) {
  if (depth >= limits::kTupleDepth) return std::nullopt;
  auto after = rest.substr(1);
  Tuple out;
  for (;;) {
    if (after.empty()) return std::nullopt;
    if (byte_at(after, 0) == code::kNull) {
      bool const null = after.size() > 1 && after[1] == kEscape;
      after.remove_prefix(null ? 2 : 1);
      if (!null) break;
      out.push_back({Null{}});
      continue;
    }
    auto element = take_element(after, depth + 1);
    if (!element) return std::nullopt;
    out.push_back(std::move(*element));
  }
  rest = after;
  return out;
}

}  // namespace

Packer& Packer::null() {
  out_ += to_char(code::kNull);
  return *this;
}

Packer& Packer::bytes(std::string_view value) {
  out_ += to_char(code::kBytes);
  append_terminated(out_, value);
  return *this;
}

Packer& Packer::string(std::string_view value) {
  out_ += to_char(code::kString);
  append_terminated(out_, value);
  return *this;
}

Packer& Packer::integer(std::int64_t value) {
  auto const bits = static_cast<std::uint64_t>(value);
  std::uint64_t const magnitude = value < 0 ? 0 - bits : bits;
  std::array<char, 8> big_endian{};
  for (std::size_t i = 0; i < 8; ++i) big_endian[i] = static_cast<char>(magnitude >> (56 - 8 * i));
  append_magnitude(out_, value < 0, without_leading_zeros({big_endian.data(), big_endian.size()}));
  return *this;
}

Packer& Packer::big_integer(BigInteger const& value) {
  auto const magnitude = without_leading_zeros(value.magnitude);
  if (magnitude.size() > kBigIntegerBytes) throw std::length_error("a tuple's integer has at most 255 bytes");
  append_magnitude(out_, value.negative && !magnitude.empty(), magnitude);
  return *this;
}

Packer& Packer::float32(float value) {
  append_float(out_, code::kFloat, std::bit_cast<std::uint32_t>(value));
  return *this;
}

Packer& Packer::float64(double value) {
  append_float(out_, code::kDouble, std::bit_cast<std::uint64_t>(value));
  return *this;
}

Packer& Packer::boolean(bool value) {
  out_ += to_char(value ? code::kTrue : code::kFalse);
  return *this;
}

Packer& Packer::uuid(Uuid const& value) {
  out_ += to_char(code::kUuid);
  out_.append(reinterpret_cast<char const*>(value.bytes.data()), value.bytes.size());
  return *this;
}

Packer& Packer::versionstamp(Versionstamp const& value) {
  out_ += to_char(code::kVersionstamp);
  out_.append(reinterpret_cast<char const*>(value.commit.data()), value.commit.size());
  out_ += to_char(value.order >> 8U);
  out_ += to_char(value.order & 0xFFU);
  return *this;
}

Packer& Packer::nested(Tuple const& value) {
  out_ += to_char(code::kNested);
  for (auto const& inner : value) {
    element(inner);
    if (std::holds_alternative<Null>(inner.value)) out_ += kEscape;
  }
  out_ += '\0';
  return *this;
}

Packer& Packer::element(Element const& value) {
  struct Visitor {
    Packer& packer;
    void operator()(Null) const { packer.null(); }
    void operator()(Bytes const& v) const { packer.bytes(v.value); }
    void operator()(std::string const& v) const { packer.string(v); }
    void operator()(Tuple const& v) const { packer.nested(v); }
    void operator()(std::int64_t v) const { packer.integer(v); }
    void operator()(BigInteger const& v) const { packer.big_integer(v); }
    void operator()(float v) const { packer.float32(v); }
    void operator()(double v) const { packer.float64(v); }
    void operator()(bool v) const { packer.boolean(v); }
    void operator()(Uuid const& v) const { packer.uuid(v); }
    void operator()(Versionstamp const& v) const { packer.versionstamp(v); }
  };
  std::visit(Visitor{*this}, value.value);
  return *this;
}

std::string pack(Tuple const& tuple) {
  Packer packer;
  for (auto const& element : tuple) packer.element(element);
  return packer.take();
}

std::optional<Tuple> unpack(std::string_view bytes) {
  Tuple out;
  while (!bytes.empty()) {
    auto element = take_element(bytes, 0);
    if (!element) return std::nullopt;
    out.push_back(std::move(*element));
  }
  return out;
}

std::optional<std::string> Unpacker::string() { return take_string(rest_); }
std::optional<std::string> Unpacker::bytes() { return take_terminated(rest_, code::kBytes); }

std::optional<std::int64_t> Unpacker::integer() {
  auto after = rest_;
  auto const big = take_any_integer(after);
  auto const value = big ? to_int64(*big) : std::nullopt;
  if (value) rest_ = after;
  return value;
}

std::optional<Uuid> Unpacker::uuid() { return take_uuid(rest_); }
std::optional<Versionstamp> Unpacker::versionstamp() { return take_versionstamp(rest_); }

KeyRange range_below(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  range.begin += '\0';
  range.end += kEscape;
  return range;
}

std::optional<std::string> next_prefix(std::string_view prefix) {
  auto const last = prefix.find_last_not_of(kEscape);
  if (last == std::string_view::npos) return std::nullopt;
  std::string out(prefix.substr(0, last + 1));
  out.back() = to_char(byte_at(out, last) + 1U);
  return out;
}

}  // namespace codi::db::tuple
