#include "coordination/glob.hpp"

#include <algorithm>

namespace codi::coordination {

/// Looks for a path that both automata accept, reading it with both at once. A place is a state of each and the part
/// of the name; each is visited once, so there is nothing to determinise.
class GlobProduct {
 public:
  GlobProduct(Glob const& a, Glob const& b, Effort& effort)
      : a_(a),
        b_(b),
        effort_(effort),
        visited_(a.size() * b.size(), 0),
        common_(a.sets_.size() * b.sets_.size(), kUnknown) {}

  bool find() {
    visit(a_.start_, b_.start_, NamePart::empty);
    while (!open_.empty() && !found_) {
      auto const place = open_.back();
      open_.pop_back();
      leave(place);
    }
    return found_;
  }

 private:
  using State = Glob::State;
  using Reads = Glob::Reads;
  static constexpr std::uint8_t kUnknown = 0xFF;
  static constexpr std::uint8_t kDot = 1;
  static constexpr std::uint8_t kOther = 2;

  struct Place {
    State a;
    State b;
    NamePart part;
  };

  void visit(State a, State b, NamePart part) {
    if (!effort_.spend(1)) {
      open_.clear();
      return;
    }
    if (!a_.can_finish(a, part) || !b_.can_finish(b, part)) return;
    auto& seen = visited_[a * b_.size() + b];
    auto const bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(part));
    if ((seen & bit) != 0) return;
    seen |= bit;
    if (a == a_.end_ && b == b_.end_)
      found_ = true;
    else
      open_.push_back({a, b, part});
  }

  void leave(Place place) {
    auto const& a = a_.states_[place.a];
    auto const& b = b_.states_[place.b];
    if (a.reads == Reads::nothing && place.a != a_.end_) {
      for (auto const next : a.next) visit(next, place.b, place.part);
    } else if (b.reads == Reads::nothing && place.b != b_.end_) {
      for (auto const next : b.next) visit(place.a, next, place.part);
    } else if (a.reads != b.reads) {
      return;
    } else if (a.reads == Reads::slash) {
      visit(a.next.front(), b.next.front(), NamePart::empty);  // only what can finish is visited: a name is behind it
    } else if (a.reads == Reads::letter) {
      auto const common = common_letters_of(a.letters, b.letters);
      if ((common & kDot) != 0) visit(a.next.front(), b.next.front(), after_letter(place.part, true));
      if ((common & kOther) != 0) visit(a.next.front(), b.next.front(), after_letter(place.part, false));
    }
  }

  std::uint8_t common_letters_of(std::uint32_t a, std::uint32_t b) {
    auto& known = common_[a * b_.sets_.size() + b];
    if (known != kUnknown) return known;
    auto const& of_a = a_.sets_[a];
    auto const& of_b = b_.sets_[b];
    effort_.spend(of_a.ranges().size() + of_b.ranges().size());
    auto const common = common_letters(of_a, of_b, a_.case_sensitive_);
    known = static_cast<std::uint8_t>((common.dot ? kDot : 0) | (common.other ? kOther : 0));
    return known;
  }

  Glob const& a_;
  Glob const& b_;
  Effort& effort_;
  std::vector<std::uint8_t> visited_;
  std::vector<std::uint8_t> common_;
  std::vector<Place> open_;
  bool found_ = false;
};

bool Glob::meets(Glob const& other, Effort& effort) const { return GlobProduct(*this, other, effort).find(); }

}  // namespace codi::coordination
