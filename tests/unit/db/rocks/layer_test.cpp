#include "db/rocks/layer.hpp"

#include "support/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>

namespace codi::db {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

/// Rows in memory, as the lowest view.
class MapView final : public View {
 public:
  Rows rows;

  std::optional<std::string> get(std::string_view key) override {
    auto const it = rows.find(key);
    return it == rows.end() ? std::nullopt : std::optional(it->second);
  }
  std::uint64_t estimated_bytes(KeyRange const&) override { return 0; }
  std::unique_ptr<Cursor> scan(KeyRange const& range, bool reverse) override {
    std::vector<KeyValue> found;
    for (auto it = rows.lower_bound(range.begin); it != rows.end() && it->first < range.end; ++it) {
      found.push_back({it->first, it->second});
    }
    if (reverse) std::ranges::reverse(found);
    return std::make_unique<VectorCursor>(std::move(found), reverse);
  }

 private:
  class VectorCursor final : public Cursor {
   public:
    VectorCursor(std::vector<KeyValue> rows, bool reverse) : rows_(std::move(rows)), reverse_(reverse) {}
    [[nodiscard]] bool valid() const override { return at_ < rows_.size(); }
    [[nodiscard]] std::string_view key() const override { return rows_[at_].key; }
    [[nodiscard]] std::string_view value() const override { return rows_[at_].value; }
    void next() override { ++at_; }
    // As RocksDB seeks: to where the bound says, also backwards.
    void skip_to(std::string_view bound) override {
      at_ = 0;
      while (valid() && (reverse_ ? rows_[at_].key >= bound : rows_[at_].key < bound)) ++at_;
    }

   private:
    std::vector<KeyValue> rows_;
    std::size_t at_ = 0;
    bool reverse_;
  };
};

std::vector<KeyValue> all(Cursor& cursor) {
  std::vector<KeyValue> out;
  for (; cursor.valid(); cursor.next()) out.push_back({std::string(cursor.key()), std::string(cursor.value())});
  return out;
}

TEST(Layer, add_to_cuts_fills_and_wraps) {
  EXPECT_EQ(add_to(std::nullopt, 1), std::string("\1\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(add_to("\xff", 1), std::string("\0\1\0\0\0\0\0\0", 8));
  EXPECT_EQ(add_to(std::string("\1\0\0\0\0\0\0\0tail", 12), -1), std::string(8, '\0'));
  EXPECT_EQ(add_to(std::nullopt, -1), std::string(8, '\xff'));
}

TEST(Layer, put_stamp_overwrites_ten_bytes) {
  std::string text = "ab" + std::string(10, '.') + "cd";
  put_stamp(text, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  EXPECT_EQ(text, "ab\1\2\3\4\5\6\7\10\11\12cd");
}

// Random layers on top of each other against one map that all their writes were applied to.
TEST(Layer, views_property) {
  auto const seed = testing::seed_or(71);
  std::mt19937_64 random(seed);
  auto const key = [&] { return std::string(1 + random() % 2, static_cast<char>('a' + random() % 8)); };
  auto const range = [&] {
    KeyRange out{key(), key()};
    if (out.end < out.begin) std::swap(out.begin, out.end);
    return out;
  };
  for (int round = 0; round < 1'000; ++round) {
    MapView bottom;
    for (int i = 0; i < 10; ++i) bottom.rows[key()] = "bottom";
    Rows model = bottom.rows;
    std::array<Layer, 3> layers;
    for (auto& layer : layers) {
      for (auto n = random() % 6; n > 0; --n) {
        if (random() % 3 == 0) {
          auto const r = range();
          layer.entries.erase(layer.entries.lower_bound(r.begin), layer.entries.lower_bound(r.end));
          layer.cleared.add(r.begin, r.end);
          model.erase(model.lower_bound(r.begin), model.lower_bound(r.end));
          continue;
        }
        auto const k = key();
        if (layer.entries.contains(k)) continue;
        bool const covered = layer.cleared.containing(k).has_value();
        switch (random() % 3) {
          case 0: {
            auto const value = std::to_string(random() % 100);
            layer.entries[k] = {Write::Kind::set, false, 0, 0, value};
            model[k] = value;
            break;
          }
          case 1:
            layer.entries[k] = {};
            model.erase(k);
            break;
          default: {
            if (covered) break;  // a transaction writes a set there
            layer.entries[k] = {Write::Kind::add, false, 0, 7, {}};
            auto const it = model.find(k);
            model[k] = add_to(it == model.end() ? std::nullopt : std::optional(it->second), 7);
          }
        }
      }
    }
    LayeredView first(layers[0], bottom);
    LayeredView second(layers[1], first);
    LayeredView top(layers[2], second);
    auto const where = "seed " + std::to_string(seed) + " round " + std::to_string(round);
    for (int i = 0; i < 5; ++i) {
      auto const k = key();
      auto const it = model.find(k);
      ASSERT_EQ(top.get(k), it == model.end() ? std::nullopt : std::optional(it->second)) << where;
      auto const r = range();
      std::vector<KeyValue> expected;
      for (auto m = model.lower_bound(r.begin); m != model.end() && m->first < r.end; ++m)
        expected.push_back({m->first, m->second});
      ASSERT_EQ(all(*top.scan(r, false)), expected) << where;
      std::ranges::reverse(expected);
      ASSERT_EQ(all(*top.scan(r, true)), expected) << where;
      auto const bound = key();
      auto const skipped = top.scan(r, true);
      skipped->skip_to(bound);
      std::erase_if(expected, [&](KeyValue const& row) { return row.key >= bound; });
      ASSERT_EQ(all(*skipped), expected) << where;
    }
  }
}

TEST(Layer, a_pending_stamped_value_shows_nothing) {
  MapView bottom;
  bottom.rows = {{"a", "1"}, {"b", "2"}};
  Layer layer;
  layer.entries["a"] = {Write::Kind::stamped_value, false, 0, 0, std::string(10, '\0')};
  LayeredView view(layer, bottom);
  EXPECT_EQ(view.get("a"), std::nullopt);
  KeyRange const range{"a", "c"};
  EXPECT_EQ(all(*view.scan(range, false)), (std::vector<KeyValue>{{"b", "2"}}));
}

}  // namespace
}  // namespace codi::db
