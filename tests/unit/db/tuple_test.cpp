#include "db/tuple.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "support/store.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

namespace codi::db::tuple {
namespace {

std::string hex_of(Tuple const& tuple) { return to_hex(pack(tuple)); }
Tuple one(Element element) { return {std::move(element)}; }
Element nested(Tuple tuple) { return Element{std::move(tuple)}; }
BigInteger big(bool negative, std::string const& hex) { return {negative, *from_hex(hex)}; }

struct Vector {
  char const* name;
  Tuple tuple;
  std::string hex;
};

Uuid sequence_uuid() {
  Uuid uuid;
  for (std::uint8_t i = 0; i < 16; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  return uuid;
}

// The test cases of design/tuple.md and of the tests that come with FoundationDB's Java binding.
std::vector<Vector> published_vectors() {
  using namespace std::string_literals;
  auto const max = std::numeric_limits<std::int64_t>::max();
  auto const min = std::numeric_limits<std::int64_t>::min();
  return {
      {"the specification's bytes", one({Bytes{"foo\0bar"s}}), "01666f6f00ff62617200"},
      {"the specification's string", one({"F\xc3\x94O\0bar"s}), "0246c3944f00ff62617200"},
      {"the specification's nested tuple", one(nested({{Bytes{"foo\0bar"s}}, {Null{}}, nested({})})),
       "0501666f6f00ff6261720000ff050000"},
      {"the specification's integer", one({std::int64_t{-5551212}}), "11ab4b93"},
      {"the specification's float", one({-42.0F}), "203dd7ffff"},
      {"empty tuple", {}, ""},
      {"null", one({Null{}}), "00"},
      {"0", one({std::int64_t{0}}), "14"},
      {"1", one({std::int64_t{1}}), "1501"},
      {"-1", one({std::int64_t{-1}}), "13fe"},
      {"255", one({std::int64_t{255}}), "15ff"},
      {"-255", one({std::int64_t{-255}}), "1300"},
      {"256", one({std::int64_t{256}}), "160100"},
      {"-256", one({std::int64_t{-256}}), "12feff"},
      {"65536", one({std::int64_t{65536}}), "17010000"},
      {"-65536", one({std::int64_t{-65536}}), "11feffff"},
      {"1 - 2^32", one({-((std::int64_t{1} << 32) - 1)}), "1000000000"},
      {"2^63 - 1", one({max}), "1c7fffffffffffffff"},
      {"2^63", one({big(false, "8000000000000000")}), "1c8000000000000000"},
      {"2^64 - 1", one({big(false, "ffffffffffffffff")}), "1cffffffffffffffff"},
      {"2^64", one({big(false, "010000000000000000")}), "1d09010000000000000000"},
      {"-2^63 + 2", one({min + 2}), "0c8000000000000001"},
      {"-2^63 + 1", one({min + 1}), "0c8000000000000000"},
      {"-2^63", one({min}), "0c7fffffffffffffff"},
      {"-2^63 - 1", one({big(true, "8000000000000001")}), "0c7ffffffffffffffe"},
      {"-2^64 + 1", one({big(true, "ffffffffffffffff")}), "0c0000000000000000"},
      {"-2^64", one({big(true, "010000000000000000")}), "0bf6feffffffffffffffff"},
      {"3.14f", one({3.14F}), "20c048f5c3"},
      {"-3.14f", one({-3.14F}), "203fb70a3c"},
      {"3.14", one({3.14}), "21c0091eb851eb851f"},
      {"-3.14", one({-3.14}), "213ff6e147ae147ae0"},
      {"0.0f", one({0.0F}), "2080000000"},
      {"-0.0f", one({-0.0F}), "207fffffff"},
      {"0.0", one({0.0}), "218000000000000000"},
      {"-0.0", one({-0.0}), "217fffffffffffffff"},
      {"infinity f", one({std::numeric_limits<float>::infinity()}), "20ff800000"},
      {"-infinity f", one({-std::numeric_limits<float>::infinity()}), "20007fffff"},
      {"infinity", one({std::numeric_limits<double>::infinity()}), "21fff0000000000000"},
      {"-infinity", one({-std::numeric_limits<double>::infinity()}), "21000fffffffffffff"},
      {"empty bytes", one({Bytes{}}), "0100"},
      {"bytes", one({Bytes{"\1\2\3"s}}), "0101020300"},
      {"bytes with zeros", one({Bytes{"\0\0\0\4"s}}), "0100ff00ff00ff0400"},
      {"empty string", one({""s}), "0200"},
      {"hello", one({"hello"s}), "0268656c6c6f00"},
      {"three bytes a code point", one({"\xe4\xb8\xad\xe6\x96\x87"s}), "02e4b8ade6968700"},
      {"four bytes a code point", one({"\xf0\x9f\x94\xa5"s}), "02f09f94a500"},
      {"the last code point", one({"\xf4\x8f\xbf\xbf"s}), "02f48fbfbf00"},
      {"nested null", one(nested({{Null{}}})), "0500ff00"},
      {"nested null and string", one(nested({{Null{}}, {"hello"s}})), "0500ff0268656c6c6f0000"},
      {"nested null and string with zero", one(nested({{Null{}}, {"hell\0"s}})), "0500ff0268656c6c00ff0000"},
      {"nested null, then more",
       {nested({{Null{}}}), {"hello"s}, {Bytes{"\1\0"s}}, {Bytes{}}},
       "0500ff000268656c6c6f00010100ff000100"},
      {"UUID", one({sequence_uuid()}), "30f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"},
      {"false", one({false}), "26"},
      {"true", one({true}), "27"},
      {"versionstamp", one({Versionstamp{{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0, 1, 2, 3}, 0}}),
       "33aabbccddeeff000102030000"},
      {"versionstamp with order", one({Versionstamp{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 657}}),
       "330102030405060708090a0291"},
  };
}

TEST(Tuple, packs_the_published_vectors) {
  for (auto const& vector : published_vectors()) EXPECT_EQ(hex_of(vector.tuple), vector.hex) << vector.name;
}

TEST(Tuple, unpacks_the_published_vectors) {
  for (auto const& vector : published_vectors()) {
    auto const tuple = unpack(*from_hex(vector.hex));
    ASSERT_TRUE(tuple) << vector.name;
    EXPECT_EQ(*tuple, vector.tuple) << vector.name;
  }
}

// The golden file, which an implementation that no one here wrote is compared with. `hex` of numbers is their
// magnitude.
boost::json::value describe(Element const& element) {
  struct Visitor {
    boost::json::value operator()(Null) const { return {{"type", "null"}}; }
    boost::json::value operator()(Bytes const& v) const { return {{"type", "bytes"}, {"hex", to_hex(v.value)}}; }
    boost::json::value operator()(std::string const& v) const { return {{"type", "string"}, {"text", v}}; }
    boost::json::value operator()(Tuple const& v) const {
      boost::json::array items;
      for (auto const& inner : v) items.push_back(describe(inner));
      return {{"type", "tuple"}, {"items", items}};
    }
    boost::json::value operator()(std::int64_t v) const {
      return {{"type", "integer"}, {"decimal", std::to_string(v)}};
    }
    boost::json::value operator()(BigInteger const& v) const {
      return {{"type", "big"}, {"negative", v.negative}, {"hex", to_hex(v.magnitude)}};
    }
    boost::json::value operator()(float v) const {
      return {{"type", "float"}, {"bits", bits(std::bit_cast<std::uint32_t>(v), 8)}};
    }
    boost::json::value operator()(double v) const {
      return {{"type", "double"}, {"bits", bits(std::bit_cast<std::uint64_t>(v), 16)}};
    }
    boost::json::value operator()(bool v) const { return {{"type", "boolean"}, {"value", v}}; }
    boost::json::value operator()(Uuid const& v) const { return {{"type", "uuid"}, {"text", to_string(v)}}; }
    boost::json::value operator()(Versionstamp const& v) const {
      std::string const commit(v.commit.begin(), v.commit.end());
      return {{"type", "versionstamp"}, {"commit", to_hex(commit)}, {"order", v.order}};
    }
    static std::string bits(std::uint64_t value, std::size_t digits) {
      std::string bytes;
      for (std::size_t i = digits / 2; i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
      return to_hex(bytes);
    }
  };
  return std::visit(Visitor{}, element.value);
}

std::string golden_text() {
  std::string out = "[\n";
  for (auto const& vector : published_vectors()) {
    boost::json::array elements;
    for (auto const& element : vector.tuple) elements.push_back(describe(element));
    boost::json::object const line{{"name", vector.name}, {"elements", elements}, {"hex", hex_of(vector.tuple)}};
    out += (out.size() > 2 ? ",\n" : "") + boost::json::serialize(line);
  }
  return out + "\n]\n";
}

TEST(Tuple, golden_file_is_what_the_code_packs) {
  auto const path = std::string(CODI_SOURCE_DIR) + "/tests/golden/tuple_vectors.json";
  if (std::getenv("CODI_UPDATE_GOLDEN") != nullptr)  // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::ofstream(path) << golden_text();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), golden_text()) << "run with CODI_UPDATE_GOLDEN=1 and review the difference";
}

// Random elements, with a liking for the borders of the encoding.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  Tuple tuple(int depth = 0) {
    Tuple out;
    for (auto n = below(5); n > 0; --n) out.push_back(element(depth));
    return out;
  }

  Element element(int depth) {
    switch (below(depth < 3 ? 11 : 10)) {
      case 0: return {Null{}};
      case 1: return {Bytes{bytes()}};
      case 2: return {text()};
      case 3: return {integer()};
      case 4: return {big_integer()};
      case 5: return {std::bit_cast<float>(static_cast<std::uint32_t>(random_()))};
      case 6: return {std::bit_cast<double>(random_())};
      case 7: return {below(2) == 1};
      case 8: {
        Uuid uuid;
        for (auto& b : uuid.bytes) b = byte();
        return {uuid};
      }
      case 9: {
        Versionstamp stamp;
        for (auto& b : stamp.commit) b = byte();
        stamp.order = static_cast<std::uint16_t>(random_());
        return {stamp};
      }
      default: return {tuple(depth + 1)};
    }
  }

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  std::string bytes() {
    std::string out;
    for (auto n = below(6); n > 0; --n)
      out += static_cast<char>(below(2) == 0 ? byte() : std::array{0x00, 0x01, 0xfe, 0xff}[below(4)]);
    return out;
  }

 private:
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  std::string text() {
    constexpr std::array<std::string_view, 6> kParts{"a",    "\xc3\xa9", "\xf0\x9f\x94\xa5", std::string_view("\0", 1),
                                                     "\x01", "zz"};
    std::string out;
    for (auto n = below(5); n > 0; --n) out += kParts[below(kParts.size())];
    return out;
  }

  std::int64_t integer() {
    auto const shifted = static_cast<std::int64_t>(random_() >> below(64));
    auto const edge = static_cast<std::int64_t>((std::uint64_t{1} << below(64)) + below(3) - 1);
    auto const value = below(2) == 0 ? shifted : edge;
    return below(2) == 0 ? value : static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value));
  }

  // Beyond 64 bits with sign, so that it can't come back as an integer.
  BigInteger big_integer() {
    BigInteger out{below(2) == 0, {}};
    auto const size = below(8) == 0 ? std::size_t{255} : 8 + below(4);
    for (std::size_t i = 0; i < size; ++i) out.magnitude += static_cast<char>(byte());
    out.magnitude[0] = static_cast<char>(0x81 + below(0x7f));
    return out;
  }

  std::mt19937_64 random_;
};

int sign(auto order) { return order < 0 ? -1 : static_cast<int>(order > 0); }

// IEEE 754's total order by its sign and bits.
template <class Bits>
int compare_bits(Bits a, Bits b) {
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  auto const rank = [](Bits bits) { return (bits & kSign) != 0 ? ~bits : bits | kSign; };
  return sign(rank(a) <=> rank(b));
}

BigInteger widen(Element const& element) {
  if (auto const* const value = std::get_if<BigInteger>(&element.value)) return *value;
  auto const value = std::get<std::int64_t>(element.value);
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) magnitude = 0 - magnitude;
  BigInteger out{value < 0, {}};
  for (; magnitude != 0; magnitude >>= 8)
    out.magnitude.insert(out.magnitude.begin(), static_cast<char>(magnitude & 0xff));
  return out;
}

int compare(Tuple const& a, Tuple const& b);

int compare_values(Element const& a, Element const& b) {
  auto const integer = [](Element const& e) {
    return std::holds_alternative<std::int64_t>(e.value) || std::holds_alternative<BigInteger>(e.value);
  };
  if (integer(a)) {
    auto const x = widen(a);
    auto const y = widen(b);
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    auto const magnitude = x.magnitude.size() != y.magnitude.size() ? sign(x.magnitude.size() <=> y.magnitude.size())
                                                                    : sign(x.magnitude.compare(y.magnitude));
    return x.negative ? -magnitude : magnitude;
  }
  if (auto const* const x = std::get_if<float>(&a.value)) {
    return compare_bits(std::bit_cast<std::uint32_t>(*x), std::bit_cast<std::uint32_t>(std::get<float>(b.value)));
  }
  if (auto const* const x = std::get_if<double>(&a.value)) {
    return compare_bits(std::bit_cast<std::uint64_t>(*x), std::bit_cast<std::uint64_t>(std::get<double>(b.value)));
  }
  if (auto const* const x = std::get_if<Bytes>(&a.value)) return sign(x->value.compare(std::get<Bytes>(b.value).value));
  if (auto const* const x = std::get_if<std::string>(&a.value)) return sign(x->compare(std::get<std::string>(b.value)));
  if (auto const* const x = std::get_if<bool>(&a.value)) return sign(*x <=> std::get<bool>(b.value));
  if (auto const* const x = std::get_if<Uuid>(&a.value)) return sign(*x <=> std::get<Uuid>(b.value));
  if (auto const* const x = std::get_if<Tuple>(&a.value)) return compare(*x, std::get<Tuple>(b.value));
  if (auto const* const x = std::get_if<Versionstamp>(&a.value)) {
    auto const& y = std::get<Versionstamp>(b.value);
    auto const commits = sign(x->commit <=> y.commit);
    return commits != 0 ? commits : sign(x->order <=> y.order);
  }
  return 0;
}

// The specification's order of types; integers of any size are one type.
int type_rank(Element const& element) {
  constexpr std::array kRanks{0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9};
  return kRanks[element.value.index()];
}

int compare(Tuple const& a, Tuple const& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    auto const types = sign(type_rank(a[i]) <=> type_rank(b[i]));
    auto const values = types != 0 ? types : compare_values(a[i], b[i]);
    if (values != 0) return values;
  }
  return sign(a.size() <=> b.size());
}

bool has_nan(Tuple const& tuple) {
  return std::ranges::any_of(tuple, [](Element const& e) {
    if (auto const* const inner = std::get_if<Tuple>(&e.value)) return has_nan(*inner);
    auto const* const f = std::get_if<float>(&e.value);
    auto const* const d = std::get_if<double>(&e.value);
    return (f != nullptr && *f != *f) || (d != nullptr && *d != *d);
  });
}

TEST(Tuple, round_trip_and_order_property) {
  auto const seed = testing::seed_or(20'251);
  Generator generate(seed);
  for (int i = 0; i < 20'000; ++i) {
    auto const a = generate.tuple();
    auto b = generate.tuple();
    if (i % 2 == 0 && !a.empty()) std::copy_n(a.begin(), std::min(a.size(), b.size()) / 2, b.begin());
    auto const packed = pack(a);
    auto const back = unpack(packed);
    ASSERT_TRUE(back) << "seed " << seed << " round " << i << ": " << to_hex(packed);
    ASSERT_EQ(pack(*back), packed) << "seed " << seed << " round " << i;
    if (!has_nan(a)) ASSERT_EQ(*back, a) << "seed " << seed << " round " << i << ": " << to_hex(packed);
    ASSERT_EQ(sign(packed.compare(pack(b))), compare(a, b))
        << "seed " << seed << " round " << i << ": " << to_hex(packed) << " and " << hex_of(b);
  }
}

TEST(Tuple, what_is_accepted_is_canonical) {
  auto const seed = testing::seed_or(20'252);
  Generator generate(seed);
  for (int i = 0; i < 100'000; ++i) {
    auto bytes = pack(generate.tuple());
    for (auto n = generate.below(3) + 1; n > 0 && !bytes.empty(); --n) {
      auto const at = generate.below(bytes.size());
      switch (generate.below(3)) {
        case 0: bytes[at] = static_cast<char>(generate.below(256)); break;
        case 1: bytes.resize(at); break;
        default: bytes.insert(at, generate.bytes());
      }
    }
    auto const tuple = unpack(bytes);
    if (tuple) ASSERT_EQ(to_hex(pack(*tuple)), to_hex(bytes)) << "seed " << seed << " round " << i;
  }
}

TEST(Tuple, malformed_input_is_refused) {
  for (auto const* const hex : {
           "0161",                      // bytes without an end
           "026100ff",                  // string that ends in an escape
           "02c300",                    // string that is not UTF-8
           "1500",                      // 0 in one byte
           "1600ff",                    // 255 in two bytes
           "13ff",                      // -0 in one byte
           "15",                        // cut short
           "1c01020304050607",          // cut short
           "1d",                        // no length
           "1d0801020304050607ff",      // eight bytes in the form for nine
           "1d09000102030405060708",    // leading zero
           "0bf7fefefefefefefefe",      // eight bytes in the form for nine
           "20ffffff",                  // cut short
           "21ffffffffffffff",          // cut short
           "30000102",                  // cut short
           "330102030405060708090a02",  // cut short
           "05",                        // nested without an end
           "0500ff",                    // nested without an end
           "0515",                      // nested with a bad element
           "03",
           "04",
           "0a",
           "1e",
           "22",
           "23",
           "24",
           "25",
           "28",
           "31",
           "32",
           "40",
           "ff",  // codes that are reserved or unknown
       }) {
    EXPECT_FALSE(unpack(*from_hex(hex))) << hex;
  }
}

TEST(Tuple, nesting_beyond_the_limit_is_refused) {
  Tuple at_limit;
  for (std::size_t i = 0; i < limits::kTupleDepth; ++i) at_limit = one(nested(at_limit));
  EXPECT_EQ(unpack(pack(at_limit)), at_limit);
  EXPECT_FALSE(unpack(pack(one(nested(at_limit)))));
  EXPECT_FALSE(unpack(std::string(100'000, '\x05')));
}

TEST(Tuple, big_integers_are_written_in_their_shortest_form) {
  EXPECT_EQ(Packer().big_integer({false, std::string(3, '\0') + "\x07"}).take(), Packer().integer(7).take());
  EXPECT_EQ(Packer().big_integer({true, {}}).take(), Packer().integer(0).take());
  EXPECT_THROW(Packer().big_integer({false, std::string(256, '\x01')}), std::length_error);
}

TEST(Unpacker, reads_what_the_packer_wrote) {
  Versionstamp const stamp{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 3};
  auto const key = Packer("prefix")
                       .string("events")
                       .uuid(sequence_uuid())
                       .integer(-7)
                       .bytes(std::string("\0x", 2))
                       .versionstamp(stamp)
                       .take();
  Unpacker in(std::string_view(key).substr(6));
  EXPECT_EQ(in.string(), "events");
  EXPECT_EQ(in.uuid(), sequence_uuid());
  EXPECT_EQ(in.integer(), -7);
  EXPECT_EQ(in.bytes(), std::string("\0x", 2));
  EXPECT_FALSE(in.at_end());
  EXPECT_EQ(in.versionstamp(), stamp);
  EXPECT_TRUE(in.at_end());
  EXPECT_FALSE(in.string() || in.bytes() || in.integer() || in.uuid() || in.versionstamp());
}

TEST(Unpacker, an_element_of_another_type_stays_where_it_is) {
  auto const key = Packer().integer(5).take();
  Unpacker in(key);
  EXPECT_FALSE(in.string() || in.bytes() || in.uuid() || in.versionstamp());
  EXPECT_EQ(in.rest(), key);
  EXPECT_EQ(in.integer(), 5);
}

TEST(Unpacker, an_integer_beyond_64_bits_is_another_type) {
  auto const key = Packer().big_integer(big(false, "8000000000000000")).take();
  Unpacker in(key);
  EXPECT_FALSE(in.integer());
  EXPECT_EQ(in.rest(), key);
}

TEST(Tuple, range_below_holds_exactly_the_longer_tuples) {
  auto const prefix = Packer().string("a").take();
  auto const range = range_below(prefix);
  auto const within = [&](std::string const& key) { return range.begin <= key && key < range.end; };
  EXPECT_TRUE(within(Packer(prefix).null().take()));
  EXPECT_TRUE(within(Packer(prefix).versionstamp({{255, 255}, 255}).take()));
  EXPECT_FALSE(within(prefix));
  EXPECT_FALSE(within(Packer().string("b").take()));
}

TEST(Tuple, next_prefix_is_the_first_key_after_a_prefix) {
  EXPECT_EQ(next_prefix("abc"), "abd");
  EXPECT_EQ(next_prefix("ab\xff\xff"), "ac");
  EXPECT_EQ(next_prefix("\xff\xff"), std::nullopt);
  EXPECT_EQ(next_prefix(""), std::nullopt);
}

}  // namespace
}  // namespace codi::db::tuple
