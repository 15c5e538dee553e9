#include "db/rocks/layer.hpp"

#include <algorithm>
#include <iterator>

namespace codi::db {
namespace {

class LayeredCursor final : public Cursor {
 public:
  LayeredCursor(Layer const& layer, std::unique_ptr<Cursor> below, KeyRange const& range, bool reverse)
      : layer_(layer),
        below_(std::move(below)),
        reverse_(reverse),
        first_(layer.entries.lower_bound(range.begin)),
        last_(layer.entries.lower_bound(range.end)) {
    settle();
  }

  [[nodiscard]] bool valid() const override { return from_layer_ || below_->valid(); }
  [[nodiscard]] std::string_view key() const override { return from_layer_ ? own().first : below_->key(); }
  [[nodiscard]] std::string_view value() const override {
    if (!from_layer_) return below_->value();
    return own().second.kind == Write::Kind::add ? sum_ : std::string_view(own().second.value);
  }

  void next() override {
    if (from_layer_) {
      pass_own();
    } else {
      below_->next();
    }
    settle();
  }

  void skip_to(std::string_view bound) override {
    while (has_own() && (reverse_ ? own().first >= bound : own().first < bound)) drop_own();
    // Never back: what lies below may be further already, and has then passed clears that it would forget.
    if (below_->valid() && (reverse_ ? below_->key() >= bound : below_->key() < bound)) below_->skip_to(bound);
    settle();
  }

 private:
  [[nodiscard]] bool has_own() const { return first_ != last_; }
  [[nodiscard]] Layer::Entries::value_type const& own() const { return reverse_ ? *std::prev(last_) : *first_; }
  void drop_own() {
    if (reverse_) {
      --last_;
    } else {
      ++first_;
    }
  }
  void pass_own() {
    if (same_below_) below_->next();
    drop_own();
  }

  // Finds the next row: skips what is cleared, and decides which of the two sources it comes from.
  void settle() {
    for (;;) {
      skip_cleared();
      from_layer_ = has_own() && (!below_->valid() || !before(below_->key(), own().first));
      if (!from_layer_) return;
      same_below_ = below_->valid() && below_->key() == own().first;
      auto const& write = own().second;
      if (write.kind == Write::Kind::set) return;
      if (write.kind == Write::Kind::add) {
        sum_ = add_to(same_below_ ? std::optional(std::string(below_->value())) : std::nullopt, write.delta);
        return;
      }
      pass_own();
    }
  }

  void skip_cleared() {
    while (below_->valid()) {
      auto const hole = layer_.cleared.containing(below_->key());
      if (!hole) return;
      below_->skip_to(reverse_ ? hole->begin : hole->end);
    }
  }

  [[nodiscard]] bool before(std::string_view a, std::string_view b) const { return reverse_ ? a > b : a < b; }

  Layer const& layer_;
  std::unique_ptr<Cursor> below_;
  bool reverse_;
  bool from_layer_ = false;
  bool same_below_ = false;
  Layer::Entries::const_iterator first_;
  Layer::Entries::const_iterator last_;
  std::string sum_;
};

}  // namespace

bool Layer::touches(KeyRange const& range) const {
  auto const it = entries.lower_bound(range.begin);
  return (it != entries.end() && it->first < range.end) || cleared.intersects(range.begin, range.end);
}

std::optional<std::string> LayeredView::get(std::string_view key) {
  auto const it = layer_.entries.find(key);
  if (it == layer_.entries.end()) {
    if (layer_.cleared.containing(key)) return std::nullopt;
    return below_.get(key);
  }
  switch (it->second.kind) {
    case Write::Kind::set: return it->second.value;
    case Write::Kind::add: return add_to(below_.get(key), it->second.delta);
    case Write::Kind::clear:
    case Write::Kind::stamped_value: break;
  }
  return std::nullopt;
}

std::unique_ptr<Cursor> LayeredView::scan(KeyRange const& range, bool reverse) {
  auto below = below_.scan(range, reverse);
  if (!layer_.touches(range)) return below;
  return std::make_unique<LayeredCursor>(layer_, std::move(below), range, reverse);
}

std::string add_to(std::optional<std::string> const& value, std::int64_t delta) {
  std::uint64_t sum = 0;
  if (value) {
    for (std::size_t i = 0; i < std::min<std::size_t>(8, value->size()); ++i) {
      sum |= std::uint64_t{static_cast<std::uint8_t>((*value)[i])} << (8 * i);
    }
  }
  sum += static_cast<std::uint64_t>(delta);
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(sum >> (8 * i));
  return out;
}

void put_stamp(std::string& text, std::size_t offset, CommitStamp const& stamp) {
  std::ranges::copy(stamp, text.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace codi::db
