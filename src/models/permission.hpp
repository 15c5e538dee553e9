#pragma once
#include <boost/describe.hpp>

#include <cstdint>

namespace codi::models {

/// What a caller may be allowed to do. Their names are what API tokens are scoped by.
enum class Permission : std::uint8_t {
  tenant_read,
  tenant_manage,
  user_read,
  user_manage,
  invite_manage,
  token_manage,
  project_read,
  project_create,
  project_manage,
  session_write,
  event_write,
  claim_write,
  claim_force,
  handoff_write,
  role_manage,
  report_write,
  message_write,
  audit_read,
};
BOOST_DESCRIBE_ENUM(Permission, tenant_read, tenant_manage, user_read, user_manage, invite_manage, token_manage,
                    project_read, project_create, project_manage, session_write, event_write, claim_write, claim_force,
                    handoff_write, role_manage, report_write, message_write, audit_read)

}  // namespace codi::models
