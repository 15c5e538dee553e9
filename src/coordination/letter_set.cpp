#include "coordination/letter_set.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace codi::coordination {
namespace {

constexpr char32_t kLast = 0x10FFFF;

constexpr bool before(LetterRange const& range, char32_t letter) { return range.last < letter; }

std::vector<LetterRange> merged(std::vector<LetterRange> ranges) {
  std::ranges::sort(ranges, {}, &LetterRange::first);
  std::vector<LetterRange> out;
  for (auto const& range : ranges) {
    if (range.first > range.last) continue;
    if (!out.empty() && range.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, range.last);
    else
      out.push_back(range);
  }
  return out;
}

// Calls with(range) for what two sorted lists have in common.
template <class With>
void intersect(std::vector<LetterRange> const& a, std::vector<LetterRange> const& b, With with) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    LetterRange const common{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
    if (common.first <= common.last) with(common);
    ++(a[i].last < b[j].last ? i : j);
  }
}

std::vector<LetterRange> const& of_names() {
  static std::vector<LetterRange> const ranges{
      {0x20, '/' - 1}, {'/' + 1, '\\' - 1}, {'\\' + 1, 0x7E}, {0xA0, 0xD7FF}, {0xE000, kLast}};
  return ranges;
}

// True when folding leaves a letter of the range alone.
bool has_folded(LetterRange range) {
  auto const& foldings = case_foldings();
  auto const first = std::ranges::lower_bound(foldings, range.first, {}, &CaseFolding::from);
  auto const end = std::ranges::upper_bound(foldings, range.last, {}, &CaseFolding::from);
  return static_cast<std::size_t>(end - first) < static_cast<std::size_t>(range.last - range.first) + 1;
}

}  // namespace

LetterSet::LetterSet(std::vector<LetterRange> ranges) {
  intersect(merged(std::move(ranges)), of_names(), [&](LetterRange common) { ranges_.push_back(common); });
}

LetterSet const& LetterSet::all() {
  static LetterSet const set({{0, kLast}});
  return set;
}

LetterSet LetterSet::others() const {
  std::vector<LetterRange> gaps;
  char32_t next = 0;
  for (auto const& range : ranges_) {
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  gaps.push_back({next, kLast});
  return LetterSet(std::move(gaps));
}

LetterSet LetterSet::with_folded() const {
  auto ranges = ranges_;
  auto const& foldings = case_foldings();
  for (auto const& range : ranges_) {
    auto at = std::ranges::lower_bound(foldings, range.first, {}, &CaseFolding::from);
    for (; at != foldings.end() && at->from <= range.last; ++at)
      if (auto const to = at->to) ranges.push_back({*to, *to});
  }
  return LetterSet(std::move(ranges));
}

bool LetterSet::contains(char32_t letter) const {
  auto const at = std::ranges::partition_point(ranges_, [&](auto const& range) { return before(range, letter); });
  return at != ranges_.end() && at->first <= letter;
}

std::optional<char32_t> LetterSet::next_after(char32_t letter) const {
  auto const next = static_cast<char32_t>(letter + 1);
  auto const at = std::ranges::partition_point(ranges_, [&](auto const& range) { return before(range, next); });
  if (at == ranges_.end()) return std::nullopt;
  return std::max(at->first, next);
}

CommonLetters common_letters(LetterSet const& a, LetterSet const& b, bool case_sensitive) {
  CommonLetters out;
  intersect(a.ranges(), b.ranges(), [&](LetterRange common) {
    if (out.other && out.dot) return;
    bool const dot = common.first <= '.' && '.' <= common.last;
    out.dot = out.dot || dot;
    auto const any = [&](char32_t first, char32_t last) {
      return first <= last && (case_sensitive || has_folded({first, last}));
    };
    out.other =
        out.other || (dot ? any(common.first, '.' - 1) || any('.' + 1, common.last) : any(common.first, common.last));
  });
  return out;
}

}  // namespace codi::coordination
