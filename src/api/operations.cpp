#include "api/areas.hpp"
#include "api/operation.hpp"

#include <algorithm>
#include <iterator>

namespace codi::api {

std::vector<Operation> const& operations() {
  static auto const list = [] {
    std::vector<Operation> out;
    for (auto* const area :
         {&auth_operations,         &account_operations,   &tenant_operations,       &user_operations,
          &invite_operations,       &token_operations,     &audit_operations,        &project_operations,
          &lfs_list_operations,     &lfs_operations,       &owner_operations,        &role_operations,
          &role_lint_operations,    &role_loan_operations, &role_trigger_operations, &scorecard_operations,
          &workflow_operations,     &report_operations,    &session_operations,      &event_operations,
          &feed_operations,         &log_line_operations,  &create_claim_operations, &claim_operations,
          &claim_change_operations, &ticket_operations,    &claim_query_operations,  &handoff_operations,
          &message_operations,      &inbox_operations,     &operator_operations,     &operator_tenant_operations,
          &signing_key_operations}) {
      auto part = area();
      std::ranges::move(part, std::back_inserter(out));
    }
    return out;
  }();
  return list;
}

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::delete_: return "DELETE";
  }
  return "GET";
}

}  // namespace codi::api
