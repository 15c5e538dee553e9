#include "db/tuple.hpp"
#include "fuzz/check.hpp"

#include <algorithm>
#include <bit>
#include <compare>
#include <fuzzer/FuzzedDataProvider.h>

namespace codi::db::tuple {
namespace {

using testing::check;

std::string utf8_of(FuzzedDataProvider& in) {
  constexpr std::array<std::string_view, 6> kPieces{"", "a", "\xc3\xbc", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "b"};
  std::string out;
  auto const pieces = in.ConsumeIntegralInRange<int>(0, 4);
  for (int i = 0; i < pieces; ++i) {
    auto const piece = in.ConsumeIntegralInRange<std::size_t>(0, kPieces.size());
    out += piece == kPieces.size() ? std::string(1, '\0') : std::string(kPieces[piece]);
  }
  return out;
}

// Of 9 bytes at least: a smaller one is read back as a 64-bit integer.
BigInteger big_integer_of(FuzzedDataProvider& in) {
  BigInteger out{in.ConsumeBool(), in.ConsumeBytesAsString(in.ConsumeIntegralInRange<std::size_t>(8, 254))};
  out.magnitude.resize(std::max<std::size_t>(out.magnitude.size(), 8));
  out.magnitude.insert(out.magnitude.begin(), static_cast<char>(in.ConsumeIntegralInRange<int>(1, 255)));
  return out;
}

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_of(FuzzedDataProvider& in) {
  std::array<std::uint8_t, Size> out{};
  in.ConsumeData(out.data(), Size);
  return out;
}

Tuple tuple_of(FuzzedDataProvider& in, int depth);

Element element_of(FuzzedDataProvider& in, int depth) {
  switch (in.ConsumeIntegralInRange<int>(0, depth > 0 ? 10 : 9)) {
    case 0: return {Null{}};
    case 1: return {Bytes{in.ConsumeRandomLengthString(12)}};
    case 2: return {utf8_of(in)};
    case 3: return {in.ConsumeIntegral<std::int64_t>() >> in.ConsumeIntegralInRange<int>(0, 63)};
    case 4: return {big_integer_of(in)};
    case 5: return {std::bit_cast<float>(in.ConsumeIntegral<std::uint32_t>())};
    case 6: return {std::bit_cast<double>(in.ConsumeIntegral<std::uint64_t>())};
    case 7: return {in.ConsumeBool()};
    case 8: return {Uuid{bytes_of<16>(in)}};
    case 9: return {Versionstamp{bytes_of<10>(in), in.ConsumeIntegral<std::uint16_t>()}};
    default: return {tuple_of(in, depth - 1)};
  }
}

Tuple tuple_of(FuzzedDataProvider& in, int depth) {
  Tuple out;
  auto const size = in.ConsumeIntegralInRange<int>(0, 4);
  for (int i = 0; i < size; ++i) out.push_back(element_of(in, depth));
  return out;
}

std::strong_ordering order(Tuple const& a, Tuple const& b);

std::strong_ordering order_bytes(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

// Of integers of any size, as the number line has them.
BigInteger widened(Element const& element) {
  if (auto const* const big = std::get_if<BigInteger>(&element.value)) return *big;
  auto const value = std::get<std::int64_t>(element.value);
  auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  BigInteger out{.negative = value < 0};
  for (; magnitude != 0; magnitude >>= 8) out.magnitude.insert(out.magnitude.begin(), static_cast<char>(magnitude));
  return out;
}

std::strong_ordering order_integers(BigInteger const& a, BigInteger const& b) {
  if (a.negative != b.negative) return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
  auto by_size = a.magnitude.size() <=> b.magnitude.size();
  auto const by_value = by_size != 0 ? by_size : order_bytes(a.magnitude, b.magnitude);
  return a.negative ? 0 <=> by_value : by_value;
}

bool is_integer(Element const& element) {
  return std::holds_alternative<std::int64_t>(element.value) || std::holds_alternative<BigInteger>(element.value);
}

// What the encoding promises to keep: the order of the types, then that of the values.
struct Order {
  std::strong_ordering operator()(Null, Null) const { return std::strong_ordering::equal; }
  std::strong_ordering operator()(Bytes const& a, Bytes const& b) const { return order_bytes(a.value, b.value); }
  std::strong_ordering operator()(std::string const& a, std::string const& b) const { return order_bytes(a, b); }
  std::strong_ordering operator()(Tuple const& a, Tuple const& b) const { return order(a, b); }
  std::strong_ordering operator()(float a, float b) const { return std::strong_order(a, b); }
  std::strong_ordering operator()(double a, double b) const { return std::strong_order(a, b); }
  std::strong_ordering operator()(bool a, bool b) const { return a <=> b; }
  std::strong_ordering operator()(Uuid const& a, Uuid const& b) const { return a.bytes <=> b.bytes; }
  std::strong_ordering operator()(Versionstamp const& a, Versionstamp const& b) const {
    auto const by_commit = a.commit <=> b.commit;
    return by_commit != 0 ? by_commit : a.order <=> b.order;
  }
  template <class A, class B>
  std::strong_ordering operator()(A const&, B const&) const {
    std::abort();  // of different types, or integers: told apart before
  }
};

std::strong_ordering order(Element const& a, Element const& b) {
  if (is_integer(a) && is_integer(b)) return order_integers(widened(a), widened(b));
  auto const by_type = a.value.index() <=> b.value.index();
  return by_type != 0 ? by_type : std::visit(Order{}, a.value, b.value);
}

std::strong_ordering order(Tuple const& a, Tuple const& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                [](Element const& x, Element const& y) { return order(x, y); });
}

void check_range(std::string const& key, Element const& next) {
  auto const below = Packer(key).element(next).take();
  auto const range = range_below(key);
  check(range.begin <= below && below < range.end, "a key with one more element is below its prefix", below);
  auto const behind = next_prefix(key);
  check(!behind || (*behind > below && *behind > key), "the next prefix is behind all that begins with this one", key);
}

void check_values(FuzzedDataProvider& in) {
  constexpr int kDepth = 3;
  auto const a = tuple_of(in, kDepth);
  // Half of the pairs share their beginning, where the order is hardest to keep.
  auto b = in.ConsumeBool() ? a : tuple_of(in, kDepth);
  if (in.ConsumeBool()) b.push_back(element_of(in, kDepth));
  auto const key_a = pack(a);
  auto const key_b = pack(b);
  auto const read = unpack(key_a);
  check(read && order(*read, a) == 0, "what was packed is unpacked", key_a);
  check((order_bytes(key_a, key_b) <=> 0) == (order(a, b) <=> 0), "keys are ordered as their values", key_a);
  if (!b.empty()) check_range(key_a, b.back());
}

void check_bytes(std::string_view bytes) {
  auto const read = unpack(bytes);
  if (read) check(pack(*read) == bytes, "only canonical keys are read", bytes);
  Unpacker one(bytes);
  if (auto const text = one.string())
    check(Packer().string(*text).take() + std::string(one.rest()) == bytes, "a string is taken whole", bytes);
  else if (auto const number = one.integer())
    check(Packer().integer(*number).take() + std::string(one.rest()) == bytes, "a number is taken whole", bytes);
  else
    check(one.rest() == bytes, "what is not taken stays", bytes);
}

}  // namespace
}  // namespace codi::db::tuple

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  codi::db::tuple::check_values(in);
  codi::db::tuple::check_bytes(codi::testing::text_of(data, size));
  return 0;
}
