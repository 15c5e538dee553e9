#pragma once
#include <algorithm>
#include <array>
#include <string_view>

namespace codi::middleware {

/// A method as logs and metrics name it: `other` for one that codi does not have, which a caller could have made up.
constexpr std::string_view method_label(std::string_view method) {
  constexpr std::array<std::string_view, 6> kKnown{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? "other" : method;
}

}  // namespace codi::middleware
