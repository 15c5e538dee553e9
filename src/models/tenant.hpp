#pragma once
#include "base/limits.hpp"
#include "models/quota.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <string>

namespace codi::models {

enum class TenantState : std::uint8_t { active, suspended };
BOOST_DESCRIBE_ENUM(TenantState, active, suspended)

/// An organisation: the unit of isolation.
struct Tenant {
  TenantId id;
  std::string slug;
  std::string name;
  TenantState state = TenantState::active;
  Quotas quotas{};
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Tenant, (), (id, slug, name, state, quotas, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Tenant> {
  static constexpr std::string_view name = "Tenant";
  static constexpr std::array fields{
      field("id", "Id of the tenant."),
      field("slug", "Short name in addresses, made from the first name; other tenants may have the same.")
          .length(1, limits::kSlugBytes),
      field("name", "Name shown to people.").length(1, limits::kNameBytes),
      field("state", "A suspended tenant's tokens are refused."),
      field("quotas", "How much it may have at once, where that differs from the server's defaults."),
      field("created_at", "When the tenant was made."),
      field("updated_at", "When the tenant was last changed."),
  };
};
