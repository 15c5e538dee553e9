#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// A line of CODEOWNERS that is skipped, and why.
struct OwnersFinding {
  std::int64_t line = 0;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(OwnersFinding, (), (line, message))

/// What the store knows of a project's CODEOWNERS, beside its text.
struct OwnersRecord {
  std::string digest;  ///< SHA-256 of the text in hexadecimal
  std::int64_t rules = 0;
  std::vector<OwnersFinding> findings;  ///< limits::kOwnerFindings at most
  bool more = false;                    ///< there are more than those
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(OwnersRecord, (), (digest, rules, findings, more, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::OwnersRecord> {
  static constexpr std::string_view name = "OwnersRecord";
  static constexpr std::array fields{
      field("digest", "SHA-256 of the text in hexadecimal."), field("rules", "How many of its lines are rules."),
      field("findings", "Lines that are skipped."),           field("more", "True when there are more than those."),
      field("created_at", "When a text was first put."),      field("updated_at", "When this one was put."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::OwnersFinding> {
  static constexpr std::string_view name = "OwnersFinding";
  static constexpr std::array fields{field("line", "Number of the line, from 1."),
                                     field("message", "Why it is skipped.")};
};
