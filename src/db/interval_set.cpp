#include "db/interval_set.hpp"

#include <algorithm>
#include <iterator>

namespace codi::db {

IntervalSet::Map::const_iterator IntervalSet::first_ending_after(std::string_view key) const {
  auto it = intervals_.upper_bound(key);
  if (it != intervals_.begin()) {
    auto const before = std::prev(it);
    if (before->second > key) it = before;
  }
  return it;
}

void IntervalSet::add(std::string_view begin, std::string_view end) {
  if (begin >= end) return;
  std::string first(begin);
  std::string last(end);
  auto it = first_ending_after(begin);
  if (it != intervals_.begin() && std::prev(it)->second == begin) --it;
  while (it != intervals_.end() && it->first <= last) {
    first = std::min(first, it->first);
    last = std::max(last, it->second);
    it = intervals_.erase(it);
  }
  intervals_.emplace(std::move(first), std::move(last));
}

void IntervalSet::erase(std::string_view begin, std::string_view end) {
  if (begin >= end) return;
  auto it = first_ending_after(begin);
  while (it != intervals_.end() && it->first < end) {
    auto const [old_begin, old_end] = *it;
    it = intervals_.erase(it);
    if (old_begin < begin) intervals_.emplace(old_begin, begin);
    if (old_end > end) intervals_.emplace(end, old_end);
  }
}

bool IntervalSet::intersects(std::string_view begin, std::string_view end) const {
  if (intervals_.empty() || begin >= end) return false;
  auto const it = first_ending_after(begin);
  return it != intervals_.end() && it->first < end;
}

std::optional<IntervalSet::Bounds> IntervalSet::containing(std::string_view key) const {
  if (intervals_.empty()) return std::nullopt;
  auto const it = first_ending_after(key);
  if (it == intervals_.end() || it->first > key) return std::nullopt;
  return Bounds{it->first, it->second};
}

}  // namespace codi::db
