#pragma once
#include "api/operation.hpp"

#include <vector>

/// The operations of each area; every area is one file.
namespace codi::api {

/// One area each, in the order of the list in operations.cpp.
std::vector<Operation> auth_operations();
std::vector<Operation> account_operations();
std::vector<Operation> tenant_operations();
std::vector<Operation> user_operations();
std::vector<Operation> invite_operations();
std::vector<Operation> token_operations();
std::vector<Operation> audit_operations();
std::vector<Operation> project_operations();
std::vector<Operation> lfs_list_operations();
std::vector<Operation> lfs_operations();
std::vector<Operation> owner_operations();
std::vector<Operation> role_operations();
std::vector<Operation> role_lint_operations();
std::vector<Operation> role_loan_operations();
std::vector<Operation> report_operations();
std::vector<Operation> role_trigger_operations();
std::vector<Operation> scorecard_operations();
std::vector<Operation> workflow_operations();
std::vector<Operation> session_operations();
std::vector<Operation> event_operations();
std::vector<Operation> feed_operations();
std::vector<Operation> log_line_operations();
std::vector<Operation> create_claim_operations();
std::vector<Operation> claim_operations();
std::vector<Operation> claim_change_operations();
std::vector<Operation> ticket_operations();
std::vector<Operation> claim_query_operations();
std::vector<Operation> handoff_operations();
std::vector<Operation> message_operations();
std::vector<Operation> inbox_operations();
std::vector<Operation> operator_operations();
std::vector<Operation> operator_tenant_operations();
std::vector<Operation> signing_key_operations();

}  // namespace codi::api
