#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// A set of byte strings as disjoint half-open intervals, joined where they touch. Not thread-safe.
class IntervalSet {
 public:
  /// One interval: begin <= key < end.
  struct Bounds {
    std::string_view begin;
    std::string_view end;
  };
  using Map = std::map<std::string, std::string, std::less<>>;  ///< begin → end

  /// Adds, takes out, and looks for begin <= key < end.
  void add(std::string_view begin, std::string_view end);
  void erase(std::string_view begin, std::string_view end);
  [[nodiscard]] bool intersects(std::string_view begin, std::string_view end) const;
  /// The interval that holds `key`; its views live as long as the set is not changed.
  [[nodiscard]] std::optional<Bounds> containing(std::string_view key) const;
  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  [[nodiscard]] Map const& intervals() const { return intervals_; }

 private:
  // The first interval that ends after `key`.
  [[nodiscard]] Map::const_iterator first_ending_after(std::string_view key) const;
  Map intervals_;
};

}  // namespace codi::db
