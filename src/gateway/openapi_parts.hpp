#pragma once
#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

/// The parts of the OpenAPI document that no operation declares.
namespace codi::gateway::openapi {

/// A named area of operations.
struct Tag {
  std::string_view name;
  std::string_view description;
};

/// Areas in the order in which documents show them.
std::vector<Tag> const& tags();

/// `info` of the document.
json::object info(std::string_view version);

/// A GET route that is no operation.
struct PublicPath {
  std::string_view path;
  std::string_view operation_id;
  std::string_view summary;
  std::string_view description;
  std::string_view media_type;
  json::object schema;
  bool can_be_unready = false;  ///< may answer 503
};
/// All of them, in the document's order.
std::vector<PublicPath> public_paths();

/// Schema of the problem document (RFC 9457), and of one of its `errors`. With a component `Claim` in the document it
/// also tells of `conflicts`.
json::object problem_schema(bool knows_claims);
json::object field_error_schema();

/// A header parameter or header field that operations share.
struct SharedPart {
  std::string_view name;
  json::object value;
};
/// The shared parts, each under its name among the components.
SharedPart idempotency_key_parameter();
SharedPart if_match_parameter();
SharedPart if_none_match_parameter();
SharedPart etag_header();
SharedPart retry_after_header();

/// The shared answer to a refusal, such as `NotFound`; `status` is one of those in problem_name.
json::object problem_answer(unsigned status);
/// The name of that answer among the components.
std::string_view problem_name(unsigned status);

}  // namespace codi::gateway::openapi
