#pragma once
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace codi::models {

/// How much a tenant may have at once; a member without a value is the server's default.
struct Quotas {
  std::optional<std::int64_t> sessions;
  std::optional<std::int64_t> claims;
  std::optional<std::int64_t> events_per_minute;
  std::optional<std::int64_t> storage_bytes;
};
BOOST_DESCRIBE_STRUCT(Quotas, (), (sessions, claims, events_per_minute, storage_bytes))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Quotas> {
  static constexpr std::string_view name = "Quotas";
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  static constexpr std::array fields{
      field("sessions", "Sessions that have not ended.").range(0, kMost),
      field("claims", "Claims that are held.").range(0, kMost),
      field("events_per_minute", "Requests a minute that add to the work log.").range(1, kMost),
      field("storage_bytes", "Bytes that the tenant's data take in the store, as the store estimates them.")
          .range(0, kMost),
  };
};
