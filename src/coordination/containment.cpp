#include "coordination/containment.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

namespace codi::coordination {

/// Looks for a path that the first two automata accept and none of the others does. The first two are read state by
/// state, the others as the set of all states in which they can be, so that it is known when none of them accepts.
class GlobEscape {
 public:
  using State = Glob::State;
  using Reads = Glob::Reads;

  GlobEscape(Glob const& a, Glob const& b, std::vector<std::shared_ptr<Glob const>> const& others, bool case_sensitive,
             Effort& effort)
      : a_(a), b_(b), others_(others), case_sensitive_(case_sensitive), effort_(effort) {}

  bool find() {
    Places start;
    for (std::size_t i = 0; i < others_.size(); ++i) start.emplace_back(i, others_[i]->start_);
    visit(a_.start_, b_.start_, NamePart::empty, close(std::move(start), NamePart::empty));
    while (!open_.empty() && !found_) {
      auto const at = std::move(open_.back());
      open_.pop_back();
      leave(at);
    }
    return found_ || effort_.spent();
  }

 private:
  using Place = std::pair<std::size_t, State>;  // which of the others, and where it is
  using Places = std::vector<Place>;
  using Key = std::tuple<State, State, NamePart, Places>;

  [[nodiscard]] Glob::Node const& node_of(Place const& place) const {
    return others_[place.first]->states_[place.second];
  }

  // With all that lies behind them without reading.
  Places close(Places places, NamePart part) {
    Places out;
    std::set<Place> seen;
    while (!places.empty()) {
      auto const place = places.back();
      places.pop_back();
      auto const& glob = *others_[place.first];
      if (!glob.can_finish(place.second, part) || !seen.insert(place).second) continue;
      auto const& node = node_of(place);
      if (node.reads != Reads::nothing || place.second == glob.end_)
        out.push_back(place);
      else
        for (auto const next : node.next) places.emplace_back(place.first, next);
    }
    effort_.spend(seen.size() + 1);
    std::ranges::sort(out);
    return out;
  }

  void visit(State a, State b, NamePart part, Places others) {
    if (!effort_.spend(1 + others.size())) {
      open_.clear();
      return;
    }
    if (!a_.can_finish(a, part) || !b_.can_finish(b, part)) return;
    Key key{a, b, part, std::move(others)};
    if (!seen_.insert(key).second) return;
    if (a != a_.end_ || b != b_.end_) {
      open_.push_back(std::move(key));
      return;
    }
    auto const& places = std::get<Places>(key);
    found_ = found_ || std::ranges::none_of(
                           places, [&](Place const& place) { return place.second == others_[place.first]->end_; });
  }

  void leave(Key const& at) {
    auto const& [a, b, part, others] = at;
    auto const& of_a = a_.states_[a];
    auto const& of_b = b_.states_[b];
    if (of_a.reads == Reads::nothing && a != a_.end_) {
      for (auto const next : of_a.next) visit(next, b, part, others);
    } else if (of_b.reads == Reads::nothing && b != b_.end_) {
      for (auto const next : of_b.next) visit(a, next, part, others);
    } else if (of_a.reads == Reads::slash && of_b.reads == Reads::slash) {
      Places next;
      for (auto const& place : others)
        if (node_of(place).reads == Reads::slash) next.emplace_back(place.first, node_of(place).next.front());
      visit(of_a.next.front(), of_b.next.front(), NamePart::empty, close(std::move(next), NamePart::empty));
    } else if (of_a.reads == Reads::letter && of_b.reads == Reads::letter) {
      read_letters(at);
    }
  }

  // One letter of each kind that the automata can tell apart here.
  void read_letters(Key const& at) {
    auto const& [a, b, part, others] = at;
    auto const& of_a = a_.sets_[a_.states_[a].letters];
    auto const& of_b = b_.sets_[b_.states_[b].letters];
    std::set<Places> done[2];
    for (auto const letter : samples(of_a, of_b, others)) {
      if (!of_a.contains(letter) || !of_b.contains(letter)) continue;
      bool const dot = letter == '.';
      Places next;
      for (auto const& place : others) {
        auto const& node = node_of(place);
        if (node.reads == Reads::letter && others_[place.first]->sets_[node.letters].contains(letter))
          next.emplace_back(place.first, node.next.front());
      }
      auto const to = after_letter(part, dot);
      auto closed = close(std::move(next), to);
      if (effort_.spent()) return;
      if (!done[dot ? 1 : 0].insert(closed).second) continue;
      visit(a_.states_[a].next.front(), b_.states_[b].next.front(), to, std::move(closed));
    }
  }

  // A letter of each stretch between the ends of all ranges: all in it are in the same sets.
  std::vector<char32_t> samples(LetterSet const& a, LetterSet const& b, Places const& others) {
    std::set<char32_t> cuts{U'.', U'.' + 1};
    auto const add = [&](LetterSet const& set) {
      for (auto const& range : set.ranges()) {
        cuts.insert(range.first);
        cuts.insert(range.last + 1);
      }
    };
    add(a);
    add(b);
    for (auto const& place : others)
      if (auto const& node = node_of(place); node.reads == Reads::letter)
        add(others_[place.first]->sets_[node.letters]);
    effort_.spend(cuts.size());
    std::vector<char32_t> out;
    for (auto cut = cuts.begin(); cut != cuts.end(); ++cut) {
      auto const next = std::next(cut);
      if (auto const letter = first_letter(*cut, next == cuts.end() ? *cut + 1 : *next)) out.push_back(*letter);
    }
    return out;
  }

  // Letters that folding changes are in no path of a project that ignores case.
  [[nodiscard]] std::optional<char32_t> first_letter(char32_t from, char32_t end) const {
    if (case_sensitive_) return from;
    auto const& foldings = case_foldings();
    auto at = std::ranges::lower_bound(foldings, from, {}, &CaseFolding::from);
    for (; from < end; ++from, ++at)
      if (at == foldings.end() || at->from != from) return from;
    return std::nullopt;
  }

  Glob const& a_;
  Glob const& b_;
  std::vector<std::shared_ptr<Glob const>> const& others_;
  bool case_sensitive_;
  Effort& effort_;
  std::set<Key> seen_;
  std::vector<Key> open_;
  bool found_ = false;
};

namespace {

// The automaton of a target's paths; null for a resource.
std::shared_ptr<Glob const> glob_of(Target const& target, bool case_sensitive, Effort& effort) {
  if (target.glob) return target.glob;
  if (target.kind == TargetKind::resource) return nullptr;
  GlobPattern pattern;
  for (auto const& segment : target.segments) {
    if (!pattern.tokens.empty()) pattern.tokens.push_back({.kind = GlobToken::Kind::slash});
    for (std::string_view rest = segment; !rest.empty();)
      pattern.tokens.push_back({.kind = GlobToken::Kind::letter, .letter = take_code_point(rest)});
  }
  if (target.kind == TargetKind::directory) {
    if (!pattern.tokens.empty()) pattern.tokens.push_back({.kind = GlobToken::Kind::slash});
    pattern.tokens.push_back({.kind = GlobToken::Kind::double_star});
  }
  effort.spend(pattern.tokens.size());
  auto glob = Glob::compile(pattern, case_sensitive);
  return glob ? std::make_shared<Glob const>(*std::move(glob)) : nullptr;
}

std::shared_ptr<Glob const> const& everything() {
  static auto const all = [] {
    GlobPattern pattern;
    pattern.tokens.push_back({.kind = GlobToken::Kind::double_star});
    auto glob = Glob::compile(pattern, true);
    return glob ? std::make_shared<Glob const>(*std::move(glob)) : nullptr;
  }();
  return all;
}

}  // namespace

bool contained(Target const& target, Target const* among, std::span<Target const* const> holders, bool case_sensitive,
               Effort& effort) {
  auto const holds = [&](Target const* holder) {
    return covers(*holder, target) || (among != nullptr && covers(*holder, *among));
  };
  if (std::ranges::any_of(holders, holds)) return true;
  if (target.kind == TargetKind::resource) return among != nullptr && !(*among == target);
  if (target.kind == TargetKind::file) return among != nullptr && !covers(*among, target);
  // What lies below a directory is without end: files and directories in it never hold all of it.
  bool const by_paths = target.kind == TargetKind::directory && among == nullptr &&
                        std::ranges::none_of(holders, [](Target const* holder) { return holder->glob != nullptr; });
  if (by_paths) return false;
  auto const a = glob_of(target, case_sensitive, effort);
  auto const b = among != nullptr ? glob_of(*among, case_sensitive, effort) : everything();
  if (!a || !b) return false;
  std::vector<std::shared_ptr<Glob const>> others;
  for (auto const* holder : holders) {
    if (!overlaps(*holder, target, effort)) continue;
    if (auto glob = glob_of(*holder, case_sensitive, effort)) others.push_back(std::move(glob));
  }
  if (effort.spent()) return false;
  return !GlobEscape(*a, *b, others, case_sensitive, effort).find();
}

}  // namespace codi::coordination
