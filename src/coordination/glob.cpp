#include "coordination/glob.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace codi::coordination {
namespace {

using Kind = GlobToken::Kind;

// What the way through the pattern to a token has read last; it decides what separators and stars mean.
enum class Last : std::uint8_t { nothing, slash, dot, dots, name, all_directories };
constexpr std::size_t kLasts = 6;

struct Before {
  Last last = Last::nothing;
  bool literal = true;  // all so far was letters and separators
};
constexpr std::size_t kBefores = 2 * kLasts;

std::size_t index_of(Before before) { return 2 * static_cast<std::size_t>(before.last) + (before.literal ? 1U : 0U); }

bool at_start_of_name(Before before) { return before.last == Last::nothing || before.last == Last::slash; }

Before after_letter_of_pattern(Before before, char32_t letter) {
  auto last = Last::name;
  if (letter == '.' && at_start_of_name(before)) last = Last::dot;
  if (letter == '.' && before.last == Last::dot) last = Last::dots;
  return {last, before.literal};
}

constexpr Before kAfterSpecial{Last::name, false};

}  // namespace

NamePart after_letter(NamePart part, bool dot) {
  if (!dot) return NamePart::name;
  switch (part) {
    case NamePart::empty: return NamePart::dot;
    case NamePart::dot: return NamePart::dots;
    default: return NamePart::name;
  }
}

/// Makes one state of each token for each way in which it can be reached.
class GlobBuilder {
 public:
  GlobBuilder(GlobPattern const& pattern, bool case_sensitive)
      : pattern_(pattern), tokens_(pattern.tokens), made_((pattern.tokens.size() + 1) * kBefores, kNone) {
    glob_.case_sensitive_ = case_sensitive;
    any_ = set(LetterSet::all());
    for (auto const& one : pattern.classes) {
      auto const listed = case_sensitive ? one.listed : one.listed.with_folded();
      classes_.push_back(set(one.negated ? listed.others() : listed));
    }
    pair_braces();
  }

  Result<Glob> build() {
    glob_.end_ = add({});
    glob_.start_ = at(0, {});
    while (!pending_.empty()) {
      auto const [state, token, before] = pending_.back();
      pending_.pop_back();
      if (char const* wrong = connect(state, token, before)) return invalid("", wrong);
    }
    glob_.mark_finishing();
    glob_.prefix_ = literal_prefix(pattern_);
    glob_.literal_first_segment_ = has_literal_first_segment(pattern_);
    return std::move(glob_);
  }

 private:
  using State = Glob::State;
  using Node = Glob::Node;
  using Reads = Glob::Reads;
  static constexpr State kNone = ~State{0};

  State add(Node node) {
    glob_.states_.push_back(std::move(node));
    return static_cast<State>(glob_.states_.size() - 1);
  }

  std::uint32_t set(LetterSet letters) {
    glob_.sets_.push_back(std::move(letters));
    return static_cast<std::uint32_t>(glob_.sets_.size() - 1);
  }

  // Equal letters share one set, so that few pairs of sets need comparing.
  std::uint32_t set_of(char32_t letter) {
    auto const [at, is_new] = letters_.try_emplace(letter, 0);
    if (is_new) at->second = set(LetterSet({{letter, letter}}));
    return at->second;
  }

  // Where each alternative begins, and what follows after each.
  void pair_braces() {
    starts_.resize(tokens_.size());
    after_.resize(tokens_.size());
    std::vector<std::size_t> opened;
    std::vector<std::vector<std::size_t>> commas;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      auto const kind = tokens_[i].kind;
      if (kind == Kind::open) {
        opened.push_back(i);
        commas.emplace_back();
      }
      if (kind == Kind::open || kind == Kind::comma) starts_[opened.back()].push_back(i + 1);
      if (kind == Kind::comma) commas.back().push_back(i);
      if (kind != Kind::close) continue;
      for (auto const comma : commas.back()) after_[comma] = i + 1;
      after_[i] = i + 1;
      opened.pop_back();
      commas.pop_back();
    }
  }

  State at(std::size_t token, Before before) {
    auto& state = made_[token * kBefores + index_of(before)];
    if (state == kNone) {
      state = add({});
      pending_.push_back({state, token, before});
    }
    return state;
  }

  // Gives the state of a token its ways out; what is wrong with the pattern, or null.
  char const* connect(State state, std::size_t token, Before before) {
    if (token == tokens_.size()) return connect_end(state, before);
    auto const& it = tokens_[token];
    bool const is_part_of_name = it.kind == Kind::letter || it.kind == Kind::any || it.kind == Kind::letters ||
                                 it.kind == Kind::star || it.kind == Kind::double_star;
    if (before.last == Last::all_directories && is_part_of_name) return nullptr;  // that `**` is no whole segment
    switch (it.kind) {
      case Kind::letter:
        read(state, set_of(it.letter), at(token + 1, after_letter_of_pattern(before, it.letter)));
        return nullptr;
      case Kind::any: read(state, any_, at(token + 1, kAfterSpecial)); return nullptr;
      case Kind::letters: read(state, classes_[it.letters], at(token + 1, kAfterSpecial)); return nullptr;
      case Kind::star: connect_star(state, at(token + 1, kAfterSpecial)); return nullptr;
      case Kind::double_star: connect_double_star(state, token, before); return nullptr;
      case Kind::slash: return connect_slash(state, token, before);
      case Kind::open:
        for (auto const start : starts_[token]) go(state, at(start, before));
        return nullptr;
      case Kind::comma:
      case Kind::close: go(state, at(after_[token], before)); return nullptr;
    }
    return nullptr;
  }

  char const* connect_slash(State state, std::size_t token, Before before) {
    switch (before.last) {
      case Last::nothing:
      case Last::slash: go(state, at(token + 1, before)); return nullptr;
      case Last::all_directories: go(state, at(token + 1, {Last::slash, false})); return nullptr;
      case Last::name: {
        read_slash(state, at(token + 1, {Last::slash, before.literal}));
        glob_.states_[state].literal = before.literal;
        return nullptr;
      }
      case Last::dot:
      case Last::dots: return kDots;
    }
    return nullptr;
  }

  char const* connect_end(State state, Before before) {
    switch (before.last) {
      case Last::nothing: return "an alternative of the pattern leaves nothing of it";
      case Last::dot:
      case Last::dots: return kDots;
      case Last::name: go(state, glob_.end_); return nullptr;
      case Last::slash:
      case Last::all_directories: go(state, everything()); return nullptr;
    }
    return nullptr;
  }

  void go(State from, State to) { glob_.states_[from].next.push_back(to); }
  void read(State from, std::uint32_t letters, State to) {
    glob_.states_[from] = {.reads = Reads::letter, .letters = letters, .next = {to}};
  }
  void read_slash(State from, State to) { glob_.states_[from] = {.reads = Reads::slash, .next = {to}}; }
  // A way out of `from`, which has others.
  void go_reading(State from, std::uint32_t letters, State to) {
    go(from, add({.reads = Reads::letter, .letters = letters, .next = {to}}));
  }
  void go_reading_slash(State from, State to) { go(from, add({.reads = Reads::slash, .next = {to}})); }

  void connect_star(State star, State to) {
    go_reading(star, any_, star);
    go(star, to);
  }

  // It is special when it is a whole segment. Where a brace comes next that depends on the way taken through it.
  void connect_double_star(State state, std::size_t token, Before before) {
    bool const ends = token + 1 == tokens_.size() || tokens_[token + 1].kind == Kind::slash;
    bool const brace = !ends && (tokens_[token + 1].kind == Kind::open || tokens_[token + 1].kind == Kind::comma ||
                                 tokens_[token + 1].kind == Kind::close);
    if (!at_start_of_name(before) || (!ends && !brace)) return connect_star(state, at(token + 1, kAfterSpecial));
    if (brace) {
      auto const star = add({});
      connect_star(star, at(token + 1, kAfterSpecial));
      go(state, star);
    }
    connect_directories(state, at(token + 1, {Last::all_directories, false}));
  }

  // Any number of whole segments, each with its slash.
  void connect_directories(State from, State to) {
    auto const between = add({});
    auto const inside = add({});
    go_reading(between, any_, inside);
    go_reading(inside, any_, inside);
    go_reading_slash(inside, between);
    go(between, to);
    go(from, between);
  }

  State everything() {
    if (everything_ == kNone) {
      everything_ = add({});
      go_reading(everything_, any_, everything_);
      go_reading_slash(everything_, everything_);
      go(everything_, glob_.end_);
    }
    return everything_;
  }

  static constexpr char const* kDots = "`.` and `..` can't be segments of what braces stand in";

  struct Pending {
    State state;
    std::size_t token;
    Before before;
  };

  GlobPattern const& pattern_;
  std::vector<GlobToken> const& tokens_;
  std::vector<State> made_;
  std::vector<Pending> pending_;
  std::vector<std::vector<std::size_t>> starts_;
  std::vector<std::size_t> after_;
  std::vector<std::uint32_t> classes_;
  std::map<char32_t, std::uint32_t> letters_;
  std::uint32_t any_ = 0;
  State everything_ = kNone;
  Glob glob_;
};

Result<Glob> Glob::compile(GlobPattern const& pattern, bool case_sensitive) {
  return GlobBuilder(pattern, case_sensitive).build();
}

// Backwards from the end, through states and parts of names at once.
void Glob::mark_finishing() {
  std::vector<CommonLetters> holds;
  holds.reserve(sets_.size());
  for (auto const& set : sets_) holds.push_back(common_letters(set, set, case_sensitive_));
  std::vector<std::vector<State>> into(states_.size());
  for (State from = 0; from < states_.size(); ++from)
    for (auto const to : states_[from].next) into[to].push_back(from);
  std::vector<std::pair<State, NamePart>> open;
  auto const mark = [&](State state, NamePart part) {
    if (can_finish(state, part)) return;
    states_[state].finishes |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(part));
    open.emplace_back(state, part);
  };
  // From what it may have come, by reading what the state reads.
  auto const mark_before = [&](State from, NamePart part) {
    auto const& node = states_[from];
    if (node.reads == Reads::nothing) mark(from, part);
    if (node.reads == Reads::slash && part == NamePart::empty) mark(from, NamePart::name);
    if (node.reads != Reads::letter) return;
    for (auto const before : {NamePart::empty, NamePart::dot, NamePart::dots, NamePart::name})
      if ((holds[node.letters].dot && after_letter(before, true) == part) ||
          (holds[node.letters].other && after_letter(before, false) == part))
        mark(from, before);
  };
  mark(end_, NamePart::name);
  while (!open.empty()) {
    auto const [to, part] = open.back();
    open.pop_back();
    for (auto const from : into[to]) mark_before(from, part);
  }
}

GlobRun::GlobRun(Glob const& glob) : glob_(&glob), seen_(glob.size(), 0) {
  ++now_;
  enter(glob.start_);
}

// Takes in the state and all that lies behind it without reading.
void GlobRun::enter(Glob::State state) {
  open_.push_back(state);
  while (!open_.empty()) {
    auto const now = open_.back();
    open_.pop_back();
    ++steps_;
    if (seen_[now] == now_ || !glob_->can_finish(now, part_)) continue;
    seen_[now] = now_;
    auto const& node = glob_->states_[now];
    if (node.reads != Glob::Reads::nothing || now == glob_->end_)
      at_.push_back(now);
    else
      open_.insert(open_.end(), node.next.begin(), node.next.end());
  }
}

template <class Reads>
bool GlobRun::advance(NamePart to, Reads reads) {
  auto from = std::exchange(at_, {});
  auto const part = std::exchange(part_, to);
  ++now_;
  for (auto const state : from) {
    ++steps_;
    if (reads(glob_->states_[state])) enter(glob_->states_[state].next.front());
  }
  if (at_.empty()) {
    at_ = std::move(from);
    part_ = part;
    return false;
  }
  fresh_ = false;
  return true;
}

bool GlobRun::letter(char32_t letter) {
  return advance(after_letter(part_, letter == '.'), [&](Glob::Node const& node) {
    return node.reads == Glob::Reads::letter && glob_->sets_[node.letters].contains(letter);
  });
}

bool GlobRun::slash() {
  return advance(NamePart::empty, [](Glob::Node const& node) { return node.reads == Glob::Reads::slash; });
}

bool GlobRun::name(std::string_view name) {
  while (!name.empty())
    if (!letter(take_code_point(name))) return false;
  return true;
}

bool GlobRun::matches() const { return part_ == NamePart::name && std::ranges::find(at_, glob_->end_) != at_.end(); }

bool GlobRun::matches_below() const {
  if (fresh_) return !at_.empty();
  return std::ranges::any_of(at_, [&](auto const state) {
    auto const& node = glob_->states_[state];
    return node.reads == Glob::Reads::slash && glob_->can_finish(node.next.front(), NamePart::empty);
  });
}

bool GlobRun::goes_on_literally() const {
  return std::ranges::any_of(at_, [&](auto const state) { return glob_->states_[state].literal; });
}

std::optional<char32_t> GlobRun::next_letter(char32_t letter) const {
  std::optional<char32_t> least;
  for (auto const state : at_) {
    auto const& node = glob_->states_[state];
    if (node.reads != Glob::Reads::letter) continue;
    auto const next = glob_->sets_[node.letters].next_after(letter);
    if (next && (!least || *next < *least)) least = next;
  }
  return least;
}

}  // namespace codi::coordination
