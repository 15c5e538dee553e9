#pragma once
#include "models/claim.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// A claim that stands in somebody's way, with whom to ask about what it is laid on.
struct Conflict : Claim {
  std::optional<std::vector<std::string>> owners;
};
BOOST_DESCRIBE_STRUCT(Conflict, (Claim), (owners))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Conflict> {
  static constexpr std::string_view name = "Conflict";
  static constexpr auto fields = [] {
    constexpr auto& of_claim = Fields<codi::models::Claim>::fields;
    std::array<Field, of_claim.size() + 1> out{};
    std::ranges::copy(of_claim, out.begin());
    out.back() = field("owners",
                       "Who owns the target by the project's CODEOWNERS; empty: nobody; null: the project has none, or "
                       "finding out took too long.");
    return out;
  }();
};
